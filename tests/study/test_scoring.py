"""Per-example scores against scikit-learn's metrics."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from nonlin.errors import InputError
from nonlin.study.scoring import LOG_OF_ZERO, choose_scoring, score_examples


class Fixed:
    """A 'model' whose predictions are given."""

    def __init__(self, classes, probabilities):
        self.classes_, self.probabilities = np.asarray(classes), np.asarray(probabilities)

    def predict_proba(self, X):
        return self.probabilities

    def predict(self, X):
        return self.classes_[self.probabilities.argmax(1)]


def test_log_loss_and_accuracy_are_scikit_learns():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = LogisticRegression(C=0.1).fit(X[::2], names[::2])
    scores, further = score_examples("neg_log_loss", model, X[1::2], names[1::2], 1.0)
    assert scores.dtype == np.float32
    assert scores.mean() == pytest.approx(-metrics.log_loss(names[1::2], model.predict_proba(X[1::2])), rel=1e-6)
    assert further == {"accuracy": metrics.accuracy_score(names[1::2], model.predict(X[1::2]))}


@pytest.mark.parametrize(
    ("scoring", "metric"),
    [
        ("r2", metrics.r2_score),
        ("neg_mean_squared_error", lambda y, p: -metrics.mean_squared_error(y, p)),
        ("neg_mean_absolute_error", lambda y, p: -metrics.mean_absolute_error(y, p)),
    ],
)
def test_regression_scores_are_scikit_learns(scoring, metric):
    X, y = load_diabetes(return_X_y=True)
    model = LinearRegression().fit(X[::2], y[::2])
    # R² of a held-out part is by the variance of all targets; with the part's own it is scikit-learn's.
    scores, _ = score_examples(scoring, model, X[1::2], y[1::2], float(np.var(y[1::2])))
    assert scores.mean() == pytest.approx(metric(y[1::2], model.predict(X[1::2])), rel=1e-5)


def test_a_probability_of_zero_costs_what_the_smallest_float_costs():
    model = Fixed([0, 1], [[1.0, 0.0], [0.25, 0.75], [1.0, 1e-300]])
    scores, _ = score_examples("neg_log_loss", model, np.zeros((3, 1)), np.array([1, 1, 1]), 1.0)
    assert scores == pytest.approx([np.log(1.1754943508222875e-38), np.log(0.75), np.log(1.1754943508222875e-38)])


def test_a_class_never_seen_in_training_has_probability_zero():
    model = Fixed(["b", "d"], [[0.4, 0.6]] * 5)
    scores, further = score_examples("neg_log_loss", model, np.zeros((5, 1)), np.array(list("abcde")), 1.0)
    assert scores == pytest.approx([LOG_OF_ZERO, np.log(0.4), LOG_OF_ZERO, np.log(0.6), LOG_OF_ZERO])
    assert further["accuracy"] == pytest.approx(0.2)


def test_classes_need_not_be_sorted():
    model = Fixed(["y", "a"], [[0.9, 0.1], [0.9, 0.1]])
    scores, _ = score_examples("neg_log_loss", model, np.zeros((2, 1)), np.array(["a", "y"]), 1.0)
    assert scores == pytest.approx(np.log([0.1, 0.9]))


def test_log_probabilities_are_taken_where_the_model_has_them():
    """Naive Bayes is sure beyond what a float64 probability can say; its logarithms are exact."""
    X, y = np.array([[0.0], [0.1], [9.0], [9.1]]), np.array([0, 0, 1, 1])
    model = GaussianNB(var_smoothing=0.05).fit(X, y)
    scores, _ = score_examples("neg_log_loss", model, np.array([[7.0]]), np.array([0]), 1.0)
    assert scores[0] == pytest.approx(model.predict_log_proba([[7.0]])[0, 0], rel=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_predictions_that_are_not_finite_are_divergence(bad):
    model = Fixed([0, 1], [[bad, 0.5]])
    with pytest.raises(ArithmeticError, match="not finite"):
        score_examples("neg_log_loss", model, np.zeros((1, 1)), np.array([1]), 1.0)


def test_defaults_follow_task_and_methods():
    assert choose_scoring(None, "regression", {"a": LinearRegression()}).name == "r2"
    assert choose_scoring(None, "classification", {"a": GaussianNB()}).name == "neg_log_loss"
    assert choose_scoring(None, "classification", {"a": GaussianNB(), "b": SVC()}).name == "accuracy"


@pytest.mark.parametrize(
    ("scoring", "task", "model", "message"),
    [
        ("acuracy", "classification", GaussianNB(), "unknown scoring 'acuracy'; did you mean 'accuracy'"),
        ("r2", "classification", GaussianNB(), "scoring='r2' does not fit classification; use one of neg_log_loss"),
        ("accuracy", "regression", LinearRegression(), "does not fit regression; use one of r2"),
        ("neg_log_loss", "classification", SVC(), "needs predict_proba, which 'arm' has not; use scoring='accuracy'"),
    ],
)
def test_a_scoring_that_does_not_fit_is_refused(scoring, task, model, message):
    with pytest.raises(InputError, match=message):
        choose_scoring(scoring, task, {"arm": model})
