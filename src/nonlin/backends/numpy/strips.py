"""Functions whose inputs or results lie side by side along the last axis, such as the halves of glu and of crelu.

An axis is cut into strips, one for each input or result of the function. Where strips are short, those of many rows
are laid one after another, so that the loop of the ufunc is called once for all of them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache

import numpy as np

from ...definition import Activation, Gated
from ...definition.records import made_from_definitions
from .elements import BYTES, ELEMENT_OF
from .emitter import Emitter, Value
from .jit import compile_ir
from .loops import counted, module
from .row_ufuncs import row_ufunc
from .ufunc import loop_for
from .ufuncs import ufunc

_BLOCK = 2048  # entries of a strip that are laid one after another: they stay in the nearest caches
_WIDTH = 32  # bytes that are moved at a time


@cache
def strips_ufunc(record: Activation, part: str, dtype: np.dtype) -> np.ufunc | None:
    """The part of a gated or concatenated definition along the last axis; None for one with parameters."""
    if record.parameters:
        return None
    function = ufunc(record, part)
    address, _, data = loop_for(function, dtype)
    inputs = [*range(len(record.inputs))]
    if isinstance(record, Gated) and record.gate == "second":
        inputs.reverse()
    outputs = inputs if len(inputs) == function.nout else [*range(function.nout)]
    element = ELEMENT_OF[dtype.name]
    kernel = compile_ir(_module(element, inputs, outputs), "kernel")[0]
    given = (address, 0 if data is None else ctypes.addressof(data))
    lengths = (function.nout, len(inputs))
    return row_ufunc(f"{record.name}_{part}", kernel, dtype, "(n)->(k)", lengths=lengths, given=given)


made_from_definitions.append(strips_ufunc.cache_clear)


def _module(element: str, inputs: Sequence[int], outputs: Sequence[int]) -> str:
    """A module with `void kernel(context, int64 begin, int64 end)` over rows; see `row_ufuncs` for the context.

    `inputs` and `outputs` say in which strip each one lies. Given is a ufunc's loop with its data.
    """
    emit = Emitter()
    loop = _Loop(emit, element, inputs, outputs)
    emit.do("%first_end = add i64 %begin, 1")
    emit.do(f"%are_short = icmp slt i64 %strip, {_BLOCK}")
    emit.do("%are_many = icmp slt i64 %first_end, %end")
    emit.do("%is_short = and i1 %are_short, %are_many")
    emit.do("br i1 %is_short, label %short, label %long")
    emit.label("long")
    counted(emit, "%end", 1, lambda row: loop.call(loop.places(row), "%strip"), first="%begin")
    emit.do("ret void")
    emit.label("short")
    emit.do(f"%most = sdiv i64 {_BLOCK}, %strip")
    emit.do("%even = and i64 %most, -16")  # whole registers: what is left over costs more
    emit.do("%is_even = icmp sgt i64 %even, 0")
    emit.do("%rows = select i1 %is_even, i64 %even, i64 %most")
    counted(emit, "%end", "%rows", loop.block, first="%begin")
    return module(emit, emit.function("void @kernel(ptr %context, i64 %begin, i64 %end)"))


class _Loop:
    """Calls of a ufunc's loop on strips. The context lies in %context, the length of a strip in %strip."""

    def __init__(self, emit: Emitter, element: str, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        self.emit, self.element = emit, element
        sides = (("x", inputs), ("out", outputs))
        self.strips = [(array, len(places), place) for array, places in sides for place in places]
        for slot, (name, kind) in enumerate((("x", "ptr"), ("out", "ptr"), ("columns", "i64"), ("given", "ptr"))):
            emit.do(f"%{name}_at = getelementptr i64, ptr %context, i64 {slot}")
            emit.do(f"%{name} = load {kind}, ptr %{name}_at")
        emit.do("%loop = load ptr, ptr %given")
        emit.do("%data_at = getelementptr ptr, ptr %given, i64 1")
        emit.do("%data = load ptr, ptr %data_at")
        emit.do(f"%strip = sdiv i64 %columns, {len(inputs)}")
        emit.locals += [f"  %{name} = alloca [{len(self.strips)} x i64]" for name in ("args", "steps")]
        emit.locals += ["  %length = alloca i64"]
        for k, (_, count, _) in enumerate(self.strips):
            emit.do(f"%arg{k} = getelementptr i64, ptr %args, i64 {k}")
            emit.do(f"%step{k} = getelementptr i64, ptr %steps, i64 {k}")
            emit.do(f"store i64 {BYTES[element]}, ptr %step{k}")
            if count > 1:
                emit.locals.append(f"  %buffer{k} = alloca [{_BLOCK} x {element}], align 64")

    def places(self, row: Value) -> list[str]:
        """The pointers to the strips of a row."""
        found = []
        for array, count, place in self.strips:
            strip = self.emit.pure("i64", f"mul i64 {row.text}, {count}")
            strip = self.emit.pure("i64", f"add i64 {strip.text}, {place}")
            found.append(self.emit.address(f"%{array}", self.element, self._times_strip(strip)))
        return found

    def call(self, places: Sequence[str], length: str) -> None:
        """Call the loop on so many contiguous entries at each of the places."""
        for k, place in enumerate(places):
            self.emit.do(f"store ptr {place}, ptr %arg{k}")
        self.emit.do(f"store i64 {length}, ptr %length")
        self.emit.do("call void %loop(ptr %args, ptr %length, ptr %steps, ptr %data)")

    def block(self, first: Value) -> None:
        """Up to %rows rows from the first one on: their strips together, unless they lie so already."""
        emit = self.emit
        left = emit.effect("i64", f"sub i64 %end, {first.text}")
        rows = emit.intrinsic("smin", left, Value("i64", "%rows"))
        apart = [k for k, (_, count, _) in enumerate(self.strips) if count > 1]
        direct = self.places(first)
        together = [f"%buffer{k}" if k in apart else place for k, place in enumerate(direct)]
        self._move(first, rows, [k for k in apart if self.strips[k][0] == "x"], inwards=True)
        self.call(together, self._times_strip(rows).text)
        self._move(first, rows, [k for k in apart if self.strips[k][0] == "out"], inwards=False)

    def _move(self, first: Value, rows: Value, strips: Sequence[int], *, inwards: bool) -> None:
        """Copy strips of rows into the buffers, or out of them."""
        emit, lanes = self.emit, _WIDTH // BYTES[self.element]
        if not strips:
            return

        def mask(column: Value) -> Value:
            return emit.first_lanes(emit.effect("i64", f"sub i64 %strip, {column.text}"), lanes)

        def one_row(row: Value) -> None:
            places = self.places(emit.effect("i64", f"add i64 {first.text}, {row.text}"))
            offset = self._times_strip(row)
            pairs = [(places[k], emit.address(f"%buffer{k}", self.element, offset)) for k in strips]

            def move(column: Value, wanted: Value) -> None:
                for pair in pairs:
                    source, target = (emit.address(p, self.element, column) for p in (pair if inwards else pair[::-1]))
                    emit.masked_store(emit.masked_load(self.element, source, wanted), target, wanted)

            move(Value("i64", "0"), at_first)
            counted(emit, "%strip", lanes, lambda column: move(column, mask(column)), first=str(lanes))

        at_first = mask(Value("i64", "0"))  # the same for all rows: most of the work where strips are short
        counted(emit, rows.text, 1, one_row)

    def _times_strip(self, number: Value) -> Value:
        return self.emit.pure("i64", f"mul i64 {number.text}, %strip")
