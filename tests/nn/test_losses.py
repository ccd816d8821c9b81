"""Every loss of the registry in the networks: its kernel against the loss on arrays, its refusals, what it learns."""

import ctypes
import pickle
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import PoissonRegressor
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

import nonlin as nl
from nonlin.definition import registry
from nonlin.definition.primitives import log
from nonlin.nn import MLPClassifier, MLPRegressor, checks, fitting
from nonlin.nn.definitions import loss_kernel
from nonlin.nn.outputs import gives_probabilities, link
from nonlin.nn.vectors import padded

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
PARITY = np.array([0, 1, 1, 0])
TASKS = ("classification", "regression")
FITTING = {task: [name for name in nl.losses() if not checks._unfit(nl.get_loss(name), task)] for task in TASKS}
CASES = [(task, name) for task in TASKS for name in FITTING[task]]


def batch(task, loss, rows=7, columns=3):
    """The last layer's z and targets in the loss's domain, as the estimators encode them."""
    random = np.random.default_rng(0)
    z = random.normal(size=(rows, columns))
    if task == "classification":
        right = np.eye(columns, dtype=bool)[random.integers(columns, size=rows)]
        return z, np.where(right, 1.0, -1.0 if loss.domain == "sign" else 0.0)
    targets = random.normal(size=(rows, columns))
    return z, targets if loss.domain == "real" else np.exp(targets)


def kernel(loss, z, targets, dtype, parameters=None, weights=None, stride=None):
    """The weighted sum of losses and its gradient, from memory whose rows are whole vectors if nothing else is said."""
    rows, columns = z.shape
    stride = stride or padded(columns + 1, np.dtype(dtype))
    memory, wanted = (np.full((rows, stride), 7.0, dtype) for _ in range(2))
    memory[:, :columns], wanted[:, :columns] = z, targets
    weights = np.ones(rows, dtype) if weights is None else weights.astype(dtype)
    function = ctypes.CFUNCTYPE(ctypes.c_double, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 3)
    address = loss_kernel(loss, np.dtype(dtype), parameters)
    arrays = (array.ctypes.data for array in (memory, wanted, weights))
    total = function(address)(*arrays, rows, columns, stride)
    assert (memory[:, columns:] == 7).all()
    return total, memory[:, :columns].astype(float)


def expected(loss, z, targets, parameters=None):
    """The same by the loss on arrays, row by row, through the link by the chain rule."""
    options = dict(parameters or {})
    if loss.kind == "row":
        options["axis"] = -1
    before = link(loss)
    taken = z if before is None else before(z)
    if loss.kind == "row":
        total = loss(taken, targets, reduction="sum", **options)
        gradient = loss.gradient(taken, targets, reduction="sum", **options)
    elif loss.kind == "summary":  # that of the batch counts once for each row
        total = len(z) * loss(taken, targets, **options)
        gradient = len(z) * loss.gradient(taken, targets, **options)
    else:
        total = loss(taken, targets, reduction="sum", **options)
        gradient = loss.gradient(taken, targets, reduction="sum", **options)
    if before is None:
        return total, gradient
    return total, before.vjp(z, gradient) if before.kind == "row" else gradient * before.derivative(z)


SIZES = [(37, 3), (20, 9), (2, 9), (3, 130)]  # rows that share vectors, some of whose lanes stay idle, and that do not


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("task", "name"), CASES)
def test_the_kernel_gives_the_loss_and_its_gradient(task, name, size):
    loss = nl.get_loss(name)
    z, targets = batch(task, loss, *size)
    total, gradient = expected(loss, z, targets)
    for dtype, tolerance in (np.float64, 1e-10), (np.float32, 3e-4):
        found, slopes = kernel(loss, z, targets, dtype)
        assert found == pytest.approx(total, rel=tolerance, abs=tolerance)
        np.testing.assert_allclose(slopes, gradient, rtol=tolerance, atol=tolerance * np.abs(gradient).max())


@pytest.mark.parametrize(("task", "name"), [("classification", "cross_entropy"), ("regression", "mse")])
def test_rows_may_lie_close_together(task, name):
    loss = nl.get_loss(name)
    z, targets = batch(task, loss)
    for stride in (3, 5):
        found = kernel(loss, z, targets, np.float64, stride=stride)
        for one, other in zip(found, kernel(loss, z, targets, np.float64), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


def other_value(known):
    """A value that the parameter allows and that is not its default."""
    allowed = [v for v in (known.default + 0.25, known.default - 0.25) if known.low <= v <= known.high]
    return next(value for value in allowed if value > known.above)


@pytest.mark.parametrize(("task", "name"), [case for case in CASES if nl.get_loss(case[1]).parameters])
def test_the_kernel_takes_the_parameters(task, name):
    loss = nl.get_loss(name)
    parameters = {parameter: other_value(known) for parameter, known in loss.parameters.items()}
    z, targets = batch(task, loss)
    total, gradient = expected(loss, z, targets, parameters)
    found, slopes = kernel(loss, z, targets, np.float64, parameters)
    assert found == pytest.approx(total, rel=1e-10)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_every_fitting_loss_trains(task, name):
    loss = nl.get_loss(name)
    X = np.random.default_rng(1).normal(size=(60, 3))
    score = X @ [1.0, -2.0, 0.5]
    settings = {"loss": name, "alpha": 0, "learning_rate_init": 0.02, "max_iter": 60, "random_state": 0}
    if task == "classification":
        model = MLPClassifier((16,), "tanh", **settings).fit(X, np.digitize(score, [-1, 1]))
        assert model.score(X, np.digitize(score, [-1, 1])) > 0.7
    else:
        y = np.stack([score, -score + 1], axis=1)
        y = y if loss.domain == "real" else np.exp(y / 4)
        model = MLPRegressor(hidden_layer_sizes=(16,), activation="tanh", **settings).fit(X, y)
        assert np.isfinite(model.predict(X)).all()
    curve = model.loss_curve_
    assert curve[-1] < curve[0]


@pytest.mark.parametrize("name", FITTING["classification"])
def test_probabilities_are_there_where_the_loss_trains_them(name):
    loss, (X, y) = nl.get_loss(name), load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    for classes in (y > 0, y):
        model = MLPClassifier((8,), loss=name, max_iter=30, random_state=0)
        assert hasattr(model, "predict_proba") == hasattr(model, "predict_log_proba") == gives_probabilities(loss)
        model.fit(X, classes)
        if gives_probabilities(loss):
            shares = model.predict_proba(X)
            np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
            np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), shares, rtol=1e-9)
            np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], model.predict(X))
        if model.n_outputs_ == 1 or loss.decision == "argmax":
            before = link(loss)
            decided = loss.decide(before(model._outputs(X)) if before else model._outputs(X)).reshape(len(X))
            np.testing.assert_array_equal(model.classes_[np.where(decided > 0, decided, 0)], model.predict(X))


SOLVERS = ["binary_cross_entropy", "binary_focal", "focal", "hinge", "squared_hinge", "categorical_hinge", "brier"]


@pytest.mark.parametrize("loss", [name for name in SOLVERS if name in FITTING["classification"]])
def test_xor_is_solved_by(loss):
    settings = {"alpha": 0, "learning_rate_init": 0.05, "max_iter": 500, "random_state": 0}
    assert MLPClassifier((16,), "tanh", loss=loss, **settings).fit(XOR, PARITY).score(XOR, PARITY) == 1


def test_more_than_two_classes_are_told_apart_one_against_the_rest():
    X, y = load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model = MLPClassifier((16,), loss="binary_cross_entropy", learning_rate_init=0.02, random_state=0).fit(X, y)
    assert model.n_outputs_ == 3
    assert model.score(X, y) > 0.95
    z = model._outputs(X)
    each = 1 / (1 + np.exp(-z))
    np.testing.assert_allclose(model.predict_proba(X), each / each.sum(axis=1, keepdims=True), rtol=1e-9)


def test_scoring_falls_back_where_there_are_no_probabilities():
    X, y = load_iris(return_X_y=True)
    model = MLPClassifier((8,), loss="hinge", learning_rate_init=0.02, random_state=0)
    with pytest.raises(AttributeError, match="predict_proba"):
        _ = model.predict_proba
    assert cross_val_score(model, X, y > 0, cv=3, scoring="accuracy").mean() > 0.9
    assert not hasattr(MLPClassifier(loss="huber"), "predict_proba")  # which `fit` refuses


def with_outliers(rows=400):
    random = np.random.default_rng(3)
    X = random.uniform(-2, 2, (rows, 1))
    truth = np.sin(2 * X[:, 0])
    y = truth + 0.1 * random.normal(size=rows)
    y[::10] += 15 * random.exponential(size=len(y[::10]))
    return X, y, truth


@pytest.mark.parametrize("robust", ["huber", "mae"])
def test_outliers_pull_less_at_a_robust_loss(robust):
    X, y, truth = with_outliers()
    settings = {"learning_rate_init": 0.01, "max_iter": 300, "random_state": 0}
    errors = {
        loss: np.median(
            abs(
                MLPRegressor(hidden_layer_sizes=(32,), activation="tanh", loss=loss, **settings).fit(X, y).predict(X)
                - truth
            )
        )
        for loss in ("mse", robust)
    }
    assert errors[robust] < errors["mse"] / 3


@pytest.mark.parametrize("quantile", [0.1, 0.9])
def test_pinball_predicts_the_quantile(quantile):
    random = np.random.default_rng(0)
    X = random.uniform(0, 1, (2000, 1))
    y = 3 * X[:, 0] + random.exponential(0.2 + X[:, 0])
    model = MLPRegressor(
        hidden_layer_sizes=(16,),
        activation="tanh",
        loss="pinball",
        loss_parameters={"quantile": quantile},
        random_state=0,
    )
    below = np.mean(y < model.set_params(learning_rate_init=0.01, max_iter=100).fit(X, y).predict(X))
    assert below == pytest.approx(quantile, abs=0.03)


def test_poisson_predicts_means_as_scikit_learns_model_does():
    random = np.random.default_rng(0)
    X = random.normal(size=(1000, 3))
    y = random.poisson(np.exp(0.5 + X @ [0.5, -0.3, 0.2]))
    model = MLPRegressor(
        hidden_layer_sizes=(), loss="poisson_nll", alpha=0, learning_rate_init=0.005, tol=1e-6, random_state=0
    )
    predictions = model.fit(X, y).predict(X)
    assert model.out_activation_ == "exp"
    assert (predictions > 0).all()
    np.testing.assert_allclose(predictions, PoissonRegressor(alpha=0).fit(X, y).predict(X), rtol=0.01)
    without_log = clone(model).set_params(loss_parameters={"log_input": False}).fit(X, y)
    np.testing.assert_allclose(without_log.predict(X), predictions, rtol=1e-6)
    assert model.score(X, y) > 0


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy", "focal"])
def test_a_weight_counts_as_so_many_examples(name):
    loss, weights = nl.get_loss(name), np.array([2, 1, 0, 3, 1, 1, 2])
    z, targets = batch("classification", loss)
    total, gradient = kernel(loss, z, targets, np.float64, weights=weights)
    many, slopes = kernel(loss, z.repeat(weights, axis=0), targets.repeat(weights, axis=0), np.float64)
    assert total == pytest.approx(many)
    first = np.cumsum(weights)[weights > 0] - weights[weights > 0]
    np.testing.assert_allclose(gradient[weights > 0], slopes[first] * weights[weights > 0, np.newaxis])
    assert not gradient[2].any()


def test_the_root_mean_square_is_that_of_each_batch():
    z, targets = batch("regression", nl.get_loss("mse"))
    total, gradient = kernel(nl.get_loss("rmse"), z, targets, np.float64)
    root = np.sqrt(np.mean((z - targets) ** 2))
    assert total == pytest.approx(len(z) * root)
    np.testing.assert_allclose(gradient, len(z) * (z - targets) / (z.size * root))
    weights = np.arange(len(z), dtype=float)  # the first example counts for nothing
    total, gradient = kernel(nl.get_loss("rmse"), z, targets, np.float64, weights=weights)
    root = np.sqrt(np.average((z - targets) ** 2, weights=np.broadcast_to(weights[:, np.newaxis], z.shape)))
    assert total == pytest.approx(weights.sum() * root)
    np.testing.assert_allclose(gradient, weights[:, np.newaxis] * (z - targets) / (z.shape[1] * root), atol=1e-15)
    nothing, flat = kernel(nl.get_loss("rmse"), targets, targets, np.float64)
    assert nothing == 0
    assert not flat.any()


def test_probabilities_that_are_surely_wrong_are_still_learnt_from():
    """A sigmoid of 1000 is 1, whose logarithm of the other class is infinite; the gradient in z is 1."""
    names = [n for n in FITTING["classification"] if nl.get_loss(n).domains.get(nl.get_loss(n).inputs[0])]
    for loss in map(nl.get_loss, names):
        for dtype in (np.float32, np.float64):
            total, gradient = kernel(loss, [[1000.0, -1000.0]] @ np.eye(2), np.array([[0.0, 1.0]]), dtype)
            assert np.isfinite(total), loss.name
            assert np.isfinite(gradient).all(), loss.name
    surely_wrong = kernel(
        nl.get_loss("binary_cross_entropy_from_probabilities"), np.array([[1000.0]]), np.zeros((1, 1)), np.float64
    )
    assert surely_wrong[1] == pytest.approx(1, rel=0.1)


def test_parameters_of_a_loss_travel_with_the_estimator():
    X, y, _ = with_outliers(100)
    model = MLPRegressor(
        hidden_layer_sizes=(8,), loss="huber", loss_parameters={"delta": 2.0}, max_iter=5, random_state=0
    ).fit(X, y)
    assert clone(model).get_params()["loss_parameters"] == {"delta": 2.0}
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    by_record = clone(model).set_params(loss=nl.get_loss("huber")).fit(X, y)
    np.testing.assert_array_equal(by_record.predict(X), model.predict(X))
    other = clone(model).set_params(loss_parameters={"delta": 0.1}).fit(X, y)
    assert not np.array_equal(other.predict(X), model.predict(X))


def test_a_loss_of_ones_own_trains_by_record_and_by_name():
    @nl.loss_definition(tasks=("regression",), domains={"predictions": "positive", "targets": "positive"})
    def log_distance(predictions, targets, *, scale=1.0):
        """The squared difference of the logarithms."""
        return scale * (log(predictions) - log(targets)) ** 2

    @log_distance.gradient
    def _(predictions, targets, *, scale=1.0):
        return scale * 2 * (log(predictions) - log(targets)) / predictions

    try:
        X = np.random.default_rng(0).normal(size=(100, 1))
        y = np.exp(3 + X[:, 0])
        settings = {
            "alpha": 0,
            "learning_rate_init": 0.05,
            "max_iter": 1000,
            "n_iter_no_change": np.inf,
            "random_state": 0,
        }
        models = [
            MLPRegressor(hidden_layer_sizes=(), loss=loss, **settings).fit(X, y)
            for loss in (log_distance, "log_distance")
        ]
        np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))
        np.testing.assert_allclose(models[0].predict(X), y, rtol=1e-3)  # log y is linear in X, and the link is exp
        with pytest.raises(
            nl.InputError, match=r"targets of log_distance must be numbers larger than 0, got -1\.0 at position \(0,\)"
        ):
            models[0].fit(XOR[:, :1], [-1.0, 1, 1, 1])
    finally:
        registry.losses.remove("log_distance")


def test_early_stopping_by_the_loss_is_by_the_one_that_is_trained():
    X, y, _ = with_outliers()
    settings = {"early_stopping": True, "scoring": "loss", "validation_fraction": 0.25, "random_state": 0}
    model = MLPRegressor(hidden_layer_sizes=(8,), loss="mae", max_iter=5, **settings)
    with patch.object(fitting, "_hold_out", wraps=fitting._hold_out) as hold_out:
        model.fit(X, y)
        held = fitting._hold_out(*hold_out.call_args.args)[1]
    errors = abs(model.predict(held.inputs) - held.targets[:, 0])
    np.testing.assert_allclose(-model.best_validation_score_, np.mean(errors))


REGRESSION = np.linspace(-1, 1, 4)


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (MLPRegressor(loss="max_error"), REGRESSION, "loss 'max_error' is a metric: it has no gradient to learn from"),
        (MLPClassifier(loss="zero_one"), PARITY, "loss 'zero_one' is a metric: it has no gradient to learn from"),
        (MLPClassifier(loss="info_nce"), PARITY, "loss 'info_nce' takes embeddings, labels, not predictions and targ"),
        (MLPClassifier(loss="huber"), PARITY, "loss 'huber' is for regression, not for classification; choose one of"),
        (
            MLPRegressor(loss="poisson_nll"),
            REGRESSION,
            "targets of poisson_nll must be numbers from 0, got -1.0 at pos",
        ),
        (
            MLPRegressor(loss="gamma"),
            REGRESSION + 1,
            "targets of gamma must be numbers larger than 0, got 0.0 at position (0,)",
        ),
        (MLPRegressor(loss="cosine_similarity"), REGRESSION, "loss 'cosine_similarity' compares rows of several"),
        (MLPRegressor(loss="huber", loss_parameters={"dleta": 1}), REGRESSION, "huber has no parameter 'dleta'; did"),
        (MLPRegressor(loss="huber", loss_parameters={"delta": 0}), REGRESSION, "delta must be larger than 0, got 0"),
        (MLPRegressor(loss="huber", loss_parameters={"delta": [1]}), REGRESSION, "['delta'] must be a number, got [1]"),
        (MLPRegressor(loss="huber", loss_parameters=2.0), REGRESSION, "loss_parameters must be a dictionary such as"),
    ],
    ids=str,
)
def test_what_cannot_be_trained_is_refused(model, y, message):
    with pytest.raises(nl.InputError) as error:
        model.fit(XOR, y)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
