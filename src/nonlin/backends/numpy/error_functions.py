"""The error function and its complements, branch-free, for both arithmetics."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from .arithmetic import Native
from .coefficients import ERFCX, TWO_OVER_PI, polynomial_of
from .elementary import exp, polynomial, terms

Function = Callable[[Any, Any], Any]
_NEAR = 0.5  # below, 1 - erfc would cancel


def erfcx(a: Native, x: Any) -> Any:
    """exp(x**2) erfc(x) for x >= 0: a polynomial in (x - 4) / (x + 4) over 1 + 2 x, halved lest 2 x overflow."""
    near = a.where(a.less(x, a.number(2.0**60)), x, a.number(2.0**60))
    q = a.divide(a.subtract(near, a.number(4)), a.add(near, a.number(4)))
    scaled = polynomial(a, q, polynomial_of(ERFCX, a.precision), 1.0)
    half = a.number(Fraction(1, 2))
    result = a.divide(a.multiply(scaled, half), a.add(x, half))
    return a.where(a.less_equal(a.number(0), x), result, a.number(math.nan))


def erf(a: Native, x: Any, *, exp: Function = exp, erfcx: Function = erfcx) -> Any:
    """The error function for every x, with the functions that it is made of."""
    size = a.abs(x)
    far = a.copysign(a.subtract(a.number(1), _upper_tail(a, size, exp, erfcx)), x)
    return a.where(a.less(size, a.number(_NEAR)), _erf_near(a, x), far)


def _erf_near(a: Native, x: Any) -> Any:
    """X times a power series in x**2."""
    two_over_root_pi = Fraction(math.isqrt(int(2 * TWO_OVER_PI * 4**200)), 2**200)
    series = terms(a, lambda k: two_over_root_pi * Fraction((-1) ** k, math.factorial(k) * (2 * k + 1)), _NEAR**2)
    return a.multiply(x, polynomial(a, a.multiply(x, x), series, _NEAR**2))


def erfc(a: Native, x: Any, *, exp: Function = exp, erfcx: Function = erfcx) -> Any:
    """The complementary error function for every x, with the functions that it is made of."""
    tail = _upper_tail(a, a.abs(x), exp, erfcx)
    return a.where(a.less(x, a.number(0)), a.subtract(a.number(2), tail), tail)


def _upper_tail(a: Native, x: Any, exp: Function, erfcx: Function) -> Any:
    """The complementary error function for x >= 0."""
    return a.multiply(erfcx(a, x), exp(a, a.negative(a.multiply(x, x))))
