# ruff: noqa: RUF001 - typographic dashes and signs are what is tested
"""Numbers as text, read back; and the decimals that they are given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonlin.study.numbers import decimals, number

FINITE = st.floats(allow_nan=False, allow_infinity=False, width=32)
SIZE = st.floats(1e-8, 1e6)


@given(FINITE, st.integers(0, 6), st.booleans())
def test_a_number_reads_back_as_itself_rounded(value, digits, signed):
    text = number(value, digits, signed=signed)
    assert "-" not in text
    back = float(text.replace("−", "-"))
    assert back == pytest.approx(value, abs=0.5000001 * 10**-digits, rel=0.006 if abs(value) >= 1e7 else 1e-12)
    assert not text.startswith("−") or back < 0


@pytest.mark.parametrize(("value", "text"), [(np.inf, "∞"), (-np.inf, "−∞"), (np.nan, "–"), (-0.0, "0.00")])
def test_numbers_that_are_none_have_their_own_signs(value, text):
    assert number(value, 2) == text


def digits_of(value, places):
    """How many digits of the value are printed, from the first that is not zero."""
    return len(str(int(abs(value) * 10.0**places + 1e-6)))


@given(SIZE)
def test_a_width_alone_is_printed_with_two_digits_at_least(width):
    places = decimals([width])
    assert digits_of(width, places) == 2 or places == 0


@given(SIZE, SIZE)
def test_the_least_size_does_not_vanish_beside_a_wide_interval(width, least):
    places = decimals([width], least)
    assert places >= decimals([width])
    assert least * 10.0**places > 0.999


@given(SIZE)
def test_without_a_width_the_least_size_has_two_digits(least):
    assert decimals([], least) == decimals([least]) == decimals([0.0, np.nan, np.inf], least)
