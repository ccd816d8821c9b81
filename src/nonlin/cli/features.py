"""From a table's columns to what a network takes in: float32 numbers of mean 0 and variance 1."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from nonlin.cli.once import Once
from nonlin.errors import InputError

_shared = Once(16)


def keep_folds(number: int) -> None:
    """Keep the features of at least so many folds at a time: of each, those of its training and its held-out rows."""
    _shared.hold(2 * number)


class TableFeatures(TransformerMixin, BaseEstimator):
    """Numbers from any table: skrub's encodings of text, categories and dates, everything standardised, in float32.

    Numeric columns are taken as they are; skrub's TableVectorizer, which would pass them through, encodes the others
    (it rounds numbers to float32 before they are scaled, which loses those that are large and close together). A
    missing number becomes the column's mean, and a further column tells where it was missing. Columns that are
    constant in the training rows are left out.

    Everything is learned from the rows given to `fit` and from nothing else. Within a process the result for the same
    rows is kept for a while: in a comparison every activation meets the same training folds, and takes what the first
    one computed.

    Source: Holzmann et al., skrub (https://skrub-data.org) for the encodings.

    >>> table = pd.DataFrame({"size": [1.0, 2.0, 3.0], "colour": ["red", "blue", "red"]})
    >>> TableFeatures().fit_transform(table).shape
    (3, 2)
    """

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        """Learn encodings, means and standard deviations from the rows of `X`; `y` is not looked at."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **fit_params: Any) -> NDArray[np.float32]:
        """Learn from the rows of `X` and return their features, float32 of shape (rows, features)."""
        key = _fingerprint(X)
        self.encoding_, features = _shared(key, lambda: _Encoding.learn(X))
        self.fitted_on_ = key
        self.n_features_in_ = X.shape[1]
        return features

    def transform(self, X: pd.DataFrame) -> NDArray[np.float32]:
        """The features of the rows of `X`, float32 of shape (rows, features)."""
        return _shared((self.fitted_on_, _fingerprint(X)), lambda: self.encoding_.apply(X))


class _Encoding(NamedTuple):
    """What was learned from the training rows; arrays have one entry for each column of numbers."""

    numeric: list[str]
    vectorizer: Any
    gaps: NDArray[np.intp]  # columns that had missing values
    varying: NDArray[np.intp]  # columns kept, of those and the columns that tell of gaps
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def learn(cls, X: pd.DataFrame) -> tuple[_Encoding, NDArray[np.float32]]:
        """The encoding of the rows of `X`, and their features."""
        numeric = _numeric_columns(X)
        vectorizer, vectorized = _vectorize(X.drop(columns=numeric))
        numbers = np.hstack([_as_float64(X[numeric]), vectorized])
        missing = np.isnan(numbers)
        gaps = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
        numbers = np.hstack([numbers, missing[:, gaps]])
        varying = np.flatnonzero(_varies(numbers))
        if varying.size == 0:
            raise InputError("no column varies in the training rows of a fold; expected columns of several values each")
        numbers = numbers[:, varying]
        mean = np.nanmean(numbers, axis=0)
        scale = np.nanstd(numbers, axis=0)
        scale[scale == 0] = 1  # numbers so small that their squares vanish
        return cls(numeric, vectorizer, gaps, varying, mean, scale), _standardised(numbers, mean, scale)

    def apply(self, X: pd.DataFrame) -> NDArray[np.float32]:
        """The features of the rows of `X`."""
        numbers = _as_float64(X[self.numeric])
        if self.vectorizer is not None:
            vectorized = self.vectorizer.transform(X.drop(columns=self.numeric))
            numbers = np.hstack([numbers, _as_float64(vectorized)])
        numbers = np.hstack([numbers, np.isnan(numbers[:, self.gaps])])[:, self.varying]
        return _standardised(numbers, self.mean, self.scale)


def _numeric_columns(X: pd.DataFrame) -> list[str]:
    return [column for column in X.columns if pd.api.types.is_numeric_dtype(X[column])]


def _vectorize(X: pd.DataFrame) -> tuple[Any, NDArray[np.float64]]:
    """skrub's vectorizer fitted on the columns that are not numeric, and what it makes of them; None without any."""
    if X.shape[1] == 0:
        return None, np.empty((len(X), 0))
    from skrub import StringEncoder, TableVectorizer

    vectorizer = TableVectorizer(high_cardinality=StringEncoder(random_state=0))
    return vectorizer, _as_float64(vectorizer.fit_transform(X))


def _as_float64(X: Any) -> NDArray[np.float64]:
    return X.to_numpy(np.float64, na_value=np.nan)


def _varies(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which columns hold at least two different numbers; missing ones do not count."""
    highest = np.fmax.reduce(numbers, axis=0)
    return highest > np.fmin.reduce(numbers, axis=0)


def _standardised(
    numbers: NDArray[np.float64], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Subtract and divide; a missing number becomes 0, the mean."""
    scaled = ((numbers - mean) / scale).astype(np.float32)
    return np.nan_to_num(scaled, copy=False, nan=0.0)


def _fingerprint(X: Any) -> bytes:
    """A hash of a table's columns and values."""
    digest = hashlib.blake2b(repr(list(X.columns)).encode())
    numeric = _numeric_columns(X)
    digest.update(_as_float64(X[numeric]).tobytes())
    for column in X.columns.difference(numeric):
        digest.update(repr(X[column].tolist()).encode())
    return digest.digest()
