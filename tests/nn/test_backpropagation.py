"""Training against other people's arithmetic: finite differences, plain NumPy, scikit-learn."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

import nonlin as nl
from nonlin.nn import MLPClassifier, MLPRegressor, network, products
from nonlin.nn.architecture import Architecture, Hidden
from nonlin.nn.definitions import loss_kernel
from nonlin.nn.randomness import key
from nonlin.nn.shuffling import shuffle
from nonlin.nn.solver import Solver
from nonlin.nn.training import Data, Training

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# Functions that also take complex numbers, for derivatives by complex steps (Squire and Trapp 1998).
FUNCTIONS = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "identity": lambda z: z}


def outputs(X, coefs, intercepts, function):
    for i, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True)):
        z = X @ coef + intercept
        X = function(z) if i < len(coefs) - 1 else z
    return X


def cross_entropy(z, y):
    log_normalizer = np.log(np.exp(z).sum(axis=1))
    return np.mean(log_normalizer - z[np.arange(len(y)), y])


def binary_cross_entropy(z, y):
    return np.mean(np.log(1 + np.exp(z[:, 0])) - y * z[:, 0])


def mse(z, y):
    """The sum over the outputs, whose gradient is gone along; what is reported is the mean, as in scikit-learn."""
    return np.mean(np.sum((z - y) ** 2, axis=1))


REPORTED = {"mse": 0.5}  # of two outputs
LOSSES = {"cross_entropy": cross_entropy, "binary_cross_entropy": binary_cross_entropy, "mse": mse}


def gradients(loss, parameters):
    """d loss / d every parameter, exact to rounding: the imaginary part of a step of i times 1e-30."""
    result = []
    for array in parameters:
        gradient = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            array[index] += 1e-30j
            gradient[index] = loss().imag / 1e-30
            array[index] = array[index].real
        result.append(gradient)
    return result


def task(loss, n=23):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 5))
    if loss == "mse":
        return MLPRegressor, X, rng.standard_normal((n, 2))
    return MLPClassifier, X, np.arange(n) % (2 if loss == "binary_cross_entropy" else 3)


@pytest.mark.parametrize("activation", FUNCTIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_one_step_of_gradient_descent_goes_along_the_gradient(activation, loss):
    Estimator, X, y = task(loss)
    alpha = 0.3
    model = Estimator(
        hidden_layer_sizes=(4, 3),
        activation=activation,
        loss=loss,
        solver="sgd",
        momentum=0.0,
        alpha=alpha,
        random_state=0,
    )
    model.set_params(learning_rate_init=1.0, batch_size=len(X), max_iter=1, warm_start=True).fit(X, y)
    coefs, intercepts = model.coefs_, model.intercepts_
    complex_coefs, complex_intercepts = ([a.astype(complex) for a in arrays] for arrays in (coefs, intercepts))

    def total(share=1.0):
        penalty = alpha / 2 * sum(np.sum(coef**2) for coef in complex_coefs) / len(X)
        return share * LOSSES[loss](outputs(X, complex_coefs, complex_intercepts, FUNCTIONS[activation]), y) + penalty

    expected = gradients(total, [*complex_coefs, *complex_intercepts])
    expected_loss = total(REPORTED.get(loss, 1.0)).real
    model.fit(X, y)
    assert model.loss_ == pytest.approx(expected_loss, rel=1e-12)
    for before, after, gradient in zip(
        [*coefs, *intercepts], [*model.coefs_, *model.intercepts_], expected, strict=True
    ):
        np.testing.assert_allclose(before - after, gradient, atol=1e-13, rtol=1e-12)


def plain_training(X, y, coefs, intercepts, orders, batch, rate, momentum, alpha):
    """Backpropagation of a tanh network with softmax outputs as in a textbook: (coefs, intercepts, epochs' losses)."""
    parameters = [*(coef.copy() for coef in coefs), *(intercept.copy() for intercept in intercepts)]
    velocities, depth, losses = [np.zeros_like(p) for p in parameters], len(coefs), []
    for order in orders:
        total = 0.0
        for start in range(0, len(X), batch):
            rows = order[start : start + batch]
            activities = [X[rows]]
            for i in range(depth):
                z = activities[-1] @ parameters[i] + parameters[depth + i]
                activities.append(np.tanh(z) if i < depth - 1 else z)
            p = np.exp(activities[-1] - activities[-1].max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            total -= np.log(p[np.arange(len(rows)), y[rows]]).sum()
            total += alpha / 2 * sum(np.sum(parameters[i] ** 2) for i in range(depth))
            error, steps = p - np.eye(p.shape[1])[y[rows]], [np.zeros(0)] * len(parameters)
            for i in reversed(range(depth)):
                steps[i] = (activities[i].T @ error + alpha * parameters[i]) / len(rows)
                steps[depth + i] = error.mean(axis=0)
                if i:
                    error = error @ parameters[i].T * (1 - activities[i] ** 2)
            velocities = [momentum * v - rate * s for v, s in zip(velocities, steps, strict=True)]
            parameters = [p + v for p, v in zip(parameters, velocities, strict=True)]
        losses.append(total / len(X))
    return parameters[:depth], parameters[depth:], losses


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 2e-5)])
@pytest.mark.parametrize(("features", "hidden"), [(4, (7, 5)), (1, (1,)), (3, (33, 16, 9)), (4, ())])
def test_training_equals_plain_backpropagation_in_numpy(dtype, tolerance, features, hidden):
    X, y = load_iris(return_X_y=True)
    X = X[:, :features].astype(dtype)
    settings = {"solver": "sgd", "momentum": 0.8, "learning_rate_init": 0.05, "alpha": 0.2, "batch_size": 32}
    model = MLPClassifier(hidden, "tanh", nesterovs_momentum=False, random_state=4, warm_start=True, **settings)
    model.set_params(max_iter=1).fit(X, y)
    orders = np.zeros((4, len(X)), np.int64)
    for epoch, order in enumerate(orders, start=1):  # the first fit was epoch 0
        shuffle(order, key(4, "batch order"), epoch)
    arrays = ([array.astype(float) for array in group] for group in (model.coefs_, model.intercepts_))
    coefs, intercepts, losses = plain_training(X.astype(float), y, *arrays, orders, 32, 0.05, 0.8, 0.2)
    model.set_params(max_iter=4).fit(X, y)
    assert model.coefs_[0].dtype == dtype
    np.testing.assert_allclose(model.loss_curve_[1:], losses, rtol=tolerance)
    for ours, theirs in zip([*model.coefs_, *model.intercepts_], [*coefs, *intercepts], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=10 * tolerance, atol=tolerance)


def same_start(ours, theirs, X, y, **common):
    """Train both from the same parameters, without shuffling."""
    common |= {"shuffle": False, "warm_start": True, "batch_size": 40, "tol": 0.0, "n_iter_no_change": 1000}
    theirs.set_params(random_state=1, max_iter=1, **common)
    ours.set_params(max_iter=6, **common)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs.fit(X, y)
        ours.coefs_ = [coef.copy() for coef in theirs.coefs_]
        ours.intercepts_ = [intercept.copy() for intercept in theirs.intercepts_]
        ours.t_ = theirs.t_
        theirs.set_params(max_iter=6).fit(X, y)
    return ours.fit(X, y), theirs


SOLVERS = [
    {"solver": "adam"},
    {"solver": "sgd", "nesterovs_momentum": True},
    {"solver": "sgd", "nesterovs_momentum": False, "learning_rate": "invscaling", "power_t": 0.2},
]


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
@pytest.mark.parametrize(("activation", "alias"), [("relu", "relu"), ("tanh", "tanh"), ("sigmoid", "logistic")])
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_classifier_agrees_with_scikit_learn(solver, activation, alias, loss):
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    y = y if loss == "cross_entropy" else y > 0
    ours, theirs = same_start(
        MLPClassifier((11, 6), activation, loss=loss),
        TheirClassifier((11, 6), alias),
        X,
        y,
        alpha=0.1,
        learning_rate_init=0.01,
        **solver,
    )
    for mine, other in zip([*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_[1:], rtol=1e-10)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9)
    np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-9)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.out_activation_ == theirs.out_activation_
    assert (ours.n_layers_, ours.n_outputs_, ours.n_iter_) == (theirs.n_layers_, theirs.n_outputs_, theirs.n_iter_)


@pytest.mark.parametrize("outputs", [1, 3])
def test_regressor_agrees_with_scikit_learn(outputs):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 6))
    y = (X @ rng.standard_normal((6, outputs))).squeeze()
    ours = MLPRegressor(hidden_layer_sizes=(10,), loss="half_squared")
    theirs = TheirRegressor("squared_error", (10,), "relu")
    ours, theirs = same_start(ours, theirs, X, y, solver="sgd", learning_rate_init=0.02, alpha=0.1)
    for mine, other in zip([*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_[1:], rtol=1e-10)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)
    assert ours.predict(X).shape == y.shape


def test_wide_layers_through_blas_agree_with_our_own_products(monkeypatch):
    X, y = load_iris(return_X_y=True)
    own = MLPClassifier((40, 33), "tanh", max_iter=3, random_state=0).fit(X, y)
    used = []
    monkeypatch.setattr(
        network, "product_kernel", lambda dtype, size: used.append(products._blas_kernel(dtype)) or used[0]
    )
    blas = MLPClassifier((40, 33), "tanh", max_iter=3, random_state=0).fit(X, y)
    assert used
    for mine, theirs in zip(own.coefs_, blas.coefs_, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_padding_stays_zero(dtype):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((50, 3)).astype(dtype), rng.standard_normal((50, 2))
    record = nl.get("sigmoid")  # f(0) is not 0: a padded unit would show
    hidden = (Hidden(5, record, {}, "batch", 0.3), Hidden(4, nl.prelu, {"weight": 0.25}, "layer"))
    net = network.Network(Architecture(3, hidden, 2), X.dtype, 16)
    net.assign(
        [rng.standard_normal(c.shape) for c in net.coefs], [rng.standard_normal(b.shape) for b in net.intercepts]
    )
    Training(net, Data(X, y), Solver(), loss=loss_kernel(nl.get_loss("mse"), X.dtype), key=1).run(5)
    for vector in (net.parameters, net.gradients):
        views = [view for part in net.views(vector) for view in part]
        assert all(np.all(view != 0) for view in views)
        assert np.count_nonzero(vector) == sum(view.size for view in views)
