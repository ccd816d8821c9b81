"""The elementary functions in two floats, for moderate arguments; `fast_range` measures up to where they hold.

Each reduces its argument, takes the leading terms in two floats and all that is small against them from a polynomial
in one, so that its relative error is below 2**-26.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ...definition.constants import SQRT_HALF, exact
from ...definition.expression import Expression, apply
from .elementary import magic
from .emitter import Value
from .fast_coefficients import ERF, ERF_SLOPE, EXP, EXPM1, LOG, POWERS, STEPS, TAIL_RATIO
from .float_pair import FloatPair, Sum
from .rewriting import rewritten
from .sizes import simplified

_LOG_2 = exact("log_2")
_LOG_2_HEAD = Fraction(355, 512)  # so few bits that a whole number times it is exact
_GROWTH = 64
_SHIFT = 24 - STEPS.bit_length()  # the bit of a float that is 1 / 16 of the lowest one of its exponent
# Powers as floats, what these lack relative to them, and these floats less what k << 19 adds within a doubling
_NEAREST = tuple(float(np.float32(float(power))) for power in POWERS)
_MISSING = tuple(float(power / Fraction(near) - 1) for power, near in zip(POWERS, _NEAREST, strict=True))
_SHIFTED = tuple(
    float((np.float32(near).view(np.int32) - np.int32(j << _SHIFT)).view(np.float32)) for j, near in enumerate(_NEAREST)
)


def series(a: FloatPair, x: Value, numbers: Sequence[float | Value]) -> Value:
    """A polynomial in one float, even and odd powers apart, so that they need not wait for each other."""
    coefficients = [number if isinstance(number, Value) else a.splat(number) for number in numbers]
    square = a.emit.binary("fmul", x, x)
    sums = []
    for part in (coefficients[::2], coefficients[1::2]):
        total = part[-1]
        for coefficient in part[-2::-1]:
            total = a.fma(total, square, coefficient)
        sums.append(total)
    return a.fma(sums[1], x, sums[0])


class _Reduced(NamedTuple):
    """exp(x) as 2**(k / 16) (1 + r + rest + square * above)."""

    k: Value
    places: Value  # k as an integer in the lowest bits
    r: Value
    rest: Value
    both: Value  # r + rest
    square: Value
    above: Value


def _exp_reduced(a: FloatPair, x: Sum, coefficients: Sequence[float]) -> _Reduced:
    offset = a.splat(magic(a))
    shifted = a.fma(x.high, a.splat(STEPS / _LOG_2), offset)
    whole = a.emit.binary("fsub", shifted, offset)
    r = a.fma(whole, a.splat(-_LOG_2_HEAD / STEPS), x.high)
    index = a.bits(shifted)
    rest = a.fma(whole, a.splat((_LOG_2_HEAD - _LOG_2) / STEPS), a.lookup(_MISSING, index))
    rest = rest if x.low is None else a.emit.binary("fadd", rest, x.low)
    both = a.emit.binary("fadd", r, rest)
    square = a.emit.binary("fmul", both, both)
    return _Reduced(whole, index, r, rest, both, square, series(a, both, coefficients))


def _power(a: FloatPair, index: Value) -> Value:
    """2**(k / 16) where it is a normal number: k << 19 is k / 16 in the exponent, but for what the table takes away."""
    moved = a.emit.binary("shl", index, a.integers(_SHIFT))
    return a.from_bits(a.emit.binary("add", a.bits(a.lookup(_SHIFTED, index)), moved))


def _expanded(a: FloatPair, parts: _Reduced, power: Value) -> Sum:
    """A power of 2 times (1 + r + ...)."""
    change = a.fma(parts.square, parts.above, parts.both)
    total = a.fma(power, change, power)
    return Sum(total, a.fma(power, change, a.emit.binary("fsub", power, total)))


def moderate_exp(a: FloatPair, x: Sum) -> Sum:
    """exp(x) for |x| up to about 80."""
    parts = _exp_reduced(a, x, EXP)
    return _expanded(a, parts, _power(a, parts.places))


def exp(a: FloatPair, x: Sum) -> Sum:
    """exp(x), also where it is subnormal, 0 or infinite."""
    return _far_exp(a, x, 0)


def grown_exp(a: FloatPair, x: Sum) -> Sum:
    """2**64 exp(x) for x <= 0: what it is multiplied by is not lost where exp(x) is hardly a normal number."""
    return _far_exp(a, x, _GROWTH)


def shrunk(a: FloatPair, x: Sum) -> Sum:
    """X / 2**64, the high part of which is nearest to it, since where it is subnormal there is no low one."""
    assert x.low is not None
    factor = a.splat(2.0**-_GROWTH)
    high, low = a.quick_two_sum(x.high, x.low)
    return Sum(a.emit.binary("fmul", high, factor), a.emit.binary("fmul", low, factor))


def _far_exp(a: FloatPair, x: Sum, growth: int) -> Sum:
    parts = _exp_reduced(a, x, EXP)
    exponent = a.fma(parts.k, a.splat(1 / STEPS), a.splat(growth))
    high, low, *_ = _expanded(a, parts, a.lookup(_NEAREST, parts.places))
    assert low is not None
    return Sum(a.scaled(high, exponent), a.scaled(low, exponent))


def expm1(a: FloatPair, x: Sum) -> Sum:
    """exp(x) - 1 for x up to about 80."""
    least = a.splat(-40)
    near = Sum(a.emit.select(a.emit.compare("olt", x.high, least), least, x.high), x.low)
    parts = _exp_reduced(a, near, EXPM1)
    power = _power(a, parts.places)
    ones, lost = a.two_sum(power, a.splat(-1))
    p, error = a.quick_two_sum(parts.r, a.fma(parts.square, parts.above, parts.rest))
    change = a.emit.binary("fmul", power, p)
    missing = a.fma(power, error, a.fma(power, p, a.minus(change)))
    total, left = a.quick_two_sum(ones, change)
    return Sum(a.emit.intrinsic("copysign", total, x.high), a.plus(a.plus(lost, left), missing))


def log(a: FloatPair, x: Sum) -> Sum:
    """log(x) for normal numbers."""
    return _log(a, x.high, x.low)


def log1p(a: FloatPair, x: Sum) -> Sum:
    """log(1 + x)."""
    total, error = a.two_sum(a.splat(1), x.high)
    return _log(a, total, error, x.low)


def _log(a: FloatPair, x: Value, *rest: Value | None) -> Sum:
    """log(x + rest) for normal numbers: k log 2 and 2 atanh((m - 1) / (m + 1))."""
    one = a.splat(1)
    offset = a.emit.binary("sub", a.bits(x), a.bits(a.splat(exact("sqrt_half"))))
    exponent = a.emit.binary("and", offset, a.integers(0xFF800000))
    k = a.emit.convert("sitofp", a.emit.binary("ashr", offset, a.integers(23)), a.type)
    m = a.from_bits(a.emit.binary("sub", a.bits(x), exponent))
    scale = a.from_bits(a.emit.binary("sub", a.bits(one), exponent))
    top, bottom = Sum(a.emit.binary("fsub", m, one)), a.emit.binary("fadd", m, one)
    lost = a.emit.binary("fsub", m, a.emit.binary("fsub", bottom, one))
    for part in rest:
        if part is not None:
            low = a.times(part, scale)
            high, error = a.quick_two_sum(top.high, low) if top.low is None else (top.high, a.plus(top.low, low))
            top, lost = Sum(high, error), a.plus(lost, low)
    s = a.divide(top, Sum(bottom, lost))
    assert s.low is not None
    square = a.emit.binary("fmul", s.high, s.high)
    tail = a.fma(a.emit.binary("fmul", square, s.high), series(a, square, LOG), a.plus(s.low, s.low))
    base = a.emit.binary("fmul", k, a.splat(_LOG_2_HEAD))
    total, error = a.quick_two_sum(base, a.plus(s.high, s.high))
    return Sum(*a.quick_two_sum(total, a.plus(error, a.fma(k, a.splat(_LOG_2 - _LOG_2_HEAD), tail))))


def tail_ratio(a: FloatPair, x: Sum) -> Sum:
    """exp(x^2 / 2) erfc(x / sqrt(2)) for 0 <= x < 15: a polynomial for every quarter of a doubling of 1 + x."""
    doubled, last = a.fma(x.high, a.splat(2), a.splat(2)), a.splat(31.5)  # its exponent ends in 00 for x = 0
    doubled = a.emit.select(a.emit.compare("olt", doubled, last), doubled, last)
    index = a.emit.binary("lshr", a.bits(doubled), a.integers(21))
    point, value, *coefficients = (a.lookup(column, index) for column in zip(*TAIL_RATIO, strict=True))
    q = a.emit.binary("fsub", x.high, point)
    q = q if x.low is None else a.plus(q, x.low)
    slope = series(a, q, coefficients)
    total = a.fma(q, slope, value)
    return Sum(total, a.fma(q, slope, a.emit.binary("fsub", value, total)))


def from_two(a: FloatPair, x: Sum) -> Sum:
    """2 - x for 0 <= x <= 1."""
    total, error = a.quick_two_sum(a.splat(2), a.minus(x.high))
    return Sum(total, error if x.low is None else a.emit.binary("fsub", error, x.low))


def erf_near(a: FloatPair, x: Sum) -> Sum:
    """erf(x) for |x| <= 1/2."""
    square = a.emit.binary("fmul", x.high, x.high)
    slope = a.number(ERF_SLOPE)
    assert slope.low is not None
    high, low = a.quick_two_sum(slope.high, a.fma(square, series(a, square, ERF), slope.low))
    return a.multiply(x, Sum(high, low))


_OWN = (exp, moderate_exp, grown_exp, shrunk, expm1, log, log1p, tail_ratio, from_two, erf_near)
_BASIC = (
    "number", "constant", "add", "subtract", "multiply", "divide", "negative", "abs", "less", "less_equal", "where",
    "sqrt", "maximum", "minimum", "sign",
)  # fmt: skip


def table(a: FloatPair) -> dict[str, Callable[..., Any]]:
    """The primitives, emitting instructions."""
    own = {function.__name__: lambda *x, function=function: function(a, *x) for function in _OWN}
    return {name: getattr(a, name) for name in (*_BASIC, "ordered_add")} | own


def _tanh(x: Expression) -> Expression:
    e = apply("expm1", apply("minimum", 2 * x, 20))  # from there on, it is 1
    return e / (e + 2)


def _times_root_of_2(x: Expression) -> Expression:
    """X sqrt(2), without a product where x is a multiple of sqrt(1/2)."""
    if x.operation in ("abs", "negative"):
        return apply(x.operation, _times_root_of_2(*x.arguments))
    if x.operation == "multiply" and SQRT_HALF in x.arguments:
        return x.arguments[x.arguments[0] is SQRT_HALF]
    return x * SQRT_HALF * 2


def _erfcx(x: Expression) -> Expression:
    return apply("tail_ratio", _times_root_of_2(x))


def _tail(x: Expression) -> Expression:
    """Erfc(|x|)."""
    y = abs(_times_root_of_2(x))
    return apply("shrunk", apply("tail_ratio", y) * apply("grown_exp", y * (y * Fraction(-1, 2))))


def _erfc(x: Expression) -> Expression:
    return apply("where", _times_root_of_2(x) < 0, apply("from_two", _tail(x)), _tail(x))


def _erf(x: Expression) -> Expression:
    far = apply("where", x < 0, _tail(x) - 1, 1 - _tail(x))
    return apply("where", abs(x) < Fraction(1, 2), apply("erf_near", x), far)


_MADE_OF_OTHERS: dict[str, Callable[[Expression], Expression]] = {
    "tanh": _tanh, "erfcx": _erfcx, "erfc": _erfc, "erf": _erf,
}  # fmt: skip

PRIMITIVES = (*_BASIC, *(function.__name__ for function in _OWN), *_MADE_OF_OTHERS)
"""What a formula may be made of."""


def expanded(outputs: Sequence[Expression]) -> list[Expression]:
    """Formulas in which functions that are made of others are written with these."""

    def made(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        make = _MADE_OF_OTHERS.get(node.operation)
        return make(*arguments) if make else None

    return simplified(rewritten(outputs, made))
