"""Data that are as networks take them: scikit-learn's checks need half a millisecond to find that out."""

from __future__ import annotations

from typing import Any

import numpy as np


def are_plain(estimator: Any, X: Any, kinds: tuple[Any, ...], reset: bool) -> bool:
    """Whether scikit-learn's `validate_data` would give these examples back as they are, without a word.

    That is so for an array of finite numbers in rows, in one of the formats `kinds`, of as many features as before
    unless all begins anew (`reset`). All else it has to judge.
    """
    if not (type(X) is np.ndarray and X.ndim == 2 and X.dtype in kinds and X.size and X.flags.c_contiguous):
        return False
    known = vars(estimator)
    if "feature_names_in_" in known or not (reset or known.get("n_features_in_") == X.shape[1]):
        return False
    return _finite(X)


def are_plain_targets(y: Any, count: int) -> bool:
    """The same for the targets of `count` examples: a vector of finite numbers or of texts."""
    if not (type(y) is np.ndarray and y.shape == (count,) and y.dtype.kind in "biufU"):
        return False
    return y.dtype.kind != "f" or _finite(y)


def _finite(array: np.ndarray) -> bool:
    """Whether the sum is finite, and so each number."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(np.add.reduce(array, axis=None)))
