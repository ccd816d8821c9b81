"""Rows along any axis made contiguous, and back: matrices transposed in squares that fit into registers."""

from __future__ import annotations

import ctypes
import math
from functools import cache

import numpy as np

from .elements import BYTES, NATIVE
from .emitter import Emitter, Value, lane_numbers, vector
from .jit import compile_ir
from .loops import counted, module
from .parallel import run_parallel

_SIDE = 8  # of a square
_PIECE = 1 << 14  # entries of a piece of work, about


def rows_along(x: np.ndarray, axis: int) -> np.ndarray:
    """A contiguous copy of an array with an axis moved to the end."""
    moved = np.moveaxis(x, axis, -1)
    if not x.flags.c_contiguous:
        return np.ascontiguousarray(moved)
    result = np.empty(moved.shape, x.dtype)
    view = by_rows(x, axis)
    copy_turned(view, result.reshape(view.shape))
    return result


def by_rows(x: np.ndarray, axis: int) -> np.ndarray:
    """A view of a contiguous array with an axis last, and one or two before it."""
    outer, inner = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    if inner == 1:
        return x.reshape(outer, x.shape[axis])
    if outer == 1:
        return x.reshape(x.shape[axis], inner).T
    return x.reshape(outer, x.shape[axis], inner).swapaxes(1, 2)


def copy_turned(source: np.ndarray, target: np.ndarray) -> None:
    """Copy between two layouts of one shape, of two or three axes: in one of them the last axis is contiguous, in the
    other the one before it."""
    is_plain = source.dtype == target.dtype and source.dtype.name in NATIVE and source.size > 0
    unit = source.itemsize
    from_rows = source.strides[-1] == unit and target.strides[-2] == unit
    if not is_plain or not (from_rows or (source.strides[-2] == unit and target.strides[-1] == unit)):
        with np.errstate(over="ignore"):
            target[...] = source
        return
    along, across = (-2, -1) if from_rows else (-1, -2)  # the axes of the source's rows and of their entries
    rows, columns, matrices = source.shape[along], source.shape[across], math.prod(source.shape[:-2])
    strides = [array.strides[0] // unit if array.ndim == 3 else 0 for array in (source, target)]
    numbers = (rows, columns, source.strides[along] // unit, target.strides[across] // unit, *strides)
    context = (ctypes.c_int64 * 8)(source.ctypes.data, target.ctypes.data, *numbers)
    bands = -(-rows // _SIDE)
    run_parallel(_kernel(NATIVE[source.dtype.name]), context, matrices * bands, max(1, _PIECE // (columns * _SIDE)))


_CONTEXT = ("rows", "columns", "source_row", "target_row", "source_matrix", "target_matrix")


@cache
def _kernel(element: str) -> int:
    """`void kernel(context, int64 begin, int64 end)` over bands of rows; strides are in elements."""
    emit = Emitter()
    for place, name in enumerate(("source", "target", *_CONTEXT)):
        emit.do(f"%{name}_at = getelementptr i64, ptr %context, i64 {place}")
        emit.do(f"%{name} = load {'ptr' if place < 2 else 'i64'}, ptr %{name}_at")
    rows, of_source, of_target = (Value("i64", f"%{name}") for name in ("rows", "source_matrix", "target_matrix"))
    more = emit.pure("i64", f"add i64 %rows, {_SIDE - 1}")
    bands = emit.pure("i64", f"sdiv i64 {more.text}, {_SIDE}")

    def band(index: Value) -> None:
        matrix = emit.binary("sdiv", index, bands)
        first = emit.binary("mul", emit.binary("srem", index, bands), Value("i64", str(_SIDE)))
        before = emit.binary("mul", first, Value("i64", "%source_row"))
        source = emit.address("%source", element, emit.binary("add", emit.binary("mul", matrix, of_source), before))
        target = emit.address("%target", element, emit.binary("add", emit.binary("mul", matrix, of_target), first))
        left = emit.binary("sub", rows, first)
        counted(emit, "%columns", _SIDE, lambda column: _square(emit, element, source, target, column, left))

    counted(emit, "%end", 1, band, first="%begin")
    return compile_ir(module(emit, emit.function("void @kernel(ptr %context, i64 %begin, i64 %end)")), "kernel")[0]


def _square(emit: Emitter, element: str, source: str, target: str, column: Value, rows_left: Value) -> None:
    """One square, whole or, at the end of rows and columns, a part of it."""
    columns_left = emit.binary("sub", Value("i64", "%columns"), column)
    whole = [emit.pure("i1", f"icmp sge i64 {left.text}, {_SIDE}") for left in (rows_left, columns_left)]
    both, name = emit.binary("and", *whole), emit.name("square")
    emit.do(f"br i1 {both.text}, label %{name}_whole, label %{name}_part")
    for ending in ("whole", "part"):
        emit.label(f"{name}_{ending}")
        limits = (rows_left, columns_left) if ending == "part" else None
        _move(emit, element, source, target, column, limits)
        emit.do(f"br label %{name}_end")
    emit.label(f"{name}_end")


def _move(
    emit: Emitter, element: str, source: str, target: str, column: Value, limits: tuple[Value, Value] | None
) -> None:
    kind, size = vector(element, _SIDE), BYTES[element]
    masks = [_mask(emit, limits, place) for place in (0, 1)] if limits else None
    lines = []
    for row in range(_SIDE):
        offset = emit.pure("i64", f"mul i64 %source_row, {row}")
        pointer = emit.address(source, element, emit.binary("add", offset, column))
        if masks is None:
            lines.append(emit.load(kind, pointer, size))
        else:
            lines.append(emit.masked_load(element, pointer, _also(emit, masks[1], masks[0], row)))
    for distance in (1, 2, 4):
        lines = exchanged(emit, lines, distance)
    for place in range(_SIDE):
        line = emit.pure("i64", f"add i64 {column.text}, {place}")
        pointer = emit.address(target, element, emit.binary("mul", line, Value("i64", "%target_row")))
        if masks is None:
            emit.store(lines[place], pointer, size)
        else:
            emit.masked_store(lines[place], pointer, _also(emit, masks[0], masks[1], place))


def _mask(emit: Emitter, limits: tuple[Value, Value], place: int) -> Value:
    return emit.compare_integers("slt", lane_numbers("i64", _SIDE), emit.spread(limits[place], _SIDE))


def _also(emit: Emitter, mask: Value, other: Value, lane: int) -> Value:
    """The mask, where another one holds in a lane."""
    return emit.binary("and", mask, emit.spread(emit.lane(other, lane), _SIDE))


def exchanged(emit: Emitter, lines: list[Value], distance: int) -> list[Value]:
    """Every second group of lanes of a line exchanged with those of the line at a distance."""
    found, lanes = list(lines), lines[0].lanes
    for first in (i for i in range(len(lines)) if not i & distance):
        a, b = lines[first], lines[first + distance]
        low = [lane if not lane & distance else lanes + lane - distance for lane in range(lanes)]
        high = [lane + distance if not lane & distance else lanes + lane for lane in range(lanes)]
        found[first], found[first + distance] = (_mixed(emit, a, b, order) for order in (low, high))
    return found


def _mixed(emit: Emitter, a: Value, b: Value, order: list[int]) -> Value:
    mask = ", ".join(f"i32 {lane}" for lane in order)
    return emit.pure(a.type, f"shufflevector {a.type} {a.text}, {b.type} {b.text}, <{a.lanes} x i32> <{mask}>")
