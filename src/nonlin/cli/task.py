"""Split a table into features and target, find out the task, and refuse what no network can learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import pandas as pd

from nonlin.cli.output import counted
from nonlin.cli.table import Table
from nonlin.errors import InputError, unknown

CLASSIFICATION = "classification"
REGRESSION = "regression"
TASKS = (CLASSIFICATION, REGRESSION)
MOST_INTEGER_CLASSES = 20
LARGEST = 1e150
"""The largest magnitude of a feature: the square of a larger one overflows."""

_A_FEW = 5
_WORDS_FOR_MISSING = ("na", "n/a", "#n/a", "<na>", "nan", "null", "none")
_DATE = r"\s*\d{1,4}([-/.])\d{1,2}\1\d{1,4}\b.*"
_NESTED = (list, tuple, dict, set, np.ndarray)


class Problem(NamedTuple):
    """What is to be learned: features, target (class labels, or float64 numbers), and the task with its reason."""

    name: str
    features: pd.DataFrame
    target: pd.Series
    target_name: str
    task: str
    reason: str


def pose(table: Table, target: str | None, task: str | None, drop: Sequence[str] = ()) -> Problem:
    """Take the column `target` as what is to be learned and all others but `drop` as features.

    `task` overrides what the target's values suggest. Raises InputError where a column is unknown, the target has
    missing, infinite or unsuitable values, or no feature is left.
    """
    if task is not None and task not in TASKS:
        raise unknown("--task", task, TASKS)
    name = _target_column(table, target)
    values = cast("pd.Series", table.frame[name])
    _check_complete(name, values)
    if task is None and name == table.target and table.task is not None:
        task, reason = table.task, f"known for {table.name}"
    elif task is None:
        task, reason = infer_task(values)
    else:
        reason = "as asked"
    for column in drop:
        if column not in table.frame.columns:
            raise unknown("--drop column", column, table.frame.columns)
    features = table.frame.drop(columns=[name, *drop, *table.row_numbers], errors="ignore")
    _check_features(features)
    labels = _classes(name, values) if task == CLASSIFICATION else _numbers(name, values)
    return Problem(table.name, features, labels, name, task, reason)


def infer_task(values: pd.Series) -> tuple[str, str]:
    """The task that a target's values suggest, and why.

    Text, categories, booleans and few different whole numbers are classes; other numbers are to be regressed.

    >>> infer_task(pd.Series(["yes", "no", "no"]))
    ('classification', 'it holds text')
    >>> infer_task(pd.Series([0.5, 1.5, 7.25]))
    ('regression', 'it holds 3 different numbers')
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return CLASSIFICATION, "it holds categories"
    if pd.api.types.is_bool_dtype(values):
        return CLASSIFICATION, "it holds true and false"
    if not pd.api.types.is_numeric_dtype(values):
        return CLASSIFICATION, "it holds text"
    different = values.nunique()
    whole = bool(np.all(np.mod(values.to_numpy(np.float64), 1) == 0))
    if whole and different <= MOST_INTEGER_CLASSES and 2 * different < len(values):
        return CLASSIFICATION, f"it holds {different} different whole numbers"
    return REGRESSION, f"it holds {different} different {'whole ' if whole else ''}numbers"


def check_folds(problem: Problem, folds: int) -> None:
    """Refuse fewer rows than folds, and in classification fewer rows of any class than folds."""
    name, rows = problem.target_name, len(problem.target)
    if problem.task == REGRESSION:
        if rows < 2 * folds:
            raise InputError(f"--folds {folds} needs at least {2 * folds} rows, {problem.name!r} has {rows}; lower it")
        return
    counts = problem.target.value_counts()
    fewest = int(counts.min())
    if fewest >= folds:
        return
    mend = f"lower --folds to {fewest}" if fewest >= 2 else "leave these rows out"
    if pd.api.types.is_numeric_dtype(problem.target):
        mend += ", or ask for --task regression"
    raise InputError(
        f"class {_plain(counts.idxmin())!r} of target {name!r} has {counted(fewest, 'row')}, fewer than the {folds} "
        f"folds; {mend}"
    )


def constant_columns(features: pd.DataFrame) -> list[str]:
    """The columns that are the same in every row, and so teach nothing."""
    return [str(column) for column, values in features.items() if values.nunique(dropna=False) == 1]


def seemingly_missing(problem: Problem) -> list[str]:
    """The classes whose names others take for missing values, such as 'None'."""
    if problem.task == REGRESSION or pd.api.types.is_numeric_dtype(problem.target):
        return []
    return [repr(name) for name in sorted(problem.target.unique()) if name.lower() in _WORDS_FOR_MISSING]


def _target_column(table: Table, target: str | None) -> str:
    columns = list(table.frame.columns)
    name = target if target is not None else table.target
    if name is None:
        raise InputError(f"--target is missing: name the column of {table.name!r} to learn ({_some(columns)})")
    if name not in columns:
        raise unknown("--target", name, columns)
    return name


def _check_complete(name: str, values: pd.Series) -> None:
    missing = int(values.isna().sum())
    if missing:
        raise InputError(
            f"target {name!r} is missing in {missing} of {len(values)} rows{_first_row(values.isna())}; fill them in, "
            "or remove these rows"
        )
    if pd.api.types.is_float_dtype(values):
        infinite = np.isinf(values.to_numpy(np.float64))
        if infinite.any():
            raise InputError(
                f"target {name!r} is infinite in {int(infinite.sum())} of {len(values)} rows{_first_row(infinite)}; "
                "correct or remove these rows"
            )


def _check_features(features: pd.DataFrame) -> None:
    for column, values in features.items():
        _check_feature(str(column), values)
    if len(constant_columns(features)) == features.shape[1]:
        raise InputError("no column is left to learn from; expected at least one, beside the target, that varies")


def _check_feature(column: str, values: pd.Series) -> None:
    if values.isna().all():
        raise InputError(f"column {column!r} has no value in any row; fill it in, or leave it out with --drop")
    if pd.api.types.is_object_dtype(values) and any(isinstance(value, _NESTED) for value in values):
        raise InputError(f"column {column!r} holds lists; give one value a row, or leave it out with --drop")
    if not pd.api.types.is_float_dtype(values):
        return
    huge = np.abs(values.to_numpy(np.float64, na_value=np.nan)) > LARGEST
    if huge.any():
        raise InputError(
            f"column {column!r} is infinite (or beyond {LARGEST:g}) in {counted(int(huge.sum()), 'row')}"
            f"{_first_row(huge)}; correct them, leave them empty, or leave the column out with --drop"
        )


def _classes(name: str, values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        raise InputError(f"target {name!r} holds dates; expected classes or numbers")
    classes = values.unique()
    if len(classes) == 1:
        raise InputError(
            f"target {name!r} has the single class {_plain(classes[0])!r} in all {len(values)} rows; expected at least "
            "two classes"
        )
    _refuse_almost_numbers(name, values)
    _refuse_labels_of_rows(name, values)
    return values if pd.api.types.is_numeric_dtype(values) else values.astype(str)


def _refuse_almost_numbers(name: str, values: pd.Series) -> None:
    """A column of numbers with a stray word in it reads as text: say so, rather than take each number for a class."""
    if pd.api.types.is_numeric_dtype(values) or isinstance(values.dtype, pd.CategoricalDtype):
        return
    text = values.astype(str)
    strange = np.asarray(pd.isna(pd.to_numeric(text, errors="coerce")))
    if 0 < strange.sum() < 0.1 * len(values):
        first = text.to_numpy()[strange][0]
        raise InputError(
            f"target {name!r} holds numbers, but {counted(int(strange.sum()), 'row')} such as {first!r}"
            f"{_first_row(strange)}; correct or remove them"
        )


def _refuse_labels_of_rows(name: str, values: pd.Series) -> None:
    """Dates, names and numbers of rows are no classes: nothing can be learned of a class that is seen once."""
    text = values.astype(str)
    numeric = pd.api.types.is_numeric_dtype(values)
    example, different = _plain(values.iloc[0]) if numeric else text.iloc[0], values.nunique()
    if not numeric and text.str.fullmatch(_DATE).all():
        raise InputError(
            f"target {name!r} holds dates such as {example!r}; expected classes or numbers, choose another --target"
        )
    if 2 * different > len(values) and different > _A_FEW:
        mend = "ask for --task regression, or choose another --target" if numeric else "choose another --target"
        raise InputError(
            f"target {name!r} has {different} different values in {len(values)} rows, such as {example!r}, and so "
            f"looks like an identifier and not like classes; {mend}"
        )


def _numbers(name: str, values: pd.Series) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_complex_dtype(values):
        raise InputError(
            f"--task regression needs numbers, but target {name!r} holds values such as {str(values.iloc[0])!r}; "
            "take another --target, or --task classification"
        )
    numbers = values.astype(np.float64)
    if numbers.nunique() == 1:
        raise InputError(f"target {name!r} is {_plain(values.iloc[0])} in all rows; expected different values")
    return numbers


def _first_row(flags: np.ndarray | pd.Series) -> str:
    """The first flagged row as an ending for a message, counted from 1."""
    return f" (the first is row {int(np.argmax(np.asarray(flags))) + 1})"


def _plain(value: object) -> object:
    """A NumPy scalar as Python's own, so that it prints as the user wrote it."""
    return value.item() if isinstance(value, np.generic) else value


def _some(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
