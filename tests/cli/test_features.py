"""The features: scikit-learn's and skrub's values, nothing learned from held-out rows, each fold computed once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skrub import TableVectorizer

from nonlin.cli import features
from nonlin.cli.features import TableFeatures
from nonlin.errors import InputError

TABLE = pd.DataFrame(
    {
        "size": [1.0, 2.0, np.nan, 4.0, 5.0, 6.0],
        "colour": ["red", "blue", "red", None, "green", "red"],
        "day": pd.date_range("2020-01-01", periods=6).astype(str),
        "same": [7] * 6,
        "flag": [True, False, True, True, False, True],
    }
)


def test_numbers_are_scikit_learns():
    X = load_breast_cancer(as_frame=True).data
    train, test = X[:400], X[400:]
    scaler = StandardScaler().fit(train)
    ours = TableFeatures().fit(train)
    np.testing.assert_allclose(ours.transform(train), scaler.transform(train), atol=1e-5)
    np.testing.assert_allclose(ours.transform(test), scaler.transform(test), atol=1e-5)


def test_other_columns_are_skrubs():
    text = TABLE[["colour", "day"]]
    theirs = make_pipeline(TableVectorizer(), StandardScaler()).fit_transform(text)
    varying = np.ptp(theirs, axis=0) > 0
    np.testing.assert_allclose(TableFeatures().fit_transform(text), theirs[:, varying], atol=1e-3)  # float32 there


def test_missing_numbers_are_the_mean_and_marked():
    numbers = TABLE[["size"]]
    filled = SimpleImputer(add_indicator=True).fit_transform(numbers)
    got = TableFeatures().fit_transform(numbers)
    np.testing.assert_allclose(got[:, 1], StandardScaler().fit_transform(filled)[:, 1], atol=1e-6)
    assert got[2, 0] == 0
    assert (got[[0, 1, 3, 4, 5], 0] != 0).all()


def test_the_result_is_float32_finite_and_without_constants():
    got = TableFeatures().fit_transform(TABLE)
    assert got.dtype == np.float32
    assert np.isfinite(got).all()
    assert np.ptp(got, axis=0).min() > 0
    np.testing.assert_allclose(got.mean(axis=0), 0, atol=1e-6)


def test_large_numbers_close_together_keep_their_differences():
    column = pd.DataFrame({"t": 1.6e9 + np.arange(5.0)})
    np.testing.assert_allclose(TableFeatures().fit_transform(column)[:, 0], np.linspace(-1, 1, 5) * 2**0.5, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_held_out_rows_with_new_values_are_taken_calmly():
    fitted = TableFeatures().fit(TABLE)
    strange = TABLE.assign(colour="never seen", same=8, size=np.nan)
    got = fitted.transform(strange)
    assert got.shape == fitted.transform(TABLE).shape
    assert np.isfinite(got).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(-1e6, 1e6))
def test_held_out_rows_teach_nothing(row, value):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=list("abc"))
    train = X[:30]
    before = TableFeatures().fit(train).transform(train)
    X.iloc[30 + row % 10] = value
    np.testing.assert_array_equal(TableFeatures().fit(X[:30]).transform(X[:30]), before)


def test_the_same_training_rows_are_encoded_once(monkeypatch):
    calls = []
    learn = features._Encoding.learn.__func__
    monkeypatch.setattr(features._Encoding, "learn", classmethod(lambda cls, X: calls.append(len(X)) or learn(cls, X)))
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 2)), columns=["a", "b"])
    template = TableFeatures()
    for _ in range(3):
        clone(template).fit_transform(X[:40])
    assert calls == [40]
    clone(template).fit_transform(X[10:])
    assert calls == [40, 40]


def test_text_that_differs_in_one_place_is_another_table():
    other = TABLE.copy()
    other.loc[0, "colour"] = "green"
    assert features._fingerprint(TABLE) == features._fingerprint(TABLE.copy())
    assert features._fingerprint(TABLE) != features._fingerprint(other)
    assert features._fingerprint(TABLE) != features._fingerprint(TABLE.rename(columns={"size": "length"}))
    assert features._fingerprint(TABLE.fillna({"colour": "nan"})) != features._fingerprint(TABLE)


def test_rows_in_which_nothing_varies_are_refused():
    with pytest.raises(InputError, match="no column varies in the training rows"):
        TableFeatures().fit(TABLE[["same"]])


@pytest.mark.parametrize("value", [1e-200, 1e149])
def test_extreme_magnitudes_stay_finite(value):
    column = pd.DataFrame({"a": [value, 2 * value, 3 * value]})
    assert np.isfinite(TableFeatures().fit_transform(column)).all()
