"""Losses are compared on a yardstick that none of them is trained for."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nonlin.errors import InputError
from nonlin.nn import MLPClassifier, MLPRegressor
from nonlin.study import compare
from nonlin.study.arms import make_arms
from nonlin.study.baseline import guessing_scores
from nonlin.study.checks import Data
from nonlin.study.plan import make_plan
from nonlin.study.scoring import choose_scoring, score_examples

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_diabetes(return_X_y=True)
DIABETES = X, (y - y.mean()) / y.std()
CANCER = load_breast_cancer(return_X_y=True)
REGRESSOR = MLPRegressor(hidden_layer_sizes=(8,), learning_rate_init=0.01, max_iter=10)
CLASSIFIER = make_pipeline(StandardScaler(), MLPClassifier((8,), learning_rate_init=0.01, max_iter=10))


def chosen(task, *losses, parameter="loss", scoring=None):
    Estimator = MLPRegressor if task == "regression" else MLPClassifier
    return choose_scoring(scoring, task, {loss: Estimator(loss=loss) for loss in losses}, parameter)


@pytest.mark.parametrize(
    ("task", "losses", "name", "reason"),
    [
        ("regression", ("huber", "log_cosh"), "r2", "R², which none of them is trained for"),
        ("regression", ("mae", "huber"), "r2", "R², which none of them is trained for"),
        ("regression", ("mse", "huber"), "neg_mean_absolute_error", "R², as that rewards the mean, which mse is"),
        ("regression", ("mse", "poisson_nll"), "neg_mean_absolute_error", "which mse and poisson_nll are trained for"),
        (
            "regression",
            ("rmse", "mae"),
            "hit_rate",
            "mean, which rmse is trained for, and mean absolute error the median",
        ),
        ("regression", ("mse", "pinball"), "hit_rate", "mean absolute error a quantile, which pinball is trained for"),
        ("classification", ("cross_entropy", "focal"), "accuracy", "rewards probabilities, which cross_entropy is"),
        ("classification", ("hinge", "focal"), "accuracy", "accuracy, as hinge gives no probabilities"),
        ("classification", ("focal", "poly"), "neg_log_loss", "log loss, which none of them is trained for"),
    ],
)
def test_the_default_is_none_of_the_arms(task, losses, name, reason):
    yardstick = chosen(task, *losses)
    assert yardstick.name == name
    assert reason in yardstick.reason


def test_a_yardstick_that_is_asked_for_is_taken_without_a_word():
    assert chosen("regression", "mse", "mae", scoring="r2") == ("r2", "")


def test_where_no_losses_are_compared_nothing_changes():
    assert chosen("regression", "mse", "mae", parameter="activation") == ("r2", "")
    models = {name: GradientBoostingRegressor(loss=name) for name in ("squared_error", "huber")}
    assert choose_scoring(None, "regression", models, "gradientboostingregressor__max_depth") == ("r2", "")


def test_the_losses_of_scikit_learn_are_known_by_their_names():
    models = {name: GradientBoostingRegressor(loss=name) for name in ("squared_error", "huber")}
    assert choose_scoring(None, "regression", models, "loss").name == "neg_mean_absolute_error"


@pytest.mark.parametrize(
    ("estimator", "data", "parameter", "values", "scoring"),
    [
        (REGRESSOR, DIABETES, "loss", ["mse", "mae", "huber"], "hit_rate"),
        (CLASSIFIER, CANCER, "mlpclassifier__loss", ["cross_entropy", "hinge", "focal"], "accuracy"),
    ],
)
def test_a_comparison_of_losses_says_what_it_is_judged_by(estimator, data, parameter, values, scoring):
    result = compare(estimator, *data, parameter=parameter, values=values, repeats=2, folds=3)
    assert result.scoring == scoring
    assert result.verdict.endswith(f" {result.scoring_reason}.")
    assert result.scoring_reason.startswith("Judged by ")
    assert result.table().index.name == parameter
    assert set(result.arms) == set(values)
    assert result.table()["score"].between(0, 1).all()


def test_a_comparison_of_activations_does_not_speak_of_its_yardstick():
    result = compare(REGRESSOR, *DIABETES, parameter="activation", values=["relu", "tanh"], repeats=2, folds=3)
    assert result.scoring_reason == ""
    assert "Judged" not in result.verdict


def test_the_outlier_proof_loss_wins_where_there_are_outliers():
    random = np.random.default_rng(0)
    columns = random.uniform(-2, 2, (300, 1))
    target = np.sin(2 * columns[:, 0])
    target[::8] += 5 * random.exponential(size=len(target[::8]))
    model = MLPRegressor(hidden_layer_sizes=(16,), activation="tanh", learning_rate_init=0.02, max_iter=150)
    result = compare(model, columns, target, parameter="loss", values=["mse", "huber"], repeats=3, folds=3)
    assert result.table()["verdict"]["huber"] == "better"
    assert "Use huber: its mean absolute error is lower than mse's" in result.verdict


def test_targets_outside_a_loss_s_domain_are_refused_by_name():
    with pytest.raises(InputError, match="targets of poisson_nll must be numbers from 0, got -"):
        compare(REGRESSOR, *DIABETES, parameter="loss", values=["mse", "poisson_nll"])


class Known:
    def __init__(self, predictions):
        self.predictions = predictions

    def predict(self, X):
        return self.predictions


def test_the_hit_rate_is_the_share_of_errors_within_a_quarter_of_the_standard_deviation():
    truth, predictions = np.array([0.0, 1, 2, 3]), np.array([0.5, 1.51, 1.5, 9])
    scores, _ = score_examples("hit_rate", Known(predictions), np.zeros((4, 1)), truth, 4.0)  # a quarter of 2 is 0.5
    assert scores.tolist() == [1, 0, 1, 0]


def test_guessing_hits_the_largest_group_of_targets():
    target = np.r_[np.linspace(5, 6, 30), np.arange(200, 700, 100), -np.arange(200, 700, 100)]
    data = Data(np.zeros((40, 1)), target, "regression")
    arms = make_arms(["only", "other"])
    jobs = [job for job in make_plan(data, arms, 1, 4, 0) if job.arm is arms[0]]
    assert np.std(target) / 4 < 97  # a number that hits those about 5 hits no other
    assert guessing_scores("hit_rate", data, jobs)[0] == 30 / 40
