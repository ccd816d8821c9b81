"""The primitives as training needs them: float32 in float32, in few instructions, for finite numbers.

The exponential and what is made of it share one reduction of their argument. Results are right to a few units in the
last place; one that is too small for a normal number is about the smallest of these, and one too large for a finite
number is large. NaN stays NaN, and what is no number in mathematics is none here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from ...definition.constants import exact
from ...definition.expression import Expression, number
from . import error_functions, primitives
from .arithmetic import Native
from .coefficients import ERFCX_TRAINING, polynomial_of
from .elementary import log_2_parts, magic, polynomial
from .emitter import Value
from .rewriting import rewritten

COSTLY = ("exp", "expm1", "log", "log1p", "tanh", "erf", "erfc", "erfcx", "sin", "cos", "arctan")
_FLAGS = "nsz arcp contract"  # fused products and sums, and one reciprocal for all quotients with the same divisor
_LOG_2_HALF = Fraction(3466, 10000)  # the reduced argument of exp is at most log(2) / 2
_SQUARE = Fraction(2944, 100000)  # ((sqrt(2) - 1) / (sqrt(2) + 1))^2


def table(a: Native) -> dict[str, Callable[..., Any]]:
    """The primitives of the definitions, emitting instructions."""
    operations = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
    quick = {
        name: lambda x, y, operation=operation: a.emit.binary(f"{operation} {_FLAGS}", x, y)
        for name, operation in operations.items()
    }
    functions = (exp, expm1, log1p, tanh, erf, erfc, erfcx)
    own = {function.__name__: lambda x, function=function: function(a, x) for function in functions}
    return primitives.table(a) | quick | own


def with_single_divisors(outputs: Iterable[Expression]) -> tuple[Expression, ...]:
    """Formulas that divide by a number twice, not by its square, so that quotients have divisors in common."""

    def divided(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        if node.operation != "divide" or arguments[1].operation != "multiply":
            return None
        first, second = arguments[1].arguments
        return arguments[0] / first / first if first is second else None

    return tuple(rewritten(outputs, divided))


def without_zeros(outputs: Iterable[Expression]) -> tuple[Expression, ...]:
    """Formulas with 0 for 0 times or over a number: what a parameter such as a smoothing of 0 takes out."""

    def zero(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        nothing = [argument.operation == "number" and argument.value == 0 for argument in arguments]
        if (node.operation == "multiply" and any(nothing)) or (node.operation == "divide" and nothing == [True, False]):
            return number(0)
        return None

    return tuple(rewritten(outputs, zero))


def exp(a: Native, x: Value) -> Value:
    """exp(x)."""
    power, q = _reduced(a, x)
    return a.fma(power, q, power)


def expm1(a: Native, x: Value) -> Value:
    """exp(x) - 1."""
    power, q = _reduced(a, x)
    return a.fma(power, q, a.subtract(power, a.splat(1)))


def tanh(a: Native, x: Value) -> Value:
    """The hyperbolic tangent: (1 - e) / (1 + e) for e = exp(-2 |x|), as its derivative is 4 e / (1 + e)^2."""
    quick = table(a)
    twice = quick["multiply"](a.splat(-2), a.abs(x))
    return a.copysign(quick["divide"](expm1(a, twice), quick["add"](a.splat(1), exp(a, twice))), x)


def erfcx(a: Native, x: Value) -> Value:
    """exp(x**2) erfc(x) for x >= 0, NaN below: a polynomial in (x - 3) / (x + 3), over x + 3."""
    share = a.divide(a.splat(1), a.add(x, a.splat(3)))
    q = a.fma(a.splat(-6), share, a.splat(1))
    result = a.multiply(share, polynomial(a, q, polynomial_of(ERFCX_TRAINING, a.precision), 1.0))
    return a.where(a.less_equal(a.splat(0), x), result, a.splat(math.nan))


def erf(a: Native, x: Value) -> Value:
    """The error function."""
    return error_functions.erf(a, x, exp=exp, erfcx=erfcx)


def erfc(a: Native, x: Value) -> Value:
    """The complementary error function."""
    return error_functions.erfc(a, x, exp=exp, erfcx=erfcx)


def log1p(a: Native, x: Value) -> Value:
    """log(1 + x): k log(2) + 2 atanh(f / (2 + f)) for 1 + x = 2**k (1 + f), NaN for x <= -1."""
    y = a.add(a.splat(1), x)
    offset = a.emit.binary("sub", a.bits(y), a.bits(a.splat(exact("sqrt_half"))))
    k = a.emit.binary("ashr", offset, a.integers(_shift(a)))
    one = a.bits(a.splat(1))
    scale = a.from_bits(a.emit.binary("sub", one, a.emit.binary("shl", k, a.integers(_shift(a)))))
    f = a.fma(x, scale, a.subtract(scale, a.splat(1)))
    s = a.divide(f, a.add(f, a.splat(2)))
    square = a.multiply(s, s)
    rest = a.subtract(f, a.multiply(square, polynomial(a, square, _atanh(a.precision), 1.0)))
    whole = a.emit.convert("sitofp", k, a.type)
    first, second, third = log_2_parts(15 if a.element == "float" else 42)
    low = a.fma(whole, a.splat(second + third), a.fma(a.minus(s), rest, f))
    return a.where(a.less(a.splat(0), y), a.fma(whole, a.splat(first), low), a.splat(math.nan))


def _reduced(a: Native, x: Value) -> tuple[Value, Value]:
    """2**n and exp(x - n log 2) - 1, with x - n log 2 at most log(2) / 2 in size and 2**n a normal number."""
    low, high = (-87, 88) if a.element == "float" else (-708, 709)
    x = a.where(a.less(a.splat(high), x), a.splat(high), x)
    x = a.where(a.less(x, a.splat(low)), a.splat(low), x)
    offset = a.splat(magic(a))
    shifted = a.fma(x, a.splat(1 / math.log(2)), offset)
    minus = a.minus(a.subtract(shifted, offset))
    first, second, third = log_2_parts(15 if a.element == "float" else 42)
    r = a.fma(minus, a.splat(second + third), a.fma(minus, a.splat(first), x))
    exponent = a.emit.binary("shl", a.bits(shifted), a.integers(_shift(a)))  # of the sum, n is all that stays
    power = a.from_bits(a.emit.binary("add", exponent, a.bits(a.splat(1))))
    return power, a.fma(a.multiply(r, r), polynomial(a, r, _curvature(a.precision), 1.0), r)


def _shift(a: Native) -> int:
    """The place of the exponent in a float."""
    return 23 if a.element == "float" else 52


@cache
def _curvature(precision: int) -> list[Fraction]:
    """(exp(r) - 1 - r) / r**2."""
    return economized([Fraction(1, math.factorial(k + 2)) for k in range(20)], _LOG_2_HALF, precision)


@cache
def _atanh(precision: int) -> list[Fraction]:
    """(2 atanh(s) / s - 2) / s**2, of s**2."""
    return economized([Fraction(2, 2 * k + 3) for k in range(20)], _SQUARE, precision)


def economized(series: Sequence[Fraction], bound: Fraction, precision: int) -> list[Fraction]:
    """A polynomial of lower degree that differs from a power series by 2**-precision at most for |x| <= bound.

    Its last term is replaced, while that is small enough, by what is left when a Chebyshev polynomial, the smallest
    one of its degree, is taken from it (Lanczos 1938, doi:10.1002/sapm1938171123).

    >>> economized([Fraction(1), Fraction(1), Fraction(1, 100)], Fraction(1), 7)
    [Fraction(201, 200), Fraction(1, 1)]
    """
    left, error = list(series), Fraction(1, 2**precision)
    while left and (lost := abs(left[-1]) * _chebyshev_size(len(left) - 1, bound)) <= error:
        error -= lost
        smallest = _chebyshev(len(left) - 1, bound)
        left = [c - left[-1] * t for c, t in zip(left, smallest, strict=True)][:-1]
    return left


def _chebyshev_size(degree: int, bound: Fraction) -> Fraction:
    return bound**degree / 2 ** max(degree - 1, 0)


def _chebyshev(degree: int, bound: Fraction) -> list[Fraction]:
    """Chebyshev's polynomial for |x| <= bound, with a leading coefficient of 1."""
    before, last = [Fraction(1)], [Fraction(0), Fraction(1)]
    for k in range(1, degree):
        share = bound**2 / (2 if k == 1 else 4)
        before, last = last, [c - share * b for c, b in zip([Fraction(0), *last], [*before, 0, 0], strict=True)]
    return last if degree else before
