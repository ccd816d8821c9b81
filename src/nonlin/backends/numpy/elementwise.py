"""Elementwise formulas as functions of a few numbers at a time: from memory, through the formula, to memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

from ...definition.expression import Expression, evaluate
from . import primitives
from .arithmetic import DoubleDouble, Native
from .elements import BYTES, memory_type
from .emitter import LANES as REGISTER
from .emitter import Emitter, Value, splat, vector

LANES = REGISTER["double"]


def working_arithmetic(emitter: Emitter, element: str) -> Native:
    """The arithmetic that is exact enough for one final rounding to the element type."""
    if element == "double":
        return DoubleDouble(emitter)
    return Native(emitter, "double")


def load(a: Native, element: str, pointer: str) -> Value:
    """Lanes of an element type as doubles."""
    kind = vector(memory_type(element), LANES)
    return widened(a, element, a.emit.load(kind, pointer, BYTES[element]))


def widened(a: Native, element: str, loaded: Value) -> Value:
    """Lanes as they lie in memory as doubles."""
    if element == "bfloat":  # the upper half of a float
        wide = vector("i32", a.lanes)
        extended = a.emit.convert("zext", loaded, wide)
        shifted = a.emit.binary("shl", extended, _integers(a, 16))
        loaded = a.emit.convert("bitcast", shifted, vector("float", a.lanes))
    if element == "double":
        return loaded
    # LLVM would choose where(x < 0, 0, x) in the narrow type, and lose the sign of -0.0 at that: do not let it look.
    return a.emit.intrinsic("arithmetic.fence", a.emit.convert("fpext", loaded, vector("double", a.lanes)))


def rounded(a: Native, element: str, number: Value) -> Value:
    """A double rounded once to the element type, as it lies in memory."""
    if element == "double":
        return number
    single = a.emit.convert("fptrunc", number, vector("float", a.lanes))
    if element == "float":
        return single
    odd = _to_odd(a, number, single)
    return _upper_half(a, odd) if element == "bfloat" else a.emit.convert("fptrunc", odd, vector("half", a.lanes))


def _to_odd(a: Native, number: Value, single: Value) -> Value:
    """The float beside a double whose last bit is odd unless it is exact, so that rounding it again is rounding once.

    Boldo & Melquiond 2008, doi:10.1109/TC.2007.70819.
    """
    emit = a.emit
    back = emit.convert("fpext", single, vector("double", a.lanes))
    bits = emit.convert("bitcast", single, vector("i32", a.lanes))
    too_far = emit.compare("ogt", emit.intrinsic("fabs", back), emit.intrinsic("fabs", number))
    truncated = emit.select(too_far, emit.binary("sub", bits, _integers(a, 1)), bits)
    inexact = emit.compare("one", back, number)
    return emit.convert(
        "bitcast", emit.select(inexact, emit.binary("or", truncated, _integers(a, 1)), bits), single.type
    )


def _upper_half(a: Native, single: Value) -> Value:
    """A float rounded to bfloat16, by its bits: conversion instructions flush subnormal numbers."""
    emit = a.emit
    bits = emit.convert("bitcast", single, vector("i32", a.lanes))
    odd = emit.binary("and", emit.binary("lshr", bits, _integers(a, 16)), _integers(a, 1))
    nearest = emit.binary("add", bits, emit.binary("add", odd, _integers(a, 0x7FFF)))
    quiet = emit.binary("or", bits, _integers(a, 0x400000))  # a NaN must not round to infinity
    chosen = emit.select(emit.compare("uno", single, single), quiet, nearest)
    return emit.convert("trunc", emit.binary("lshr", chosen, _integers(a, 16)), vector("i16", a.lanes))


def _integers(a: Native, number: int) -> Value:
    return splat("i32", a.lanes, str(number))


def evaluated(
    a: Native, outputs: Sequence[Expression], values: dict[str, object], inputs: Sequence[str]
) -> list[Value]:
    """The outputs in the working arithmetic; a NaN among the inputs is the result."""
    results = []
    for result in evaluate(tuple(outputs), primitives.table(a), values):
        number = a.leading(result)
        results.append(reduce(partial(or_nan, a), [a.leading(values[name]) for name in inputs], number))
    return results


def exact_body(
    outputs: Sequence[Expression], inputs: Sequence[str], parameters: Sequence[str], element: str
) -> Emitter:
    """LANES numbers of each input and parameter (always doubles) from %p0, %p1 ..., results to the pointers after."""
    emitter = Emitter()
    a = working_arithmetic(emitter, element)
    pointers = [f"%p{j}" for j in range(len(inputs) + len(parameters) + len(outputs))]
    values: dict[str, Any] = {name: a.lift(load(a, element, pointers[j])) for j, name in enumerate(inputs)}
    for j, name in enumerate(parameters, len(inputs)):
        values[name] = a.lift(load(a, "double", pointers[j]))
    for pointer, number in zip(pointers[-len(outputs) :], evaluated(a, outputs, values, inputs), strict=True):
        emitter.store(rounded(a, element, number), pointer, BYTES[element])
    return emitter


def or_nan(a: Native, number: Value, given: Value) -> Value:
    """The number, or the NaN that was given."""
    return a.emit.select(a.emit.compare("uno", given, given), given, number)
