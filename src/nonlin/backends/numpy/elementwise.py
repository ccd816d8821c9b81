"""Elementwise formulas as functions of a few numbers at a time: from memory, through the formula, to memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

from ...definition.expression import Expression, evaluate, nodes_of
from . import fast_functions, float_pair, primitives
from .arithmetic import DoubleDouble, Native
from .elements import BYTES, memory_type
from .emitter import Emitter, Value, splat, vector
from .loops import spread_over
from .nan_passing import passes_nan
from .stages import stages

LANES = 8
FAST_LANES = float_pair.LANES
LEAST_INPUT = 2.0**-30  # a smaller one, but 0, is not for two floats: what corrects its products is no float
LEAST = 2.0**-90  # a smaller parameter, but 0, is not for two floats: they hold no more than part of its digits


def working_arithmetic(emitter: Emitter, element: str) -> Native:
    """The arithmetic that is exact enough for one final rounding to the element type."""
    if element == "double":
        return DoubleDouble(emitter)
    return Native(emitter, "double")


def load(a: Native, element: str, pointer: str) -> Value:
    """Lanes of an element type as doubles."""
    kind = vector(memory_type(element), LANES)
    return widened(a, element, a.emit.effect(kind, f"load {kind}, ptr {pointer}, align {BYTES[element]}"))


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
        results.append(reduce(partial(_or_nan, a), [a.leading(values[name]) for name in inputs], number))
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
        value = rounded(a, element, number)
        emitter.do(f"store {value.type} {value.text}, ptr {pointer}, align {BYTES[element]}")
    return emitter


def has_fast_form(output: Expression) -> bool:
    """Whether a formula is made of what the arithmetic of two floats has."""
    nodes = nodes_of([output])
    known = ("input", "parameter", "number", "constant", *fast_functions.PRIMITIVES)
    numbers = [abs(node.value) for node in nodes if node.operation == "number"]
    return all(node.operation in known for node in nodes) and all(
        n in (0, math.inf) or 1e-38 < n < 1e38 for n in numbers
    )


def fast_bodies(
    outputs: Sequence[Expression | None], inputs: Sequence[str], parameters: Sequence[str]
) -> list[Emitter]:
    """FAST_LANES floats of each input, and parameters, through the fast forms, in stages; one without such a form is 0.

    What passes from stage to stage is kept where %t0, %t1, ... point.
    """
    has = fast_functions.expanded([output for output in outputs if output is not None])
    places = [k for k, output in enumerate(outputs, len(inputs) + len(parameters)) if output is not None]
    kept: dict[str, list[int]] = {}  # the places of the parts of earlier results
    plan, bodies = stages(has), []
    for formulas in plan:
        emit = Emitter()
        a = float_pair.FloatPair(emit)
        needed = {str(node.value) for node in nodes_of(formulas.values()) if node.operation in ("input", "parameter")}
        finishes = any(not name.startswith("#") for name in formulas)
        values = _fast_values(a, needed.union(inputs if finishes else ()), inputs, parameters)
        for name in sorted(needed & kept.keys()):  # in one order: the text is the key of the cache
            loads = [emit.effect(a.type, f"load {a.type}, ptr %t{place}, align 64") for place in kept[name]]
            values[name] = float_pair.Sum(loads[0], loads[1] if len(loads) > 1 else None)
        results = evaluate(tuple(formulas.values()), fast_functions.table(a), values)
        for name, result in zip(formulas, results, strict=True):
            if name.startswith("#"):
                first = sum(map(len, kept.values()))
                kept[name] = list(range(first, first + 1 + (result.low is not None)))
                targets = zip(("t",) * 2, kept[name], (result.high, result.low), strict=False)
            else:
                output = has[int(name.removeprefix("out"))]
                silent = [values[x].high for x in inputs if not passes_nan(output, x)]
                number = reduce(partial(_or_nan, a), silent, a.leading(result))
                targets = iter([("p", places[int(name.removeprefix("out"))], number)])
            for stem, place, value in targets:
                emit.do(f"store {a.type} {value.text}, ptr %{stem}{place}, align 4")
        bodies.append(emit)
    for place in set(range(len(inputs) + len(parameters), len(inputs) + len(parameters) + len(outputs))) - set(places):
        bodies[-1].do(f"store {vector('float', FAST_LANES)} zeroinitializer, ptr %p{place}, align 4")
    return bodies


def _or_nan(a: Native, number: Value, given: Value) -> Value:
    """The number, or the NaN that was given."""
    return a.emit.select(a.emit.compare("uno", given, given), given, number)


def _fast_values(
    a: float_pair.FloatPair, needed: set[str], inputs: Sequence[str], parameters: Sequence[str]
) -> dict[str, Any]:
    """The inputs and parameters that a stage needs."""
    emit, wide = a.emit, Native(a.emit, "double", FAST_LANES)
    values: dict[str, Any] = {}
    for j, name in enumerate((*inputs, *parameters)):
        if name not in needed:
            continue
        if j < len(inputs):
            values[name] = a.lift(emit.effect(a.type, f"load {a.type}, ptr %p{j}, align 4"))
            continue
        number = emit.effect(wide.type, f"load {wide.type}, ptr %p{j}, align 8")
        values[name] = a.from_double(number)
    return values


def fast_masks(outputs: Sequence[Expression | None], inputs: Sequence[str], parameters: Sequence[str]) -> Emitter:
    """Where FAST_LANES elements take the fast form of each output, in %m0, %m1, ...

    That is where every input is not tiny and at most %bound0, %bound1 ... in size, and every parameter is not tiny
    either and between its %lo and %hi.
    """
    emit = Emitter()
    a = Native(emit, "float", FAST_LANES)
    wide = Native(emit, "double", FAST_LANES)
    sizes = [
        emit.intrinsic("fabs", emit.effect(a.type, f"load {a.type}, ptr %p{j}, align 4")) for j in range(len(inputs))
    ]
    zero, least = a.splat(0), a.splat(LEAST_INPUT)
    large_enough = [
        emit.binary("or", emit.compare("oeq", size, zero), emit.compare("oge", size, least)) for size in sizes
    ]
    usual = []
    for j in range(len(inputs), len(inputs) + len(parameters)):
        number = emit.effect(wide.type, f"load {wide.type}, ptr %p{j}, align 8")
        low, high = (spread_over(emit, Value("double", f"%{end}{j}"), wide.lanes) for end in ("lo", "hi"))
        usual += [emit.compare("ole", low, number), emit.compare("ole", number, high)]
        normal = emit.compare("ole", wide.splat(LEAST), emit.intrinsic("fabs", number))
        usual.append(emit.binary("or", normal, emit.compare("oeq", number, wide.splat(0))))
    for k in range(len(outputs)):
        bound = spread_over(emit, Value("float", f"%bound{k}"), a.lanes)
        small_enough = [emit.compare("ole", size, bound) for size in sizes]
        mask = reduce(partial(emit.binary, "and"), [*small_enough, *large_enough, *usual])
        emit.do(f"%m{k} = bitcast {mask.type} {mask.text} to {mask.type}")
    return emit
