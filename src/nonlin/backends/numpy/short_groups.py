"""Pooled functions that only choose among a few neighbours, such as maxout: many groups at a time.

The entries of neighbouring groups are loaded together and sorted into one vector for each place in the group. The
formula is then one of as many inputs as a group has entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce

import numpy as np

from ...definition import Pooled
from ...definition.expression import Expression, apply, as_expression, evaluate, nodes_of, symbol
from ...definition.primitives import where
from ...definition.records import made_from_definitions
from .arithmetic import Native
from .elements import NATIVE
from .emitter import Emitter, Value, vector
from .jit import compile_ir
from .loops import counted, module
from .primitives import table
from .row_kernels import check_per_row
from .row_ufuncs import row_ufunc

_LONGEST = 16  # entries of a group; longer ones are rows of their own
_EXACT = (
    "input", "number", "row_max", "is_row_argmax", "maximum", "minimum", "where", "less", "less_equal", "negative",
    "abs",
)  # fmt: skip


@cache
def groups_ufunc(record: Pooled, part: str, pieces: int, dtype: np.dtype) -> np.ufunc | None:
    """A part of a pooled definition along the last axis, or None if the function or the dtype is not for this.

    That of "vjp" takes one cotangent for each group.
    """
    if pieces > _LONGEST or dtype.name not in NATIVE or record.parameters or record.inputs != ("x",):
        return None
    names = record.inputs_of(part)
    formulas = record.trace(part, *map(symbol, names))
    check_per_row(record, formulas, (part == "value",))
    if any(node.operation not in _EXACT for node in nodes_of(formulas)):
        return None
    count = 1 if part == "value" else pieces
    outputs = [_of_entry(formulas[0], place, pieces) for place in range(count)]
    kernel = compile_ir(_module(outputs, names[1:], pieces, NATIVE[dtype.name]), "kernel")[0]
    signature = "(n)->(k)" if part == "value" else "(n),(k)->(n)"
    return row_ufunc(f"{record.name}_{part}", kernel, dtype, signature, columns=pieces, lengths=(1, pieces))


made_from_definitions.append(groups_ufunc.cache_clear)


def _of_entry(formula: Expression, place: int, pieces: int) -> Expression:
    """A formula of a row at one place, with an input x0, x1 ... for each entry; all that is of entries is reduced."""

    def entries(node: Expression) -> list[Expression]:
        return [_of_entry(node, k, pieces) for k in range(pieces)]

    if formula.operation == "input" and formula.value == "x":
        return symbol(f"x{place}")
    if formula.operation == "row_max":
        return reduce(lambda a, b: apply("maximum", a, b), entries(formula.arguments[0]))
    if formula.operation == "is_row_argmax":
        return abs(_place_of_largest(entries(formula.arguments[0])) - place) < 0.5
    arguments = [_of_entry(argument, place, pieces) for argument in formula.arguments]
    return apply(formula.operation, *arguments) if arguments else formula


def _place_of_largest(entries: Sequence[Expression]) -> Expression:
    """The place of the first largest entry; NaN is largest."""
    best, place = entries[0], as_expression(0)
    for k, entry in enumerate(entries[1:], 1):
        place = where(entry <= best, place, where(best <= best, k, place))
        best = where(entry <= best, best, where(best <= best, entry, best))
    return place


def _module(outputs: Sequence[Expression], per_group: Sequence[str], pieces: int, element: str) -> str:
    """A module with `void kernel(context, int64 begin, int64 end)` over groups, from one to another.

    Inputs are the entries, and `per_group` ones of which a group has one; a single output is of the group too.
    """
    emit = Emitter()
    a = Native(emit, element)
    names = ["x", *per_group, "result"]
    for place, name in enumerate(names):
        emit.do(f"%{name}_at = getelementptr ptr, ptr %context, i64 {place}")
        emit.do(f"%{name} = load ptr, ptr %{name}_at")

    def step(first: Value) -> None:
        left = emit.pure("i64", f"sub i64 %end, {first.text}")
        begin = emit.pure("i64", f"mul i64 {first.text}, {pieces}")
        groups, entries = _below(emit, left, a.lanes, 1), _below(emit, left, a.lanes * pieces, pieces)
        loaded = emit.masked_load(element, emit.address("%x", element, begin), entries)
        values = {f"x{k}": emit.shuffle(loaded, range(k, a.lanes * pieces, pieces)) for k in range(pieces)}
        for name in per_group:
            values[name] = emit.masked_load(element, emit.address(f"%{name}", element, first), groups)
        results = evaluate(tuple(outputs), table(a), values)
        if len(results) == 1:
            emit.masked_store(results[0], emit.address("%result", element, first), groups)
        else:
            emit.masked_store(_interleaved(emit, results), emit.address("%result", element, begin), entries)

    counted(emit, "%end", a.lanes, step, first="%begin")
    return module(emit, emit.function("void @kernel(ptr %context, i64 %begin, i64 %end)"))


def _interleaved(emit: Emitter, values: Sequence[Value]) -> Value:
    """The first lanes of all values, then their second lanes, and so on."""
    count, lanes = len(values), values[0].lanes
    spread = [emit.shuffle(value, [lane // count for lane in range(count * lanes)]) for value in values]
    result = spread[0]
    for k, value in enumerate(spread[1:], 1):
        here = ", ".join(f"i1 {str(lane % count == k).lower()}" for lane in range(count * lanes))
        result = emit.select(Value(vector("i1", count * lanes), f"<{here}>"), value, result)
    return result


def _below(emit: Emitter, groups: Value, lanes: int, pieces: int) -> Value:
    """The lanes that belong to a number of groups."""
    entries = emit.pure("i64", f"mul i64 {groups.text}, {pieces}")
    most = emit.intrinsic("smin", entries, Value("i64", str(lanes)))
    return emit.first_lanes(emit.convert("trunc", most, "i32"), lanes)
