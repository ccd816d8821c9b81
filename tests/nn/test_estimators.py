"""The estimators as a user and scikit-learn meet them."""

import ctypes
import pickle
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nonlin as nl
from nonlin.backends.numpy.jit import compile_ir
from nonlin.definition import registry
from nonlin.definition.primitives import exp
from nonlin.nn import MLPClassifier, MLPRegressor, passes

unconverged = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
PARITY = np.array([0, 1, 1, 0])


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return StandardScaler().fit_transform(X).astype(np.float32), y


def xor_accuracy(activation, seed):
    model = MLPClassifier((16,), activation, alpha=0, learning_rate_init=0.05, max_iter=500, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(XOR, PARITY).score(XOR, PARITY)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_xor_is_solved_by_a_hidden_layer(activation):
    assert all(xor_accuracy(activation, seed) == 1 for seed in range(5))


def test_xor_is_beyond_a_linear_network():
    assert all(xor_accuracy("identity", seed) <= 0.75 for seed in range(5))


@unconverged
def test_accuracy_is_that_of_scikit_learn(digits):
    X, y = digits
    settings = {"hidden_layer_sizes": (64,), "batch_size": 32, "max_iter": 15, "random_state": 0}
    ours = MLPClassifier(**settings).fit(X[:1400], y[:1400]).score(X[1400:], y[1400:])
    theirs = TheirClassifier(**settings).fit(X[:1400], y[:1400]).score(X[1400:], y[1400:])
    assert ours > theirs - 0.02


@unconverged
@pytest.mark.parametrize("Estimator", [MLPClassifier, MLPRegressor])
def test_same_seed_gives_the_same_bits_in_one_thread_and_in_two(Estimator, digits):
    X, y = digits

    def parameters(seed):
        model = Estimator(
            hidden_layer_sizes=(30, 20), activation="tanh", batch_size=50, max_iter=4, random_state=seed
        ).fit(X[:500], y[:500])
        return [*model.coefs_, *model.intercepts_]

    alone = [parameters(seed) for seed in range(4)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(parameters, range(4)))
    for one, other in zip(alone, together, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert not np.array_equal(alone[0][0], alone[1][0])


WAITING = """
@begun = internal global i64 0
@told = internal global i64 0
@gave_up = internal global i64 0
define void @wait(ptr %0, ptr %1, ptr %2, i64 %3, i64 %4) {
entry:
  store volatile i64 1, ptr @begun
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %next, %still ]
  %flag = load volatile i64, ptr @told
  %go = icmp ne i64 %flag, 0
  br i1 %go, label %done, label %still
still:
  %next = add i64 %i, 1
  %over = icmp sgt i64 %next, 10000000000
  br i1 %over, label %lost, label %again
lost:
  store volatile i64 1, ptr @gave_up
  br label %done
done:
  ret void
}
define i64 @has_begun() {
  %x = load volatile i64, ptr @begun
  ret i64 %x
}
define i64 @tell() {
  store volatile i64 1, ptr @told
  %x = load volatile i64, ptr @gave_up
  ret i64 %x
}
"""


@unconverged
def test_training_lets_other_threads_run(monkeypatch):
    wait, *functions = compile_ir(WAITING, "wait", "has_begun", "tell")
    has_begun, tell = map(ctypes.CFUNCTYPE(ctypes.c_int64), functions)
    monkeypatch.setattr(passes, "gather_kernel", lambda: wait)
    training = threading.Thread(target=MLPClassifier((4,), max_iter=2).fit, args=(XOR, PARITY))
    training.start()
    while training.is_alive() and not has_begun():
        time.sleep(0.001)
    gave_up = tell()  # to the compiled loop in its middle, which waits for seconds; with Python's lock it would in vain
    training.join(60)
    assert has_begun()
    assert not gave_up


@unconverged
def test_one_seed_means_the_same_base_weights_for_every_activation():
    models = [
        MLPClassifier((16,), activation, learning_rate_init=1e-30, max_iter=1, random_state=3).fit(XOR, PARITY)
        for activation in ("relu", "tanh")
    ]
    relu, tanh = (model.coefs_[0] for model in models)
    # gains: relu sqrt(2) (He et al. 2015); tanh 1 / sqrt(E tanh(z)^2) = 1.5925 (PyTorch rounds it up to 5/3)
    np.testing.assert_allclose(tanh / relu, 1.59254 / np.sqrt(2), rtol=1e-4)
    np.testing.assert_array_equal(models[0].coefs_[1], models[1].coefs_[1])


@unconverged
@pytest.mark.parametrize(("given", "trained"), [("f4", "f4"), ("f8", "f8"), ("i4", "f8"), ("f2", "f8")])
def test_float32_trains_in_float32_and_everything_else_in_float64(given, trained):
    X = XOR.astype(given)
    for model in (MLPClassifier(max_iter=2), MLPRegressor(max_iter=2)):
        model.fit(X, PARITY)
        assert {array.dtype.str[1:] for array in [*model.coefs_, *model.intercepts_]} == {trained}
    assert MLPClassifier(max_iter=2).fit(X, PARITY).predict_proba(X).dtype.str[1:] == trained


@unconverged
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_probabilities_are_exact_where_they_underflow(loss):
    model = MLPClassifier((), loss=loss, max_iter=1, random_state=0).fit(XOR, ["no", "yes", "yes", "no"])
    width = model.n_outputs_
    model.coefs_, model.intercepts_ = [np.zeros((2, width))], [np.array([-1000.0, 1000.0][2 - 2 * width :][-width:])]
    if width == 2:
        model.intercepts_ = [np.array([-500.0, 500.0])]
    np.testing.assert_array_equal(model.predict_proba(XOR), [[0.0, 1.0]] * 4)
    np.testing.assert_allclose(model.predict_log_proba(XOR), [[-1000.0, 0.0]] * 4)
    assert model.predict(XOR).tolist() == ["yes"] * 4


@unconverged
def test_string_classes_and_clone_and_pickle_and_pipeline():
    X, y = load_breast_cancer(return_X_y=True)
    y = np.where(y, "benign", "malignant")
    model = MLPClassifier((20,), "silu", random_state=0, max_iter=100)
    scores = cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3)
    assert scores.mean() > 0.95
    copy = clone(model.fit(X, y))
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coefs_")
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert set(model.classes_) == {"benign", "malignant"}
    assert copy.set_params(activation="tanh").activation == "tanh"


@unconverged
def test_regressor_learns_and_keeps_the_shape_of_its_targets():
    X, y = load_diabetes(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    y = (y - y.mean()) / y.std()
    model = MLPRegressor(hidden_layer_sizes=(20,), activation="gelu", random_state=0, max_iter=150).fit(X, y)
    assert model.score(X, y) > 0.5
    assert model.predict(X).shape == y.shape
    both = MLPRegressor(hidden_layer_sizes=(20,), activation="gelu", random_state=0, max_iter=150).fit(
        X, np.stack([y, -y], axis=1)
    )
    assert both.predict(X).shape == (len(X), 2)
    assert both.score(X, np.stack([y, -y], axis=1)) > 0.5


@unconverged
def test_warm_start_goes_on_and_a_cold_start_does_not(digits):
    X, y = digits
    model = MLPClassifier((10,), max_iter=3, random_state=0, warm_start=True).fit(X, y)
    first = model.loss_curve_[-1]
    model.fit(X, y)
    assert len(model.loss_curve_) == len(model.history_["loss"]) == 6
    assert model.n_iter_ == 3
    assert model.loss_curve_[3] < first
    assert len(model.set_params(warm_start=False).fit(X, y).loss_curve_) == 3


@unconverged
def test_assigned_weights_are_what_predicts():
    model = MLPRegressor(hidden_layer_sizes=(1,), activation="relu", max_iter=1, random_state=0).fit(XOR, PARITY)
    model.coefs_ = [np.array([[2.0], [3.0]]), np.array([[10.0]])]
    model.intercepts_ = [np.array([-1.0]), np.array([0.5])]
    np.testing.assert_allclose(model.predict(XOR), [0.5, 20.5, 10.5, 40.5])


def test_training_stops_when_the_loss_improves_no_more():
    model = MLPClassifier((8,), "tanh", learning_rate_init=0.1, max_iter=5000, tol=1e-3, random_state=0)
    model.fit(XOR, PARITY)
    curve = np.array(model.loss_curve_)
    assert model.n_iter_ == len(curve) < 5000
    assert model.best_loss_ == curve.min()
    stale = curve[1:] > np.minimum.accumulate(curve)[:-1] - 1e-3
    assert stale[-11:].all()  # more than n_iter_no_change = 10, as scikit-learn counts
    assert not stale[-12]


def test_reaching_max_iter_warns():
    with pytest.warns(ConvergenceWarning, match=r"max_iter=3 .*; raise max_iter"):
        MLPClassifier((8,), max_iter=3, random_state=0).fit(XOR, PARITY)


@unconverged
def test_adaptive_learning_rate_slows_down_until_it_is_tiny():
    settings = {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 1e-3, "tol": 1.0}
    model = MLPClassifier((8,), max_iter=1000, n_iter_no_change=2, random_state=0, **settings).fit(XOR, PARITY)
    assert model.n_iter_ == 4 + 5 * 3  # 1e-3 / 5^5 < 1e-6; the first epoch always counts as better


@unconverged
def test_early_stopping_keeps_the_best_epoch(digits):
    X, y = digits
    model = MLPClassifier((30,), early_stopping=True, max_iter=100, n_iter_no_change=3, random_state=0).fit(X, y)
    scores = model.validation_scores_
    assert len(scores) == model.n_iter_ < 100
    assert model.best_validation_score_ == max(scores) > 0.85
    assert model.best_loss_ is None
    # the best epoch's parameters, not the last's: train again up to that epoch and compare
    best = int(np.argmax(scores)) + 1
    short = clone(model).set_params(max_iter=best).fit(X, y)
    np.testing.assert_array_equal(short.coefs_[0], model.coefs_[0])


@unconverged
def test_verbose_prints_the_loss_of_each_epoch_and_changes_nothing(capsys):
    quiet = MLPClassifier((4,), max_iter=3, random_state=0).fit(XOR, PARITY)
    loud = MLPClassifier((4,), max_iter=3, random_state=0, verbose=True).fit(XOR, PARITY)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Iteration {i}, loss = {loss:.8f}" for i, loss in enumerate(quiet.loss_curve_, start=1)]
    np.testing.assert_array_equal(quiet.coefs_[0], loud.coefs_[0])


@unconverged
def test_no_hidden_layer_is_logistic_regression():
    X, y = load_iris(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model = MLPClassifier((), alpha=1.0, batch_size=150, max_iter=3000, tol=0, learning_rate_init=0.01, random_state=0)
    ours = model.fit(X, y).predict_proba(X)
    theirs = LogisticRegression(C=1.0, max_iter=3000, tol=1e-9).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@unconverged
def test_an_activation_of_ones_own_trains_by_record_and_by_name():
    @nl.activation(range=(0, 1))
    def bell(x):
        """exp(-x^2): a bell."""
        return exp(-x * x)

    @bell.derivative
    def _(x):
        return -2 * x * exp(-x * x)

    try:
        models = [
            MLPClassifier((16,), name, max_iter=300, learning_rate_init=0.05, random_state=0) for name in (bell, "bell")
        ]
        models = [clone(model).fit(XOR, PARITY) for model in models]
        assert [model.score(XOR, PARITY) for model in models] == [1, 1]
        np.testing.assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])
    finally:
        registry.activations.remove("bell")


@unconverged
def test_warm_start_with_other_layers_assigned_starts_its_records_anew():
    model = MLPRegressor(hidden_layer_sizes=(8,), max_iter=3, warm_start=True, random_state=0).fit(XOR, PARITY)
    model.set_params(hidden_layer_sizes=(3, 3))
    model.coefs_ = [np.ones((2, 3)), np.ones((3, 3)), np.ones((3, 1))]
    model.intercepts_ = [np.zeros(3), np.zeros(3), np.zeros(1)]
    assert model.fit(XOR, PARITY).history_["dead_share"].shape == (3, 2)


@unconverged
def test_scikit_learns_names_of_activations_work():
    assert MLPClassifier((4,), "logistic", max_iter=1, random_state=0).fit(XOR, PARITY).predict(XOR).shape == (4,)


@unconverged
def test_parameters_of_the_activation_matter():
    slopes = [{"negative_slope": 0.01}, {"negative_slope": 1.0}]
    leaky, line = (
        MLPRegressor(
            hidden_layer_sizes=(8,), activation="leaky_relu", activation_parameters=slope, max_iter=5, random_state=0
        ).fit(XOR, PARITY)
        for slope in slopes
    )
    identity = MLPRegressor(hidden_layer_sizes=(8,), activation="identity", max_iter=5, random_state=0).fit(XOR, PARITY)
    np.testing.assert_array_equal(line.predict(XOR), identity.predict(XOR))  # slope 1 on both sides
    assert not np.array_equal(leaky.predict(XOR), identity.predict(XOR))


def test_unfitted_says_so():
    with pytest.raises(NotFittedError):
        MLPClassifier().predict(XOR)
