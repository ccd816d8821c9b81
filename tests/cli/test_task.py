"""Features, target and task: what is inferred, and what is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from nonlin.cli.table import Table
from nonlin.cli.task import check_folds, constant_columns, infer_task, pose, seemingly_missing
from nonlin.errors import InputError


def posed(values, task=None, drop=(), **columns):
    frame = pd.DataFrame({"y": values, "x": np.arange(len(values), dtype=float), **columns})
    return pose(Table("a.csv", frame), "y", task, drop)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["yes", "no"] * 5, "classification"),
        ([True, False] * 5, "classification"),
        (pd.Categorical([1.5, 2.5] * 5), "classification"),
        ([0, 1] * 5, "classification"),
        ([0.0, 1.0, 2.0] * 5, "classification"),
        (list(range(20)) * 3, "classification"),
        (list(range(21)) * 3, "regression"),
        (list(range(10)), "regression"),
        ([0.5, 1.5] * 5, "regression"),
        (pd.array([1, 2] * 5, dtype="Int64"), "classification"),
    ],
)
def test_the_task_follows_from_the_values(values, task):
    assert infer_task(pd.Series(values))[0] == task
    assert posed(values).task == task


def test_a_given_task_overrides():
    assert posed([0, 1] * 5, "regression").target.dtype == np.float64
    assert posed([0.5, 1.5] * 5, "classification").task == "classification"


def test_features_are_all_other_columns():
    problem = posed([0, 1] * 5, drop=["c"], b=range(10), c=range(10))
    assert list(problem.features.columns) == ["x", "b"]


def test_nullable_columns_of_a_parquet_file():
    labels = posed(pd.array([1, 2] * 5, dtype="Int64")).target.to_numpy()
    assert labels.dtype == np.int64
    numbers = posed(pd.array([1.5, 2.5] * 5, dtype="Float64")).target.to_numpy()
    assert numbers.dtype == np.float64


def test_constant_columns_are_found():
    frame = pd.DataFrame({"a": [1, 1, 1], "b": [1, 2, 3], "c": ["x"] * 3, "d": [1, 1, None]})
    assert constant_columns(frame) == ["a", "c"]


@pytest.mark.parametrize(
    ("values", "task", "said"),
    [
        ([0.5, None, None, 1.5], None, "target 'y' is missing in 2 of 4 rows (the first is row 2)"),
        (["a", None, "b", "a"], None, "target 'y' is missing in 1 of 4 rows"),
        ([0.5, 1.5, np.inf, 2.5], None, "target 'y' is infinite in 1 of 4 rows (the first is row 3)"),
        (["low", "high"] * 5, "regression", "needs numbers, but target 'y' holds values such as 'low'"),
        (["a"] * 10, None, "single class 'a' in all 10 rows"),
        ([1] * 10, None, "single class 1 in all 10 rows"),
        ([0.5] * 10, None, "0.5 in all rows"),
        ([*map(str, range(30)), "n.a.?"], None, "1 row such as 'n.a.?' (the first is row 31)"),
        (pd.date_range("2020-01-01", periods=10), None, "holds dates"),
        (["2020-01-01", "2020-01-02"] * 5, None, "dates such as '2020-01-01'; expected classes or numbers"),
        ([date(2020, 1, day) for day in (1, 2)] * 5, None, "dates such as '2020-01-01'; expected classes or numbers"),
        (["31.12.2020 10:00"] * 9 + ["1.1.2021 11:00"], None, "holds dates such as '31.12.2020 10:00'"),
        ([f"patient {i}" for i in range(30)], None, "has 30 different values in 30 rows, such as 'patient 0'"),
        (list("abcdefgh"), None, "looks like an identifier and not like classes; choose another --target"),
        ([0.5 * i for i in range(30)], "classification", "and not like classes; ask for --task regression"),
        ([0, 1] * 5, "regresion", "did you mean 'regression'?"),
    ],
)
def test_targets_that_cannot_be_learned(values, task, said):
    with pytest.raises(InputError) as caught:
        posed(values, task)
    assert said in str(caught.value)


def test_classes_that_look_like_missing_values_are_told():
    assert seemingly_missing(posed(["None", "NA", "ill"] * 5)) == ["'NA'", "'None'"]
    assert seemingly_missing(posed(["well", "ill"] * 5)) == []
    assert seemingly_missing(posed([0, 1] * 5)) == []


def test_age_groups_are_no_dates():
    assert posed(["10-19", "20-29"] * 5).task == "classification"


def test_columns_that_are_not_there():
    table = Table("a.csv", pd.DataFrame({"outcome": [0, 1], "age": [1.0, 2.0]}))
    for target, drop, said in (
        (None, [], "--target is missing: name the column of 'a.csv' to learn (outcome, age)"),
        ("outcom", [], "unknown --target 'outcom'; did you mean 'outcome'?"),
        ("outcome", ["agee"], "unknown --drop column 'agee'; did you mean 'age'?"),
        ("outcome", ["age"], "no column is left"),
    ):
        with pytest.raises(InputError) as caught:
            pose(table, target, None, drop)
        assert said in str(caught.value)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ([None] * 10, "column 'b' has no value in any row"),
        ([[1, 2]] * 10, "column 'b' holds lists"),
        ([1.0] * 9 + [-np.inf], "column 'b' is infinite (or beyond 1e+150) in 1 row (the first is row 10)"),
    ],
)
def test_features_that_cannot_be_used(column, said):
    with pytest.raises(InputError) as caught:
        posed([0, 1] * 5, b=column)
    assert said in str(caught.value)


def test_columns_that_are_all_constant():
    with pytest.raises(InputError, match="that varies"):
        pose(Table("a.csv", pd.DataFrame({"y": [0, 1] * 5, "a": 1, "b": "x"})), "y", None)


@pytest.mark.parametrize(
    ("values", "folds", "said"),
    [
        (["a"] * 10 + ["b"] * 3, 5, "class 'b' of target 'y' has 3 rows, fewer than the 5 folds; lower --folds to 3"),
        (["a"] * 10 + ["b"], 5, "class 'b' of target 'y' has 1 row, fewer than the 5 folds; leave these rows out"),
        ([0] * 10 + [1] * 3, 5, "--task regression"),
        ([0.5, 1.5, 2.5], 5, "--folds 5 needs at least 10 rows"),
    ],
)
def test_too_few_rows_for_the_folds(values, folds, said):
    with pytest.raises(InputError) as caught:
        check_folds(posed(values), folds)
    assert said in str(caught.value)
