"""A formula that says how large its parts are is the same formula, and what it says is true."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonlin.backends.numpy.sizes import USUAL, simplified
from nonlin.definition.expression import CONDITIONS, evaluate, nodes_of, parameter, symbol
from nonlin.facts.plain import plain_table
from nonlin.primitives import exp, maximum, minimum, where

# NumPy's functions in double precision: the judge needs no kernels.
OPERATIONS = plain_table() | {"ordered_add": np.add, "moderate_exp": np.exp}
x, y, p = symbol("x"), symbol("y"), parameter("p")


@st.composite
def formulas(draw):
    """Random formulas of inputs, numbers, choices and exponentials of what is not positive."""
    known = [x, y, p]
    for _ in range(draw(st.integers(1, 25))):
        a, b = (known[draw(st.integers(max(0, len(known) - 6), len(known) - 1))] for _ in range(2))
        number = draw(st.sampled_from([-3, -1, 0, 0.5, 2, 40]))
        known.append(
            draw(
                st.sampled_from(
                    [
                        a + b,
                        a - number,
                        number + a,
                        a * b / (1 + abs(a)),
                        exp(-abs(a)),
                        minimum(a, number),
                        maximum(a, b),
                        where(x < number, a, b),
                        where(number <= y, a, b),
                        where(abs(x) < abs(number), a, x + 3),
                    ]
                )
            )
        )
    return known[-draw(st.integers(1, 3)) :]


def values():
    random = np.random.default_rng(0)
    columns = {name: random.uniform(-USUAL, USUAL, 400) for name in "xy"}
    return columns | {"p": random.normal(0, 30, 400)}


@given(formulas())
def test_the_same_formula(outputs):
    with np.errstate(all="ignore"):
        for got, expected in zip(
            *(evaluate(tuple(f), OPERATIONS, values()) for f in (simplified(outputs), outputs)), strict=True
        ):
            np.testing.assert_array_equal(got, expected)


@given(formulas())
def test_what_is_said_is_true_where_it_is_used(outputs):
    """A part whose claim does not hold is made NaN: no result may see it."""

    def ordered(a, b):
        return np.where(np.abs(a) >= np.abs(b) * (1 - 1e-15), a + b, math.nan)

    told = OPERATIONS | {"ordered_add": ordered}
    with np.errstate(all="ignore"):
        expected = evaluate(tuple(outputs), OPERATIONS, values())
        for got, exact in zip(evaluate(tuple(simplified(outputs)), told, values()), expected, strict=True):
            np.testing.assert_array_equal(np.isnan(got), np.isnan(exact))


def test_a_choice_that_no_number_takes():
    never = where(y >= 2, where(y >= -1, y, x / (1 + abs(y))), x)
    np.testing.assert_array_equal(*(evaluate((f,), OPERATIONS, values())[0] for f in (*simplified([never]), never)))


def operations(formula):
    (found,) = simplified([formula])
    return {node.operation for node in nodes_of([found]) if node.arguments and node.operation not in CONDITIONS}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (1 + exp(-abs(x)), {"ordered_add", "moderate_exp", "negative", "abs"}),
        (1 + exp(x), {"add", "moderate_exp"}),
        (exp(p * x), {"exp", "multiply"}),
        (where(x < 0, exp(p * x) / 2, 1), {"exp", "multiply", "divide", "where"}),
        (x * exp(p * x), {"moderate_exp", "multiply"}),
        (1 / (1 + exp(p * x)), {"moderate_exp", "multiply", "add", "divide"}),
        (exp(-x * x), {"exp", "multiply", "negative"}),
        (x + 3, {"add"}),
        (where(x <= -3, 0, where(x >= 3, x, x * (x + 3))), {"where", "multiply", "ordered_add"}),
        (where(abs(x) < 1, x - 1, 0), {"abs", "where", "ordered_add", "negative"}),
        (where(abs(x) < 1, 0, x - 1), {"abs", "where", "subtract"}),
        (where(x < 2, x - 3, 0) + where(x < 2, 0, x - 3), {"where", "subtract", "add"}),
    ],
)
def test_what_is_found(formula, expected):
    assert operations(formula) == expected
