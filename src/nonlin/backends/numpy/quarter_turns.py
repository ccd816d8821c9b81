"""The argument of sine and cosine: the quarter turns that it holds, and the angle that is left.

Moderate arguments lose multiples of pi / 2 in three parts, exactly thanks to fused multiply-add (Cody & Waite 1980).
Far ones are multiplied by those digits of 2 / pi that matter (Payne & Hanek 1983, doi:10.1145/1057600.1057602): a
branch that only vectors with such an argument take. Results do not depend on the other lanes.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from typing import Any

from .arithmetic import DoubleDouble, Native, Pair
from .coefficients import PI_HALF, TWO_OVER_PI
from .elementary import magic
from .emitter import Emitter, Value, float_text, vector

_FAR = 2.0**30  # beyond, the three parts of pi / 2 are too short
_STEP = 16  # a row of the table serves so many binades
_TABLE = "@digits_of_two_over_pi"


def quarter_turns(a: Native, x: Any) -> tuple[Value, Any]:
    """A whole number, right in its last two bits, and x less so many quarter turns, at most pi / 4 and a hair."""
    if isinstance(a, DoubleDouble):
        n, high, low = _called(a, _near_and_far, list(x))
        return n, Pair(high, low)
    if a.element == "double":
        n, rest = _called(a, _near_and_far, [x])
        return n, rest
    wide = Native(a.emit, "double", a.lanes)
    n, rest = _called(wide, _near_and_far, [a.emit.convert("fpext", x, wide.type)])
    return a.emit.convert("trunc", n, vector("i32", a.lanes)), a.emit.convert("fptrunc", rest, a.type)


def _called(a: Native, made: Any, arguments: list[Value]) -> list[Value]:
    """The results of a function of the module, which is written into it if it is not there yet."""
    name, text, declarations, kinds = made(len(arguments), a.lanes)
    a.emit.declarations |= {text, *declarations}
    struct = "{ " + ", ".join(kinds) + " }"
    call = a.emit.pure(struct, f"call {struct} @{name}({', '.join(f'{v.type} {v.text}' for v in arguments)})")
    return [a.emit.pure(kind, f"extractvalue {struct} {call.text}, {j}") for j, kind in enumerate(kinds)]


def _returned(emit: Emitter, values: list[Value]) -> str:
    """The instruction that returns several values."""
    struct = "{ " + ", ".join(value.type for value in values) + " }"
    packed = Value(struct, "poison")
    for j, value in enumerate(values):
        packed = emit.pure(struct, f"insertvalue {struct} {packed.text}, {value.type} {value.text}, {j}")
    return f"ret {struct} {packed.text}"


@cache
def _near_and_far(count: int, lanes: int) -> tuple[str, str, set[str], list[str]]:
    """The function of one or two doubles per lane: its name, its text, what it declares, and its results' types."""
    emit = Emitter()
    single = Native(emit, "double", lanes)
    a = single if count == 1 else DoubleDouble(emit)
    arguments = [Value(single.type, f"%x{j}") for j in range(count)]
    near = _near(a, *arguments)
    far_away = single.less_equal(single.number(_FAR), single.abs(arguments[0]))
    emit.do(f"br i1 {emit.some(far_away).text}, label %far, label %near")
    emit.label("near")
    emit.do(_returned(emit, near))
    emit.label("far")
    far = _combined(a, [_called(single, _far, [x]) for x in arguments])
    result = _returned(emit, [emit.select(far_away, *pair) for pair in zip(far, near, strict=True)])
    kinds = [value.type for value in near]
    name = f"quarter_turns_{count}_{lanes}"
    given = ", ".join(f"{v.type} {v.text}" for v in arguments)
    text = emit.function(f"internal {{ {', '.join(kinds)} }} @{name}({given}) alwaysinline", result)
    return name, text, emit.declarations, kinds


def _near(a: Native, x: Value, low: Value | None = None) -> list[Value]:
    """Three parts of pi / 2 taken away: the first exactly, since what is left is a short multiple of its last bit."""
    single = Native(a.emit, "double", a.lanes)
    offset = single.splat(magic(single))
    shifted = single.fma(x, single.splat(TWO_OVER_PI), offset)
    minus = single.negative(single.subtract(shifted, offset))
    first, second, third = (single.splat(part) for part in _parts_of_quarter())
    rest = single.fma(minus, first, x)
    n = single.bits(shifted)
    if low is None:
        return [n, single.fma(minus, third, single.fma(minus, second, rest))]
    assert isinstance(a, DoubleDouble)
    taken = single.multiply(minus, second)
    lost = single.fma(minus, second, single.negative(taken))
    total, first_error = a.two_sum(rest, taken)
    total, second_error = a.two_sum(total, low)
    below = single.add(single.fma(minus, third, lost), single.add(first_error, second_error))
    return [n, *a.two_sum(total, below)]


def _parts_of_quarter() -> list[float]:
    """Pi / 2 in three doubles."""
    parts, rest = [], PI_HALF
    for _ in range(3):
        parts.append(float(rest))
        rest -= Fraction(parts[-1])
    return parts


def _combined(a: Native, turns: list[list[Value]]) -> list[Value]:
    """The quarter turns of one or two doubles together, and the rest as an angle."""
    n, high, low = turns[0]
    if not isinstance(a, DoubleDouble):
        first, second, _ = (a.splat(part) for part in _parts_of_quarter())
        return [n, a.fma(high, first, a.fma(high, second, a.multiply(low, first)))]
    more, *rest = turns[1]
    fraction = a.add(Pair(high, low), Pair(*rest))
    whole = a.emit.intrinsic("rint", fraction.high)
    fraction = a.subtract(fraction, a.lift(whole))
    n = a.emit.binary("add", a.emit.binary("add", n, more), _last_bits(a, whole))
    return [n, *a.multiply(fraction, a.number(PI_HALF))]


def _last_bits(a: Native, whole: Value) -> Value:
    """A small whole number as an integer that is right in its last bits."""
    return a.bits(a.emit.binary("fadd", whole, a.splat(magic(a))))


@cache
def _far(count: int, lanes: int) -> tuple[str, str, set[str], list[str]]:
    """The function for far doubles, any doubles in fact: quarter turns, and the rest of one in two doubles."""
    emit = Emitter()
    a = Native(emit, "double", lanes)
    scaled, digits = _digits(a, Value(a.type, "%x0"))
    results = _fraction(a, scaled, digits)
    emit.declarations.add(_table())
    kinds = [value.type for value in results]
    name = f"quarter_turns_far_{lanes}"
    signature = f"internal {{ {', '.join(kinds)} }} @{name}({a.type} %x0) cold noinline"
    return name, emit.function(signature, _returned(emit, results)), emit.declarations, kinds


def _digits(a: Native, x: Value) -> tuple[Value, list[Value]]:
    """x = y * 16**(4 q), q >= 0 with y below 2**16: y, and four doubles that make 16**(4 q) * 2 / pi modulo 2**54."""
    emit, shift = a.emit, a.integers(52)
    biased = emit.binary("lshr", a.bits(a.abs(x)), shift)
    exponent = emit.intrinsic("smax", emit.binary("sub", biased, a.integers(1023)), a.integers(0))
    whole_steps = emit.binary("and", exponent, a.integers(-_STEP))
    y = a.multiply(x, a.from_bits(emit.binary("shl", emit.binary("sub", a.integers(1023), whole_steps), shift)))
    row = emit.binary("lshr", whole_steps, a.integers(int(math.log2(_STEP // 4))))  # four doubles to a row
    return y, [emit.gather("double", _TABLE, emit.binary("add", row, a.integers(j))) for j in range(4)]


def _fraction(a: Native, y: Value, digits: list[Value]) -> list[Value]:
    """The last bits of the nearest whole number to y times the sum of the digits, and what is left, to 2**-140."""
    products = [a.multiply(y, part) for part in digits]
    errors = [a.fma(y, part, a.negative(p)) for part, p in zip(digits, products, strict=True)]
    # The digits are 53 bits each, from 2**53 down, and y is below 2**16: the first three terms hold whole turns.
    turns, _ = a.two_sum(_without_turns(a, products[0]), _without_turns(a, errors[0]))  # exact: both end at 2**-51
    turns, lost = a.two_sum(turns, _without_turns(a, products[1]))
    whole = a.emit.intrinsic("rint", turns)
    total, kept = a.add(errors[2], products[3]), []
    for term in (products[2], errors[1], lost, a.subtract(turns, whole)):
        total, error = a.two_sum(term, total)
        kept.append(error)
    below = kept[0]
    for error in kept[1:]:
        below = a.add(below, error)
    return [_last_bits(a, whole), *a.two_sum(total, below)]


def _without_turns(a: Native, quarters: Value) -> Value:
    """Quarter turns less the whole turns among them, exactly."""
    turns = a.emit.intrinsic("rint", a.multiply(quarters, a.number(Fraction(1, 4))))
    return a.fma(turns, a.number(-4), quarters)


@cache
def _table() -> str:
    """2**(16 q) * 2 / pi modulo 2**54 for q = 0, 1, ..., 64, each as four doubles of 53 digits."""
    entries = []
    for q in range(1024 // _STEP + 1):
        rest = TWO_OVER_PI * 2 ** (_STEP * q) % 2**54
        for last in (1, -52, -105, -158):
            part = math.floor(rest / Fraction(2) ** last) * Fraction(2) ** last
            entries.append(f"double {float_text('double', float(part))}")
            rest -= part
    return f"{_TABLE} = internal constant [{len(entries)} x double] [{', '.join(entries)}], align 64"
