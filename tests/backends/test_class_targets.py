"""Formulas whose target is the index of a class, against the same formulas on one-hot rows."""

import pytest

from nonlin.backends.numpy.class_targets import with_index
from nonlin.definition.expression import symbol
from nonlin.definition.primitives import exp, row_sum, where

T, X = symbol("t"), symbol("x")


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (row_sum(T * X), "row_at(x)"),
        (row_sum(where(T > 0, exp(X), 0)), "row_at(exp(x))"),
        (row_sum(T), "1"),
        (T * 3 + 1 - X, "where(t, subtract(4, x), subtract(1, x))"),
        (where(row_sum(T) <= T, X, 0 * X), "where(t, x, 0)"),
        (where(T > 2, X, exp(X)), "exp(x)"),
        (X + (1 - X), "1"),
        ((exp(X) - X) + X, "exp(x)"),
        (row_sum(exp(X) * (1 - T)), "row_sum(where(t, 0, exp(x)))"),
    ],
)
def test_parts_that_a_class_settles_are_settled(formula, expected):
    (found,) = with_index([formula], "t")
    assert repr(found) == expected


def test_constants_are_folded_without_a_target():
    (found,) = with_index([where(symbol("t") * 0 + 1 > 0, X * 1 + 0, exp(X))], "")
    assert repr(found) == "x"


def test_folded_numbers_are_exact():
    third = (X * 0 + 1) / 3
    (found,) = with_index([third + third + third + X * 0 - 1 + X], "")
    assert repr(found) == "x"


def test_division_by_zero_is_left_to_the_arithmetic():
    (found,) = with_index([(X * 0 + 1) / (T * 0)], "t")
    assert found.operation == "divide"
