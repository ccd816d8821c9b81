"""The named constants against their formulas in 70-digit arithmetic."""

import mpmath
import pytest
from mpmath import mp

from nonlin.definition.constants import DIGITS


def _selu_alpha():
    return -mpmath.sqrt(2 / mpmath.pi) / (mpmath.erfc(1 / mpmath.sqrt(2)) * mpmath.exp(mpmath.mpf(1) / 2) - 1)


def _selu_scale():
    """Klambauer et al. 2017, equation 14."""
    e = mpmath.e
    half, two = mpmath.erfc(1 / mpmath.sqrt(2)), mpmath.erfc(mpmath.sqrt(2))
    inside = 2 * two * e**2 + mpmath.pi * half**2 * e - 2 * (2 + mpmath.pi) * half * mpmath.sqrt(e) + mpmath.pi + 2
    return (1 - half * mpmath.sqrt(e)) * mpmath.sqrt(2 * mpmath.pi) / mpmath.sqrt(inside)


FORMULAS = {
    "log_2": lambda: mpmath.log(2),
    "sqrt_half": lambda: mpmath.sqrt(mpmath.mpf(1) / 2),
    "inverse_sqrt_2pi": lambda: 1 / mpmath.sqrt(2 * mpmath.pi),
    "selu_alpha": _selu_alpha,
    "selu_scale": _selu_scale,
}


@pytest.mark.parametrize("name", sorted(DIGITS))
def test_constant_is_its_formula(name):
    with mp.workdps(70):
        assert abs(mpmath.mpf(DIGITS[name]) - FORMULAS[name]()) < mpmath.mpf(10) ** -58
