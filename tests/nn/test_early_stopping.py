"""Early stopping by the loss on examples held out: the rule by which a comparison trains every activation."""

import warnings
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from nonlin.nn import MLPClassifier, MLPRegressor, fitting
from nonlin.nn.holding_out import split

SETTINGS = {"early_stopping": True, "scoring": "loss", "validation_fraction": 0.2, "batch_size": 32, "random_state": 0}


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.fixture(scope="module")
def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


def held_out(model, X, y):
    """The examples that a model of seed 0 holds out."""
    with warnings.catch_warnings(), patch.object(fitting, "_hold_out", wraps=fitting._hold_out) as hold_out:
        warnings.simplefilter("ignore", ConvergenceWarning)
        clone(model).set_params(max_iter=1, n_iter_no_change=1).fit(X, y)
        held = fitting._hold_out(*hold_out.call_args.args)[1]
    return held.inputs, held.targets


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_the_validation_loss_is_scikit_learns_log_loss_of_the_weights_kept(cancer, loss):
    model = MLPClassifier((20, 10), "silu", loss=loss, n_iter_no_change=5, **SETTINGS).fit(*cancer)
    X, targets = held_out(model, *cancer)
    classes = targets[:, -1]
    assert len(X) == 114  # a fifth of 569, rounded up
    expected = log_loss(classes, model.predict_proba(X))
    np.testing.assert_allclose(-model.best_validation_score_, expected, rtol=1e-9)
    np.testing.assert_array_equal(model.history_["validation_loss"], -np.array(model.validation_scores_))
    assert min(model.history_["validation_loss"]) == -model.best_validation_score_


def test_the_validation_loss_of_regression_is_half_the_mean_squared_error(diabetes):
    model = MLPRegressor(hidden_layer_sizes=(), n_iter_no_change=5, learning_rate_init=0.01, **SETTINGS).fit(*diabetes)
    X, targets = held_out(model, *diabetes)
    expected = np.mean((model.predict(X) - targets[:, 0]) ** 2) / 2
    np.testing.assert_allclose(-model.best_validation_score_, expected, rtol=1e-9)


def test_weights_are_those_of_the_best_epoch(diabetes):
    model = MLPRegressor(hidden_layer_sizes=(30,), n_iter_no_change=8, **SETTINGS).fit(*diabetes)
    best = int(np.argmin(model.history_["validation_loss"])) + 1
    assert best < model.n_iter_ < model.max_iter
    with pytest.warns(ConvergenceWarning):
        short = clone(model).set_params(max_iter=best).fit(*diabetes)
    np.testing.assert_array_equal(short.coefs_[0], model.coefs_[0])


def test_the_cap_changes_nothing_once_training_stops_by_itself(diabetes):
    short = MLPRegressor(hidden_layer_sizes=(30,), activation="tanh", max_iter=300, **SETTINGS).fit(*diabetes)
    long = clone(short).set_params(max_iter=900).fit(*diabetes)
    np.testing.assert_array_equal(short.coefs_[0], long.coefs_[0])
    assert short.n_iter_ == long.n_iter_


def test_validation_in_the_loop_leaves_the_training_as_it_is(cancer):
    """What is watched, the loss or the score, does not change the steps: the curves agree as far as both go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        by_loss = MLPClassifier((20,), max_iter=12, **SETTINGS).fit(*cancer)
        by_score = clone(by_loss).set_params(scoring=None).fit(*cancer)
    assert by_loss.loss_curve_[:5] == by_score.loss_curve_[:5]


def test_every_activation_holds_out_the_same_examples(cancer):
    relu, tanh = (held_out(MLPClassifier((4,), name, **SETTINGS), *cancer) for name in ("relu", "tanh"))
    np.testing.assert_array_equal(relu[0], tanh[0])


@pytest.mark.parametrize("seed", range(3))
def test_a_plateau_is_waited_out(seed):
    """Sigmoid networks stand still before they learn a wave; the patience for overfitting would end them at 0.1."""
    X = np.random.default_rng(1).uniform(-2, 2, (300, 1))
    y = np.sin(2 * X[:, 0])
    model = MLPRegressor(
        hidden_layer_sizes=(64, 64), activation="sigmoid", max_iter=2000, tol=1e-3, n_iter_no_change=20, **SETTINGS
    )
    assert model.set_params(validation_fraction=0.15, random_state=seed).fit(X, y).score(X, y) > 0.95


def test_reaching_the_cap_while_improving_warns_and_keeps_the_best(diabetes):
    with pytest.warns(ConvergenceWarning, match="max_iter=2 epochs"):
        model = MLPRegressor(hidden_layer_sizes=(30,), max_iter=2, **SETTINGS).fit(*diabetes)
    assert len(model.validation_scores_) == 2


def test_warm_start_goes_on_after_a_fit_without_early_stopping(diabetes):
    with pytest.warns(ConvergenceWarning):
        model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=2, warm_start=True, random_state=0).fit(*diabetes)
    model.set_params(**SETTINGS, max_iter=500).fit(*diabetes)
    assert len(model.history_["validation_loss"]) == len(model.validation_scores_) == model.n_iter_
    assert len(model.loss_curve_) == 2 + model.n_iter_


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_classes_are_held_out_in_proportion_and_a_single_example_stays(share):
    classes = np.repeat([0, 1, 2], [100, 20, 1])
    for seed in range(20):
        kept, held = split(np.random.default_rng(seed), 121, share, classes)
        assert np.array_equal(np.sort(np.r_[kept, held]), np.arange(121))
        counts = np.bincount(classes[held], minlength=3)
        assert np.all(np.abs(counts[:2] - share * np.array([100, 20])) <= 1)
        assert counts[2] == 0


def test_more_classes_than_places_are_no_obstacle():
    kept, held = split(np.random.default_rng(0), 60, 0.1, np.repeat(np.arange(30), 2))
    assert (len(kept), len(held)) == (54, 6)


def test_the_score_slows_an_adaptive_learning_rate_down_before_it_stops():
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    settings = {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 1e-3, "early_stopping": True}
    model = MLPClassifier((4,), tol=1.0, n_iter_no_change=1, max_iter=99, random_state=0, **settings).fit(X, y)
    assert model.n_iter_ == 1 + 6 * 2  # 1e-3 / 5^5 < 1e-6: slowed down five times, stopped the sixth
