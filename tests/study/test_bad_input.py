"""Everything a user can get wrong: one sentence that names it and the mend, before any training."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nonlin.errors import InputError
from nonlin.study import compare

X, Y = load_iris(return_X_y=True)
XR, YR = load_diabetes(return_X_y=True)


class Never(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("trained before the input was checked")


class NeverRidge(Ridge):
    def fit(self, X, y, sample_weight=None):
        raise AssertionError("trained before the input was checked")


class Duck(BaseEstimator):
    """Follows the interface without saying what it is."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y): ...
    def predict(self, X): ...


def replaced(values, position, value):
    values = np.array(values, dtype=type(value) if isinstance(value, str) else None)
    values[position] = value
    return values


def classes(counts):
    return np.repeat(np.arange(len(counts)), counts)


CLASSIFICATION = {
    "one value": ({"values": [1.0]}, r"values must hold at least 2 values, got \['1.0'\]; add one"),
    "a string of values": ({"values": "relu"}, r"values must be a list of values to compare, like \['relu', 'gelu'\]"),
    "values twice": ({"values": [1.0, 2.0, 1.0]}, "values holds '1.0' more than once; give every value once"),
    "no such reference": ({"reference": 3.0}, "unknown reference '3.0'; did you mean '2.0'"),
    "no such parameter": ({"parameter": "activation"}, "Never has no parameter 'activation'; it has C, "),
    "a parameter misspelt": ({"parameter": "max_itr"}, "Never has no parameter 'max_itr'; did you mean 'max_iter'"),
    "a refused value": ({"values": [1.0, -2.0]}, "C='-2.0' was refused: The 'C' parameter of Never must be a float"),
    "one fold": ({"folds": 1}, "folds must be a whole number of at least 2, got 1"),
    "fractional folds": ({"folds": 2.5}, "folds must be a whole number of at least 2, got 2.5"),
    "no repeats": ({"repeats": 0}, "repeats must be a whole number of at least 1, got 0"),
    "true repeats": ({"repeats": True}, "repeats must be a whole number of at least 1, got True"),
    "no seed": ({"random_state": None}, "random_state must be a whole number of at least 0, got None"),
    "a negative seed": ({"random_state": -1}, "random_state must be a whole number of at least 0, got -1"),
    "alpha": ({"alpha": 5}, "alpha must be between 0 and 1, got 5"),
    "margin": ({"practical_margin": -0.1}, "practical_margin must be a number of at least 0 or None, got -0.1"),
    "scoring misspelt": ({"scoring": "acuracy"}, "unknown scoring 'acuracy'; did you mean 'accuracy'"),
    "scoring of regression": ({"scoring": "r2"}, "scoring='r2' does not fit classification; use one of neg_log_loss"),
    "tuning": ({"tuning": 8}, "tuning=8 is not available yet; leave it None"),
    "racing": ({"racing": True}, "racing=True is not available yet; leave it False"),
    "executor": ({"executor": 4}, "executor must be a concurrent.futures.Executor or None, got 4"),
    "too many folds": ({"folds": 60}, "class 0 of y has 50 rows, fewer than folds=60; use fewer folds"),
    "lengths": ({"X": X[:-1]}, "X has 149 rows and y has 150; they must have the same number"),
    "empty": ({"X": X[:0], "y": Y[:0]}, "X and y are empty"),
    "one class": ({"y": np.zeros(150, int)}, "y has a single class, 0; at least 2 are needed"),
    "a rare class": (
        {"y": classes([75, 73, 2])},
        "class 2 of y has 2 rows, fewer than folds=5; use fewer folds or leave",
    ),
    "a unique class": ({"y": classes([75, 74, 1])}, "class 2 of y has 1 row, fewer than folds=5"),
    "a missing label": (
        {"y": pd.Series(["a", "b", None] * 50)},
        r"y is nan in row 2 \(missing or infinite in 50 of 150 rows\); leave these rows out or fill them",
    ),
    "a NaN label": (
        {"y": replaced(Y.astype(float), 7, np.nan)},
        r"y is nan in row 7 \(missing or infinite in 1 of 150",
    ),
    "fractions": ({"y": Y + 0.5}, "y holds fractions but the estimator is a classifier; use a regressor"),
    "mixed labels": ({"y": np.array(["a", 1, 1.5] * 50, dtype=object)}, "y mixes labels of different types"),
    "two targets": ({"y": np.c_[Y, Y]}, r"y has shape \(150, 2\); give one column"),
    "a scalar target": ({"y": 3}, r"y has shape \(\); give one column"),
}


@pytest.mark.parametrize("case", CLASSIFICATION)
def test_classification(case):
    change, message = CLASSIFICATION[case]
    options = {"X": X, "y": Y, "parameter": "C", "values": [1.0, 2.0], "folds": 5, **change}
    with pytest.raises(InputError, match=message) as caught:
        compare(Never(), **options)
    assert "\n" not in str(caught.value)


REGRESSION = {
    "words": ({"y": np.array(["low", "high"] * 221)}, "y holds .*low.* but the estimator is a regressor; give numbers"),
    "infinite": ({"y": replaced(YR, 3, np.inf)}, "y is inf in row 3"),
    "NaN": ({"y": replaced(YR, 0, np.nan)}, "y is nan in row 0"),
    "constant": ({"y": np.ones(442)}, "y is 1.0 in every row; there is nothing to learn"),
    "too few rows": ({"X": XR[:9], "y": YR[:9]}, "y has 9 rows, too few for folds=5; at least 2 rows per fold"),
    "scoring": ({"scoring": "accuracy"}, "does not fit regression; use one of r2, neg_mean_squared_error"),
}


@pytest.mark.parametrize("case", REGRESSION)
def test_regression(case):
    change, message = REGRESSION[case]
    options = {"X": XR, "y": YR, "parameter": "alpha", "values": [1.0, 2.0], **change}
    with pytest.raises(InputError, match=message):
        compare(NeverRidge(), **options)


def test_estimators():
    data = {"X": X, "y": Y, "parameter": "C", "values": [1.0, 2.0]}
    for estimator, message in [
        (LogisticRegression, r"estimator is the class LogisticRegression; pass an instance, LogisticRegression\(\)"),
        (StandardScaler(), r"estimator StandardScaler\(\) has no predict; give one with scikit-learn's"),
        ("relu", "estimator 'relu' has no fit and no predict and no get_params and no set_params"),
        (
            Duck(),
            "cannot tell whether Duck is a classifier or a regressor; pass scoring, one of neg_log_loss, accuracy",
        ),
    ]:
        with pytest.raises(InputError, match=message):
            compare(estimator, **data)


def test_a_nested_parameter_is_suggested():
    model = make_pipeline(StandardScaler(), MLPClassifier())
    with pytest.raises(
        InputError, match="Pipeline has no parameter 'activation'; did you mean 'mlpclassifier__activation'"
    ):
        compare(model, X, Y, values=["relu", "tanh"])


def test_a_value_refused_inside_a_pipeline_is_found_before_training():
    model = make_pipeline(StandardScaler(), MLPClassifier())
    with pytest.raises(InputError, match="mlpclassifier__activation='gleu' was refused: The 'activation' parameter"):
        compare(model, X, Y, parameter="mlpclassifier__activation", values=["relu", "gleu"])


def test_log_loss_needs_probabilities_from_every_arm():
    with pytest.raises(InputError, match=r"needs predict_proba, which '1\.0' has not; use scoring='accuracy'"):
        compare(SVC(), X, Y, parameter="C", values=[1.0, 2.0], scoring="neg_log_loss")


def test_a_misspelt_reference_is_suggested():
    with pytest.raises(InputError, match="unknown reference 'gelo'; did you mean 'gelu'"):
        compare(Never(), X, Y, parameter="C", values=["gelu", "relu"], reference="gelo")
