"""Pooled functions that only choose among a few neighbours, such as maxout: many groups at a time.

The entries of neighbouring groups are loaded together and sorted into one vector for each place in the group. The
formula is then one of as many inputs as a group has entries.
"""

from __future__ import annotations

import ctypes
from functools import cache, reduce

import numpy as np

from ...definition import Pooled
from ...definition.expression import Expression, apply, evaluate, nodes_of, symbol
from ...definition.records import made_from_definitions
from .arithmetic import Native
from .elements import BYTES, NATIVE
from .emitter import Emitter, Value, vector
from .jit import compile_ir
from .loops import counted, module, spread_over
from .parallel import run_parallel
from .primitives import table
from .row_kernels import check_per_row

_LONGEST = 16  # entries of a group; longer ones are rows of their own
_EXACT = ("input", "number", "row_max", "maximum", "minimum", "where", "less", "less_equal", "negative", "abs")
_GRAIN = 1 << 12  # groups of a piece of work


def pooled_groups(record: Pooled, groups: np.ndarray) -> np.ndarray | None:
    """The value of each row of a contiguous matrix, or None if the function or the dtype is not for this."""
    count, pieces = groups.shape
    if pieces > _LONGEST or groups.dtype.name not in NATIVE or record.parameters:
        return None
    kernel = _kernel(record, pieces, NATIVE[groups.dtype.name])
    if kernel is None:
        return None
    out = np.empty(count, groups.dtype)
    context = (ctypes.c_int64 * 2)(*(array.__array_interface__["data"][0] for array in (groups, out)))
    run_parallel(kernel, context, count, _GRAIN)
    return out


@cache
def _kernel(record: Pooled, pieces: int, element: str) -> int | None:
    formulas = record.trace("value", symbol("x"))
    check_per_row(record, formulas, (True,))
    if any(node.operation not in _EXACT for node in nodes_of(formulas)):
        return None
    return compile_ir(_module(_of_entries(formulas[0], pieces), pieces, element), "kernel")[0]


made_from_definitions.append(_kernel.cache_clear)


def _of_entries(formula: Expression, pieces: int) -> Expression:
    """A formula of a row with one input for each entry; all that is of single entries is reduced."""

    def at(place: int, node: Expression) -> Expression:
        if node.operation == "input":
            return symbol(f"x{place}")
        if node.operation == "row_max":
            return reduce(lambda a, b: apply("maximum", a, b), (at(k, node.arguments[0]) for k in range(pieces)))
        return apply(node.operation, *(at(place, argument) for argument in node.arguments)) if node.arguments else node

    return at(0, formula)


def _module(formula: Expression, pieces: int, element: str) -> str:
    """A module with `void kernel(context, int64 begin, int64 end)` over groups, from one to another."""
    emit = Emitter()
    a = Native(emit, element)
    wide, mask = vector(element, a.lanes * pieces), vector("i1", a.lanes * pieces)
    emit.do("%in = load ptr, ptr %context")
    emit.do("%out_at = getelementptr ptr, ptr %context, i64 1")
    emit.do("%out = load ptr, ptr %out_at")
    suffix = f"v{a.lanes * pieces}{'f32' if element == 'float' else 'f64'}.p0"
    load = f"@llvm.masked.load.{suffix}"
    store = f"@llvm.masked.store.v{a.lanes}{'f32' if element == 'float' else 'f64'}.p0"
    emit.declarations.add(f"declare {wide} {load}(ptr, i32, {mask}, {wide})")
    emit.declarations.add(f"declare void {store}({a.type}, ptr, i32, {vector('i1', a.lanes)})")

    def step(first: Value) -> None:
        left = emit.pure("i64", f"sub i64 %end, {first.text}")
        present = _below(emit, left, a.lanes, 1)
        begin = emit.pure("i64", f"mul i64 {first.text}, {pieces}")
        place = emit.effect("ptr", f"getelementptr {element}, ptr %in, i64 {begin.text}")
        entries = _below(emit, left, a.lanes * pieces, pieces)
        arguments = f"ptr {place.text}, i32 {BYTES[element]}, {mask} {entries.text}, {wide} zeroinitializer"
        loaded = emit.effect(wide, f"call {wide} {load}({arguments})")
        values = {}
        for k in range(pieces):
            order = ", ".join(f"i32 {k + pieces * lane}" for lane in range(a.lanes))
            text = f"shufflevector {wide} {loaded.text}, {wide} poison, <{a.lanes} x i32> <{order}>"
            values[f"x{k}"] = emit.pure(a.type, text)
        (result,) = evaluate((formula,), table(a), values)
        target = emit.effect("ptr", f"getelementptr {element}, ptr %out, i64 {first.text}")
        given = f"{a.type} {result.text}, ptr {target.text}, i32 {BYTES[element]}, {present.type} {present.text}"
        emit.do(f"call void {store}({given})")

    counted(emit, "%end", a.lanes, step, first="%begin")
    return module(emit, emit.function("void @kernel(ptr %context, i64 %begin, i64 %end)"))


def _below(emit: Emitter, groups: Value, lanes: int, pieces: int) -> Value:
    """The lanes that belong to a number of groups."""
    entries = emit.pure("i64", f"mul i64 {groups.text}, {pieces}")
    most = emit.pure("i64", f"call i64 @llvm.smin.i64(i64 {entries.text}, i64 {lanes})")
    emit.declarations.add("declare i64 @llvm.smin.i64(i64, i64)")
    limit = spread_over(emit, emit.pure("i32", f"trunc i64 {most.text} to i32"), lanes)
    steps = ", ".join(f"i32 {lane}" for lane in range(lanes))
    return emit.pure(vector("i1", lanes), f"icmp slt {limit.type} <{steps}>, {limit.text}")
