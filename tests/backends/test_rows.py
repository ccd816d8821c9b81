"""Formulas of rows that users write, in float32: right to one unit in the last place, whatever float32 would do."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.backends.numpy.reductions import split
from nonlin.backends.numpy.row_plan import plan
from nonlin.definition.expression import symbol
from nonlin.primitives import exp, is_row_argmax, log, log1p, row_max, row_sum, sqrt, tanh, where
from nonlin.testing import exact_values, ulp_error

SCALES = [1e-42, 1e-30, 1e-4, 1.0, 30.0, 1e4, 1e30]
LENGTHS = [1, 2, 7, 8, 9, 31, 32, 33, 40, 100]


def below_the_largest(x):
    return x - row_max(x)


def of_length_one(x):
    return x / sqrt(row_sum(x * x))


def of_largest_size_one(x):
    return x / row_max(abs(x))


def unshifted(x):
    return exp(x) / row_sum(exp(x))


def log_of_the_sum(x):
    top = row_max(x)
    return x - top - log(row_sum(exp(x - top)))


def exponentials_below_the_largest(x):
    return exp(x) - row_max(exp(x))


def share_of_the_others(x):
    return 1 - exp(x - row_max(x))


def bent(x):
    return tanh(x - row_max(x)) + log1p(abs(x))


def only_the_largest(x):
    return where(is_row_argmax(x), x, 0)


FORMULAS = [
    below_the_largest, of_length_one, of_largest_size_one, unshifted, log_of_the_sum, exponentials_below_the_largest,
    share_of_the_others, bent, only_the_largest,
]  # fmt: skip
CANCELLING = {
    log_of_the_sum,
    exponentials_below_the_largest,
    share_of_the_others,
}  # in float64 too, from numbers near 1
LIMITED = {unshifted: 500, exponentials_below_the_largest: 500}  # beyond, the formula itself overflows in float64


def _rows(scale, length, limit=np.inf, count=6):
    rows = np.random.default_rng(length).normal(0, scale, (count, length))
    return np.clip(rows, -limit, limit).astype(np.float32)


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("scale", SCALES)
def test_a_formula_of_rows_is_right_to_one_unit(formula, scale):
    """In float32 the squares of 1e30 overflow, those of 1e-30 vanish."""
    record = nl.activation(kind=nl.Row)(formula)
    for length in LENGTHS:
        x = _rows(scale, length, LIMITED.get(formula, np.inf))
        got, exact = record(x), exact_values(record, "definition", x)
        lost = np.abs(got - exact.astype(float)) <= (2.0**-50 if formula in CANCELLING else 0)
        assert np.where(lost, 0, ulp_error(got, exact)).max() <= 1, length


def test_an_exponential_beyond_the_range_of_float64_is_infinite_as_in_the_definition():
    @nl.activation(kind=nl.Row)
    def scaled(x):
        return exp(x) * row_max(x)

    x = np.array([[800, -800, 1, 709], [3, 2, 1, -np.inf]], np.float32)
    expected = [[np.inf, 0, np.exp(1) * 800, np.inf], [3 * np.exp(3), 3 * np.exp(2), 3 * np.exp(1), 0]]
    np.testing.assert_allclose(scaled(x), np.float32(expected), rtol=1e-7)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 5, 31, 32, 63, 64, 69])
def test_what_is_not_finite_reaches_the_whole_row_and_no_other(bad, place):
    record = nl.activation(kind=nl.Row)(of_length_one)
    x = _rows(1.0, 70)
    expected = record(x)
    x[2, place] = bad
    got, wide = record(x), record(x.astype(float))
    np.testing.assert_array_equal(np.delete(got, 2, axis=0), np.delete(expected, 2, axis=0))
    np.testing.assert_array_equal(got[2], wide[2].astype(np.float32))
    assert np.isnan(got[2, place])


@pytest.mark.parametrize("place", [0, 5, 31, 32, 63, 64, 69])
def test_a_nan_is_the_largest_entry(place):
    record = nl.activation(kind=nl.Row)(below_the_largest)
    x = _rows(1.0, 70)
    x[2, place] = np.nan
    assert np.isnan(record(x)[2]).all()
    assert np.isfinite(np.delete(record(x), 2, axis=0)).all()


@pytest.mark.parametrize("length", [3, 8, 32, 33, 64, 100])
def test_the_first_of_equal_largest_entries_is_taken(length):
    record = nl.activation(kind=nl.Row)(only_the_largest)
    for first in range(length):
        for second in {first, (first + 1) % length, length - 1}:
            x = np.full((1, length), -1, np.float32)
            x[0, [first, second]] = 2
            expected = np.zeros((1, length))
            expected[0, min(first, second)] = 2
            np.testing.assert_array_equal(record(x), expected)


def test_a_largest_entry_of_two_doubles_keeps_both():
    """x - log(y) in float64 has more digits than a double; a largest entry that is rounded to one shifts the others."""

    @nl.activation(kind=nl.Row)
    def relative(x, sample):
        noisy = x - log(sample)
        return noisy - row_max(noisy)

    random = np.random.default_rng(0)
    x, sample = random.normal(0, 50, (40, 9)), random.uniform(0.01, 0.99, (40, 9))
    exact = exact_values(relative, "definition", x, sample)
    assert ulp_error(relative(x, sample), exact).max() <= 1


@pytest.mark.parametrize(
    ("formula", "rough"),
    [
        (unshifted, True),  # products and sums of one sign
        (lambda x: exp(x) * exp(-x) / row_sum(exp(x - row_max(x))), True),
        (lambda x: (x - row_max(x)) - log1p(row_sum(exp(x))), True),  # both are negative
        (share_of_the_others, False),  # 1 - exp may cancel
        (exponentials_below_the_largest, False),
        (log_of_the_sum, False),  # the logarithm of a number near 1
        (lambda x: x * row_sum(x * exp(x)), False),  # a sum of both signs
        (lambda x: where(exp(x) < 1, x, 0), False),  # a comparison of nearly equal numbers
        (lambda x: exp(exp(x)), False),
    ],
)
def test_exponentials_are_rough_only_where_their_error_stays_a_factor(formula, rough):
    found = plan([formula(symbol("x"))])
    assert found is not None
    assert found.is_rough == rough


def test_exponents_that_cannot_be_positive_are_known():
    def decaying(formula, positive=()):
        found = plan([formula(symbol("x"), symbol("t"))], positive)
        assert found is not None
        return found.is_decaying

    def shifted(x):
        return where(x >= row_max(x), 0, x - row_max(x))

    assert decaying(lambda x, t: exp(shifted(x)))
    assert decaying(lambda x, t: exp(-(abs(x))))
    assert not decaying(lambda x, t: exp(x))
    assert not decaying(lambda x, t: exp(-shifted(x)))
    assert not decaying(lambda x, t: exp(shifted(x) / t))
    assert not decaying(lambda x, t: exp(where(x > 0, 0, x - row_max(-x))))


def test_a_difference_from_another_rows_largest_entry_is_no_difference_below_it():
    def formula(x, y):
        return where(x >= row_max(y), 0, x - row_max(y))

    (output,) = split([formula(symbol("x"), symbol("y"))])[1]
    found = plan([formula(symbol("x"), symbol("y"))])
    assert found is not None
    assert output.operation == found.outputs[0].entries.operation == "where"
    kept = plan([formula(symbol("x"), symbol("x"))])
    assert kept is not None
    assert kept.outputs[0].entries.operation == "subtract"
