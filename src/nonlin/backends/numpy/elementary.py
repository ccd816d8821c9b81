"""The elementary functions, branch-free, for both arithmetics: what a loop of `math.exp` cannot vectorise.

Each is a reduction of the argument and a polynomial (Muller, Elementary Functions, 3rd edition, chapters 5 and 11).
Coefficients are exact fractions, rounded by the arithmetic that uses them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from ...definition.constants import exact
from .arithmetic import DoubleDouble, Native, Pair
from .emitter import Value

_LOG_2_HALF = 0.3466  # the reduced argument of exp is at most log(2) / 2
_PAIR_BITS = 68  # what a double-double function aims at: it is rounded to 53


def polynomial(a: Native, x: Any, coefficients: Sequence[Fraction], bound: float) -> Any:
    """Horner's rule; for pairs the terms that cannot matter to `_PAIR_BITS` are summed in double."""
    if not isinstance(a, DoubleDouble):
        result = a.number(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = a.fma(result, x, a.number(coefficient))
        return result
    heads = _heads(tuple(coefficients), bound)
    tail = polynomial(Native(a.emit, "double"), x.high, coefficients[heads:], bound)
    result, size = a.lift(tail), sum(abs(float(c)) * bound**power for power, c in enumerate(coefficients[heads:]))
    for coefficient in reversed(coefficients[:heads]):
        size *= bound
        larger = abs(coefficient) > size
        result = a.add_finite(a.number(coefficient), a.multiply(result, x), ordered=larger)
        size += abs(float(coefficient))
    return result


def _heads(coefficients: tuple[Fraction, ...], bound: float) -> int:
    """How many leading terms need both doubles: the rest is below 2**(53 - _PAIR_BITS) of the first."""
    sizes = [abs(float(c)) * bound**power for power, c in enumerate(coefficients)]
    limit = sizes[0] * 2.0 ** (53 - _PAIR_BITS)
    return next((k for k in range(1, len(sizes) - 1) if sum(sizes[k:]) < limit), len(sizes) - 1)


def terms(a: Native, coefficient: Callable[[int], Fraction], bound: float) -> list[Fraction]:
    """As many terms of a power series as the precision of the arithmetic needs."""
    bits = min(a.precision, _PAIR_BITS) + 3
    terms = [coefficient(0)]
    while float(abs(terms[-1])) * bound ** (len(terms) - 1) > float(abs(terms[0])) * 2.0**-bits:
        terms.append(coefficient(len(terms)))
    return terms


@cache
def log_2_parts(digits: int) -> tuple[Fraction, Fraction, Fraction]:
    """Log(2) in three parts, the first two with so few bits that whole multiples of them are exact."""
    rest, parts = exact("log_2"), []
    for _ in range(2):
        shift = digits - math.frexp(float(rest))[1]
        part = Fraction(math.floor(rest * 2**shift), 2**shift)
        parts.append(part)
        rest -= part
    return parts[0], parts[1], rest


def magic(a: Native) -> float:
    """The number whose unit in the last place is 1: adding it rounds to a whole number."""
    return 1.5 * 2.0 ** (23 if a.element == "float" else 52)


def _clamp(a: Native, x: Any, low: float, high: float) -> Any:
    """X within [low, high] as far as its head tells; NaN stays NaN."""
    head, compare = a.head(x), a.emit.compare
    x = a.where(compare("olt", a.splat(high), head), a.number(high), x)
    return a.where(compare("olt", head, a.splat(low)), a.number(low), x)


def _power_of_two(a: Native, exponent: Value) -> Value:
    """2 to a whole power within the range of exponents, made of bits."""
    bias, shift = (127, 23) if a.element == "float" else (1023, 52)
    biased = a.emit.binary("add", exponent, a.integers(bias))
    return a.from_bits(a.emit.binary("shl", biased, a.integers(shift)))


def _expm1_reduced(a: Native, x: Any) -> tuple[Value, Any]:
    """A whole number n and exp(x - n log 2) - 1, with x - n log 2 at most log(2) / 2 in size."""
    emit, single = a.emit, Native(a.emit, a.element)
    offset = single.splat(magic(a))
    shifted = single.fma(a.head(x), single.splat(1 / math.log(2)), offset)
    whole = single.subtract(shifted, offset)
    n = emit.binary("sub", single.bits(shifted), single.bits(offset))
    first, second, third = log_2_parts(15 if a.element == "float" else 42)
    minus = single.negative(whole)
    reduced = single.fma(minus, single.splat(first), a.head(x))
    if isinstance(a, DoubleDouble):
        total, error = a.two_sum(reduced, single.multiply(minus, single.splat(second)))
        error = single.add(error, single.fma(minus, single.splat(third), x.low))
        r: Any = Pair(total, error)
    else:
        r = single.fma(minus, single.splat(second + third), reduced)
    series = terms(a, lambda k: Fraction(1, math.factorial(k + 1)), _LOG_2_HALF)
    return n, a.multiply(r, polynomial(a, r, series, _LOG_2_HALF))


def exp(a: Native, x: Any) -> Any:
    """exp(x) for every x; subnormal results are kept."""
    x = _clamp(a, x, *((-104, 89) if a.element == "float" else (-746, 710)))
    n, q = _expm1_reduced(a, x)
    # 2**n may lie outside the range of exponents where the result does not: multiply by two halves of it.
    half = a.emit.binary("ashr", n, a.integers(1))
    rest = a.emit.binary("sub", n, half)
    return a.scale(a.scale(a.add_finite(a.number(1), q, ordered=True), _power_of_two(a, half)), _power_of_two(a, rest))


def identity_near_zero(a: Native, x: Any, result: Any) -> Any:
    """X itself where the result would round to it: keeps -0.0 and every bit of a subnormal number."""
    size = a.emit.intrinsic("fabs", a.head(x))
    return a.where(a.emit.compare("olt", size, a.splat(2.0 ** -(a.precision + 4))), x, result)


def expm1(a: Native, x: Any) -> Any:
    """exp(x) - 1 for every x."""
    lowest = {24: -20, 53: -40, 106: -80}[a.precision]  # below, the result is -1
    n, q = _expm1_reduced(a, _clamp(a, x, lowest, 89 if a.element == "float" else 710))
    half_power = _power_of_two(a, a.emit.binary("sub", n, a.integers(1)))
    ones = a.add_finite(a.lift(half_power), a.number(Fraction(-1, 2)))
    half = a.add_finite(a.scale(q, half_power), ones)
    return identity_near_zero(a, x, a.scale(half, a.splat(2)))


def tanh(a: Native, x: Any) -> Any:
    """The hyperbolic tangent from expm1(-2|x|)."""
    e = expm1(a, a.multiply(a.number(-2), a.abs(x)))
    return a.copysign(a.divide(e, a.add_finite(a.number(2), e, ordered=True)), x)


def _log_reduced(a: Native, y: Value) -> tuple[Value, Value]:
    """K and the mantissa m of a positive normal number y = 2**k m, with m between sqrt(1/2) and sqrt(2)."""
    shift = 23 if a.element == "float" else 52
    half = Native(a.emit, a.element).splat(exact("sqrt_half"))
    offset = a.emit.binary("sub", a.bits(y), a.bits(half))
    k = a.emit.binary("ashr", offset, a.integers(shift))
    exponent = a.emit.binary("shl", k, a.integers(shift))
    return k, a.from_bits(a.emit.binary("sub", a.bits(y), exponent))


def _whole(a: Native, k: Value) -> Value:
    """A small whole number as a float."""
    offset = a.splat(magic(a))
    return a.subtract(a.from_bits(a.emit.binary("add", k, a.bits(offset))), offset)


def _log_mantissa(a: Native, m: Value) -> Value:
    """log(m) = 2 atanh((m - 1) / (m + 1)) for m between sqrt(1/2) and sqrt(2)."""
    s = a.divide(a.subtract(m, a.number(1)), a.add(m, a.number(1)))
    square = a.multiply(s, s)
    series = terms(a, lambda k: Fraction(2, 2 * k + 1), 0.02944)
    return a.multiply(s, polynomial(a, square, series, 0.02944))


def _assemble(a: Native, k: Value, log_mantissa: Value, correction: Value) -> Value:
    """K log(2) + log_mantissa + correction, smallest terms first."""
    first, second, third = log_2_parts(15 if a.element == "float" else 42)
    whole = _whole(a, k)
    low = a.fma(whole, a.number(second + third), correction)
    return a.fma(whole, a.number(first), a.add(log_mantissa, low))


def _log_native(a: Native, x: Value) -> Value:
    tiny, raised = (2.0**-126, 24) if a.element == "float" else (2.0**-1022, 54)
    subnormal = a.less(x, a.number(tiny))
    y = a.where(subnormal, a.multiply(x, a.number(2.0**raised)), x)
    k, m = _log_reduced(a, y)
    k = a.emit.select(subnormal, a.emit.binary("sub", k, a.integers(raised)), k)
    result = _assemble(a, k, _log_mantissa(a, m), a.number(0))
    return _log_limits(a, x, result)


def _log_limits(a: Native, x: Any, result: Any) -> Any:
    """NaN below zero, minus infinity at zero, infinity at infinity."""
    zero, infinity = a.number(0), a.number(math.inf)
    result = a.where(a.less(x, infinity), result, x)  # infinity and NaN
    result = a.where(a.less(zero, x), result, a.where(a.less_equal(zero, x), a.number(-math.inf), a.number(math.nan)))
    return a.where(a.is_nan(x), x, result)


def log(a: Native, x: Any) -> Any:
    """The natural logarithm for every x."""
    if not isinstance(a, DoubleDouble):
        return _log_native(a, x)
    single = Native(a.emit, "double")
    subnormal = single.less(x.high, single.number(2.0**-1022))
    y = a.scale(x, single.where(subnormal, single.number(2.0**54), single.number(1)))
    k, _ = _log_reduced(single, y.high)
    # 2**-k in two factors, because k reaches both ends of the exponents
    half = a.emit.binary("ashr", k, a.integers(1))
    factors = [_power_of_two(single, a.emit.binary("sub", a.integers(0), part)) for part in
               (half, a.emit.binary("sub", k, half))]  # fmt: skip
    mantissa = a.scale(a.scale(y, factors[0]), factors[1])
    k = a.emit.select(subnormal, a.emit.binary("sub", k, a.integers(54)), k)
    whole = a.multiply(a.lift(_whole(single, k)), a.constant("log_2"))
    return _log_limits(a, x, a.add(whole, log1p(a, a.subtract(mantissa, a.number(1)))))


def log1p(a: Native, x: Any) -> Any:
    """log(1 + x) for every x > -1."""
    if isinstance(a, DoubleDouble):
        return _log1p_pair(a, x)
    y = a.add(x, a.number(1))
    lost = a.subtract(x, a.subtract(y, a.number(1)))
    k, m = _log_reduced(a, y)
    result = _assemble(a, k, _log_mantissa(a, m), a.divide(lost, y))
    return identity_near_zero(a, x, _log_limits(a, y, result))


def _log1p_pair(a: DoubleDouble, x: Pair) -> Pair:
    """One Newton step, itself in double, on the double's result, with expm1 to the precision of pairs."""
    single = Native(a.emit, "double")
    guess = log1p(single, x.high)
    e = expm1(a, a.lift(guess))
    missing = single.add(single.subtract(x.high, e.high), single.subtract(x.low, e.low))
    step = single.divide(missing, single.add(e.high, single.splat(1)))
    finite = single.less(single.abs(guess), single.splat(math.inf))
    better = Pair(*single.quick_two_sum(guess, step))
    return identity_near_zero(a, x, a.where(finite, better, a.lift(guess)))


def maximum(a: Native, x: Any, y: Any) -> Any:
    """The larger; NaN if either is."""
    if not isinstance(a, DoubleDouble):
        return a.emit.intrinsic("maximum", x, y)  # a select would be free to lose the sign of -0.0
    return a.where(a.is_nan(y), y, a.where(a.less(x, y), y, x))


def minimum(a: Native, x: Any, y: Any) -> Any:
    """The smaller; NaN if either is."""
    if not isinstance(a, DoubleDouble):
        return a.emit.intrinsic("minimum", x, y)
    return a.where(a.is_nan(y), y, a.where(a.less(y, x), y, x))


def sign(a: Native, x: Any) -> Any:
    """-1, 0 or 1; NaN stays."""
    zero = a.number(0)
    return a.where(a.less(zero, x), a.number(1), a.where(a.less(x, zero), a.number(-1), x))
