"""Sine, cosine and inverse tangent, branch-free but for far arguments, for both arithmetics."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from .arithmetic import DoubleDouble, Native, Pair
from .coefficients import ARCTAN, PI_HALF, polynomial_of
from .elementary import identity_near_zero, polynomial, terms
from .emitter import Value
from .quarter_turns import quarter_turns

_SQUARE = 0.61686  # (pi / 4)**2: the largest square of a reduced angle
_TAN_PI_8 = Fraction(math.isqrt(2 * 4**200), 2**200) - 1
_HEADS = 4  # terms of sine and cosine that need both doubles


def sin(a: Native, x: Any) -> Any:
    """The sine of every finite x."""
    return identity_near_zero(a, x, _sine(a, x, 0))


def cos(a: Native, x: Any) -> Any:
    """The cosine of every finite x."""
    return _sine(a, x, 1)


def _sine(a: Native, x: Any, quarters: int) -> Any:
    """sin(x + quarters pi / 2)."""
    n, rest = quarter_turns(a, x)
    n = a.emit.binary("add", n, a.integers(quarters))
    parity = a.emit.binary("and", n, a.integers(1))
    odd = a.emit.compare_integers("ne", parity, Value(parity.type, "zeroinitializer"))
    shift = a.integers(30 if a.element == "float" else 62)
    sign = a.emit.binary("shl", a.emit.binary("and", n, a.integers(2)), shift)
    size = _sine_or_cosine(a, rest, odd)
    if isinstance(a, DoubleDouble):
        return Pair(*(_flipped(a, part, sign) for part in size))
    return _flipped(a, size, sign)


def _flipped(a: Native, number: Value, sign: Value) -> Value:
    """The number, its sign changed where a sign bit is set."""
    return a.from_bits(a.emit.binary("xor", a.bits(number), sign))


def _sine_or_cosine(a: Native, x: Any, odd: Value) -> Any:
    """The cosine of a small x where `odd` holds, else its sine: one power series, its coefficients chosen by lane."""
    square = a.multiply(x, x)
    factor = a.where(odd, a.number(1), x)
    change = a.multiply(square, _series(a, square, odd))
    if isinstance(a, DoubleDouble):
        return a.add_finite(factor, a.multiply(factor, change), ordered=True)
    return a.fma(factor, change, factor)


def _series(a: Native, square: Any, odd: Value) -> Any:
    """(cos(x) - 1) / x**2 where `odd` holds, else (sin(x) / x - 1) / x**2, in powers of x**2."""
    count = len(terms(a, lambda k: Fraction(1, math.factorial(2 * k + 2)), _SQUARE))

    def chosen(kind: Native, k: int) -> Any:
        cosine, sine = (Fraction((-1) ** (k + 1), math.factorial(2 * k + j)) for j in (2, 3))
        return kind.where(odd, kind.number(cosine), kind.number(sine))

    heads = _HEADS if isinstance(a, DoubleDouble) else 0
    single = Native(a.emit, a.element, a.lanes)
    total = chosen(single, count - 1)
    for k in reversed(range(heads, count - 1)):
        total = single.fma(total, a.head(square), chosen(single, k))
    result = a.lift(total)
    for k in reversed(range(heads)):
        result = a.add_finite(chosen(a, k), a.multiply(result, square), ordered=True)
    return result


def arctan(a: Native, x: Any) -> Any:
    """The angle whose tangent is x: arctan(c) + arctan((x - c) / (1 + c x)) with c = 0, 1 or infinity."""
    one, most = a.number(1), a.number(2**120)  # the angle of this one is that of infinity, which no quotient likes
    size = a.where(a.less(most, a.abs(x)), most, a.abs(x))
    near, far = a.less(size, a.number(_TAN_PI_8)), a.less(a.number(1 / _TAN_PI_8), size)
    above = a.where(near, size, a.where(far, a.number(-1), a.subtract(size, one)))
    below = a.where(near, one, a.where(far, size, a.add(size, one)))
    angle = a.where(near, a.number(0), a.where(far, a.number(PI_HALF), a.number(PI_HALF / 2)))
    t = a.divide(above, below)
    square = a.multiply(t, t)
    series = polynomial(a, square, polynomial_of(ARCTAN, a.precision), float(_TAN_PI_8) ** 2)
    rest = a.add_finite(t, a.multiply(a.multiply(t, square), series), ordered=True)
    return identity_near_zero(a, x, a.copysign(a.add_finite(angle, rest), x))
