"""Float64 results, which are computed in two doubles, are those of IEEE arithmetic where one operation makes them."""

import operator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nonlin.definition import Elementwise, Gated, primitives

OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
SPECIAL = [0.0, -0.0, np.inf, -np.inf, 5e-324, -2.3e-308, 1.0, -1.0, 1 + 2.0**-52, 1e308, -1.7976931348623157e308]
BELOW = np.array([[x, y] for x in SPECIAL for y in SPECIAL])


def _gated(function) -> Gated:
    """Two inputs, through a formula of both."""

    def formula(gate, value):
        return function(gate, value)

    return Gated(formula)


def _elementwise(formula) -> Elementwise:
    return Elementwise(formula, range=(-np.inf, np.inf), monotone=False, smoothness=np.inf, limits=(np.nan, np.nan))


RECORDS = {name: _gated(operation) for name, operation in OPERATIONS.items()}


@pytest.mark.parametrize("name", OPERATIONS)
@given(pairs=st.lists(st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)), min_size=1, max_size=30))
@example(pairs=BELOW.tolist())
def test_one_operation_rounds_once(name, pairs):
    x, y = np.array(pairs).T
    with np.errstate(all="ignore"):
        expected = OPERATIONS[name](x, y)
    got = RECORDS[name](np.column_stack([x, y]))[:, 0]
    if name == "/":  # a quotient may lie so near to the middle of two floats that 106 digits do not tell
        np.testing.assert_allclose(got, expected, rtol=2.3e-16, atol=5e-324)
    else:
        np.testing.assert_array_equal(got, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[known]), np.signbit(expected[known]))


@given(st.lists(st.floats(0), min_size=1, max_size=30))
@example([0.0, -0.0, np.inf, 5e-324, 1.7976931348623157e308])
def test_the_square_root(numbers):
    record = _gated(lambda gate, value: primitives.sqrt(gate))
    x = np.array(numbers)
    np.testing.assert_allclose(record(np.column_stack([x, x]))[:, 0], np.sqrt(x), rtol=2.3e-16, atol=0)


def _remainder(gate, value):
    return gate * value - 1


def _side_of_one(gate, value):
    return primitives.where(gate * value < 1, -1, primitives.where(gate * value <= 1, 0, 1))


REMAINDER, SIDE_OF_ONE = Gated(_remainder), Gated(_side_of_one)


@given(st.floats(2.0**-200, 2.0**200), st.integers(-3, 3))
def test_what_lies_below_the_last_place_is_seen(x, steps):
    """A product beside 1: what is missing from it, and on which side of 1 it lies, is exact."""
    y = 1 / x
    for _ in range(abs(steps)):
        y = np.nextafter(y, np.sign(steps) * np.inf)
    rest = float(Fraction(x) * Fraction(y) - 1)
    row = np.array([x, y])
    assert REMAINDER(row)[0] == rest
    assert SIDE_OF_ONE(row)[0] == np.sign(rest)


def _bell(x):
    return 1 / (1 + x * x)


def _settled(x):
    return 3 + 1 / (x * x * x * x)


def _cut(x):
    return primitives.where(x * x < 1e30, 2 - x * x, 5)


ELEMENTWISE = {formula: _elementwise(formula) for formula in (_bell, _settled, _cut)}


@pytest.mark.parametrize("x", [1e200, -1e200, 1e160, 1e-200, 5e-324])
def test_overflow_and_underflow_on_the_way(x):
    """What is infinite or zero inside takes no digits of the rest with it, and makes no NaN."""
    large = abs(x) > 1
    assert ELEMENTWISE[_bell](x) == (0 if large else 1)
    assert ELEMENTWISE[_settled](x) == (3 if large else np.inf)
    assert ELEMENTWISE[_cut](x) == (5 if large else 2)
