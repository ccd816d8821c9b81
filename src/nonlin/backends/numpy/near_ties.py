"""Correct rounding to 16 bits: in double precision where that decides it, else in two doubles.

With so few digits, results lie beside the middle between two numbers quite often, and so near to
it that no double shows on which side: half of 2**-133 is such a middle, and silu(2**-133) lies 2**-268 above it.
So it is decided as in Ziv 1991, doi:10.1145/114697.116813.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

from ...definition.expression import Expression, evaluate
from .arithmetic import DoubleDouble, Native, Pair
from .elements import BYTES
from .elementwise import evaluated, load, rounded
from .emitter import Emitter, Value, splat
from .primitives import table

_ERRORS = 16  # units in the last place of a double, more than a result in double precision is wrong
_PAIR_ERRORS = (2.0**-115, 2.0**-96)  # the sizes of errors of a result in two doubles


class Format(NamedTuple):
    """Bits of the fraction, and the exponent of the smallest normal number."""

    digits: int
    lowest: int


FORMATS = {"half": Format(10, -14), "bfloat": Format(7, -126)}


def correctly_rounded_body(
    outputs: Sequence[Expression], inputs: Sequence[str], parameters: Sequence[str], element: str
) -> Emitter:
    """What `exact_body` gives, for an element of 16 bits, however near to a middle a result lies."""
    emit = Emitter()
    a, exact = Native(emit, "double"), DoubleDouble(emit)
    kinds = [element] * len(inputs) + ["double"] * len(parameters)
    given = [load(a, kind, f"%p{j}") for j, kind in enumerate(kinds)]
    values: dict[str, Any] = dict(zip((*inputs, *parameters), given, strict=True))
    numbers = evaluated(a, outputs, values, inputs)
    results = [rounded(a, element, number) for number in numbers]
    doubts = [_doubt(a, element, number) for number in numbers]
    _store(emit, results, element, len(given))
    some = emit.some(reduce(partial(emit.binary, "or"), doubts))
    emit.do(f"br i1 {some.text}, label %again, label %settled")
    emit.label("again")
    pairs = evaluate(tuple(outputs), table(exact), {name: exact.lift(value) for name, value in values.items()})
    better = [rounded(a, element, _double_rounded_to_odd(exact, pair)) for pair in pairs]
    _store(emit, [emit.select(*lanes) for lanes in zip(doubts, better, results, strict=True)], element, len(given))
    emit.do("br label %settled")
    emit.label("settled")
    return emit


def _doubt(a: Native, element: str, number: Value) -> Value:
    """Lanes in which a double that is wrong in its last bits may round to the wrong number of 16 bits.

    Those are near a middle, where the bits to be dropped begin 1000... or 0111...; subnormal results have other bits.
    """
    emit, kind = a.emit, FORMATS[element]
    dropped, bits = 52 - kind.digits, a.bits(number)
    moved = emit.binary("add", bits, a.integers(_ERRORS - (1 << dropped - 1)))
    near = _below(a, emit.binary("and", moved, a.integers((1 << dropped) - 1)), 2 * _ERRORS)
    size = emit.binary("and", bits, a.integers((1 << 63) - 1))
    least = (kind.lowest + 1023) << 52
    subnormal = _below(a, emit.binary("sub", size, a.integers(1)), least - 1)  # and not 0
    return emit.binary("or", near, subnormal)


def _below(a: Native, numbers: Value, bound: int) -> Value:
    return a.emit.compare_integers("ult", numbers, a.integers(bound))


def _store(emit: Emitter, results: Sequence[Value], element: str, first: int) -> None:
    for place, value in enumerate(results, first):
        emit.store(value, f"%p{place}", BYTES[element])


def _double_rounded_to_odd(a: DoubleDouble, pair: Pair) -> Value:
    """The double beside a pair whose last bit is odd unless it is exact, so that rounding it again is rounding once."""
    emit, number = a.emit, a.leading(pair)
    rest = emit.binary("fsub", pair.low, emit.binary("fsub", number, pair.high))
    bits, signs = a.bits(number), emit.binary("xor", a.bits(number), a.bits(rest))
    truncated = emit.binary("sub", bits, emit.binary("lshr", signs, splat("i64", a.lanes, "63")))
    odd = emit.binary("or", truncated, a.integers(1))
    return a.from_bits(emit.select(_is_error(a, number, rest), bits, odd))


def _is_error(a: DoubleDouble, number: Value, rest: Value) -> Value:
    """Where what lies beyond a double is nothing, or of the size of the errors of two doubles.

    A rest that is much smaller is right: it comes from numbers beside each other that are not of one size.
    """
    emit = a.emit
    size, rests = emit.intrinsic("fabs", number), emit.intrinsic("fabs", rest)
    least, most = (emit.binary("fmul", size, a.splat(bound)) for bound in _PAIR_ERRORS)
    inside = emit.binary("and", emit.compare("ogt", rests, least), emit.compare("olt", rests, most))
    nothing = emit.compare("ueq", rest, a.splat(0))
    return emit.binary("or", inside, nothing)
