"""Judging what a comparison was given, before any work: one sentence that names it and the mend."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_regressor

from nonlin.errors import InputError
from nonlin.study.scoring import SCORINGS

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Data:
    """The checked table: rows of `X` (anything that can be indexed by rows) and one target each."""

    X: Any
    y: np.ndarray
    task: Task

    @property
    def n_features(self) -> int:
        """Columns of X, 1 where it has no second axis."""
        shape = self.X.shape
        return int(shape[1]) if len(shape) > 1 else 1

    @property
    def spread(self) -> float:
        """Variance of the target, by which R² is measured; 1 for classes."""
        return float(np.var(self.y.astype(np.float64))) if self.task == "regression" else 1.0


def check_estimator(estimator: Any) -> None:
    """Raise `InputError` unless the estimator is an instance with fit, predict, get_params and set_params."""
    if isinstance(estimator, type):
        name = estimator.__name__
        raise InputError(f"estimator is the class {name}; pass an instance, {name}()")
    missing = [name for name in ("fit", "predict", "get_params", "set_params") if not hasattr(estimator, name)]
    if missing:
        lack = " and no ".join(missing)
        raise InputError(f"estimator {estimator!r} has no {lack}; give one with scikit-learn's estimator interface")


def infer_task(estimator: Any, scoring: str | None) -> Task:
    """Classification or regression, by what the estimator declares, else by the scoring, else by its methods."""
    if _declares(is_classifier, estimator):
        return "classification"
    if _declares(is_regressor, estimator):
        return "regression"
    if scoring in SCORINGS:
        return SCORINGS[scoring].task
    if hasattr(estimator, "predict_proba"):
        return "classification"
    name, known = type(estimator).__name__, ", ".join(SCORINGS)
    raise InputError(f"cannot tell whether {name} is a classifier or a regressor; pass scoring, one of {known}")


def _declares(question: Any, estimator: Any) -> bool:
    """Whether scikit-learn's question is answered with yes; estimators that are not its own may have no tags."""
    try:
        return bool(question(estimator))
    except (AttributeError, TypeError):
        return False


def check_data(X: Any, y: Any, task: Task, folds: int) -> Data:
    """The data as runs need them; raises `InputError` for what could not be learned or divided into folds."""
    X = X if hasattr(X, "shape") else np.asarray(X)
    target = _one_column(y)
    if len(target) == 0:
        raise InputError("X and y are empty; at least 2 rows per fold are needed")
    if X.shape[0] != len(target):
        raise InputError(f"X has {X.shape[0]} rows and y has {len(target)}; they must have the same number")
    _check_missing(target)
    if target.dtype.kind == "O":  # numbers kept as objects, such as those of pandas' nullable types
        target = np.asarray(pd.Series(target).infer_objects())
    target = _check_classes(target, folds) if task == "classification" else _check_numbers(target, folds)
    return Data(X, target, task)


def _one_column(y: Any) -> np.ndarray:
    target = np.asarray(y)
    if target.ndim == 2 and target.shape[1] == 1:
        target = target[:, 0]
    if target.ndim != 1:
        raise InputError(f"y has shape {target.shape}; give one column with one target per row")
    return target


def _check_missing(target: np.ndarray) -> None:
    bad = np.asarray(pd.isna(target))
    if target.dtype.kind == "f":
        bad |= np.isinf(target)
    if bad.any():
        first, share = int(np.argmax(bad)), f"{int(bad.sum())} of {len(target)} rows"
        raise InputError(
            f"y is {target[first]} in row {first} (missing or infinite in {share}); leave these rows out or fill them"
        )


def _check_classes(target: np.ndarray, folds: int) -> np.ndarray:
    if target.dtype.kind == "f" and np.any(target != np.floor(target)):
        raise InputError("y holds fractions but the estimator is a classifier; use a regressor or give class labels")
    try:
        classes, counts = np.unique(target, return_counts=True)
    except TypeError as error:
        raise InputError("y mixes labels of different types; make them all strings or all numbers") from error
    if len(classes) < 2:
        raise InputError(f"y has a single class, {classes[0]!s}; at least 2 are needed to learn to tell them apart")
    rare = int(np.argmin(counts))
    if counts[rare] < folds:
        few = f"class {classes[rare]!s} of y has {counts[rare]} row{'s' if counts[rare] > 1 else ''}"
        raise InputError(f"{few}, fewer than folds={folds}; use fewer folds or leave the class out")
    return target


def _check_numbers(target: np.ndarray, folds: int) -> np.ndarray:
    if target.dtype.kind not in "fiub":
        try:
            target = target.astype(np.float64)
        except (TypeError, ValueError) as error:
            told = f"y holds {target[0]!r} but the estimator is a regressor"
            raise InputError(f"{told}; give numbers or use a classifier") from error
        _check_missing(target)
    if len(target) < 2 * folds:
        raise InputError(f"y has {len(target)} rows, too few for folds={folds}; at least 2 rows per fold are needed")
    if np.all(target == target[0]):
        raise InputError(f"y is {target[0]} in every row; there is nothing to learn")
    return target


def whole_number(name: str, value: Any, least: int) -> int:
    """`value` as an int of at least `least`; raises `InputError` otherwise.

    >>> whole_number("folds", 5, 2)
    5
    >>> whole_number("folds", 1, 2)
    Traceback (most recent call last):
    nonlin.errors.InputError: folds must be a whole number of at least 2, got 1
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise InputError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return number


def check_shares(alpha: float, practical_margin: float | None) -> None:
    """Raise `InputError` unless 0 < alpha < 1 and the margin is None or finite and not negative."""
    if not (isinstance(alpha, Real) and 0 < alpha < 1):
        raise InputError(f"alpha must be between 0 and 1, got {alpha!r}; 0.05 is usual")
    if practical_margin is None:
        return
    if not (isinstance(practical_margin, Real) and 0 <= practical_margin < float("inf")):
        raise InputError(f"practical_margin must be a number of at least 0 or None, got {practical_margin!r}")


def check_later_stages(tuning: Any, racing: Any) -> None:
    """Refuse what a comparison cannot do yet."""
    if tuning is not None:
        raise InputError(f"tuning={tuning!r} is not available yet; leave it None, and no arm is tuned")
    if racing not in (None, False):
        raise InputError(f"racing={racing!r} is not available yet; leave it False, and no arm is stopped")


def check_executor(executor: Any) -> None:
    """Raise `InputError` unless there is nothing or something that runs functions."""
    if executor is not None and not (hasattr(executor, "submit") and hasattr(executor, "shutdown")):
        raise InputError(f"executor must be a concurrent.futures.Executor or None, got {executor!r}")
