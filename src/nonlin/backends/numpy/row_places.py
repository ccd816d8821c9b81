"""Where a fast row kernel is in a row: several registers side by side, then single ones up to the end, masked.

The steps of one long chain wait for each other; those of a few vectors side by side fill the gaps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .emitter import LANES as REGISTER
from .emitter import Emitter, Value, vector
from .loops import counted, spread_over

LANES = REGISTER["double"]
SIDE_BY_SIDE = 4  # registers
_LINE = 16  # floats of a line of the cache


class Place(NamedTuple):
    """Some columns of a row, from the first on; those beyond the end of the row are masked."""

    emit: Emitter
    first: Value
    lanes: int
    mask: Value | None

    def columns(self) -> Value:
        """The numbers of the columns."""
        emit, kind = self.emit, vector("i32", self.lanes)
        start = spread_over(emit, emit.pure("i32", f"trunc i64 {self.first.text} to i32"), self.lanes)
        return emit.pure(kind, f"add {kind} {start.text}, {_steps(self.lanes)}")

    def load(self, pointer: str, element: str) -> Value:
        """The entries here of a row; masked ones are 0."""
        emit, kind, at = self.emit, vector(element, self.lanes), self._address(pointer, element)
        if self.mask is None:
            return emit.effect(kind, f"load {kind}, ptr {at}, align 4")
        name = f"@llvm.masked.load.{self._suffix(element)}.p0"
        emit.declarations.add(f"declare {kind} {name}(ptr, i32, {self.mask.type}, {kind})")
        arguments = f"ptr {at}, i32 4, {self.mask.type} {self.mask.text}, {kind} zeroinitializer"
        return emit.effect(kind, f"call {kind} {name}({arguments})")

    def store(self, pointer: str, element: str, value: Value) -> None:
        """Write entries of a row here; masked ones are left alone."""
        emit, at = self.emit, self._address(pointer, element)
        if self.mask is None:
            emit.do(f"store {value.type} {value.text}, ptr {at}, align 4")
            return
        name = f"@llvm.masked.store.{self._suffix(element)}.p0"
        emit.declarations.add(f"declare void {name}({value.type}, ptr, i32, {self.mask.type})")
        emit.do(f"call void {name}({value.type} {value.text}, ptr {at}, i32 4, {self.mask.type} {self.mask.text})")

    def prefetch(self, pointer: str, beyond: str, *, write: bool) -> None:
        """Ask for the floats that lie here in a row, so many elements beyond it, before they are needed."""
        emit = self.emit
        emit.declarations.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        for start in range(0, self.lanes, _LINE):
            place = emit.pure("i64", f"add i64 {self.first.text}, {start}")
            place = emit.pure("i64", f"add i64 {place.text}, {beyond}")
            at = emit.effect("ptr", f"getelementptr float, ptr {pointer}, i64 {place.text}").text
            emit.do(f"call void @llvm.prefetch.p0(ptr {at}, i32 {int(write)}, i32 3, i32 1)")

    def _address(self, pointer: str, element: str) -> str:
        return self.emit.effect("ptr", f"getelementptr {element}, ptr {pointer}, i64 {self.first.text}").text

    def _suffix(self, element: str) -> str:
        return f"v{self.lanes}{'f32' if element == 'float' else 'f64'}"


def over_row(emit: Emitter, count: str, lanes: int, body: Callable[[Place], None]) -> None:
    """The body for vectors of so many lanes without a mask, then for what is left of the row, a register at a time."""
    whole = emit.pure("i64", f"and i64 {count}, -{lanes}")
    counter = counted(emit, whole.text, lanes, lambda first: body(Place(emit, first, lanes, None)))

    def masked(first: Value) -> None:
        left = emit.pure("i64", f"sub i64 {count}, {first.text}")
        limit = spread_over(emit, emit.pure("i32", f"trunc i64 {left.text} to i32"), LANES)
        kind = vector("i32", LANES)
        mask = emit.pure(vector("i1", LANES), f"icmp slt {kind} {_steps(LANES)}, {limit.text}")
        body(Place(emit, first, LANES, mask))

    counted(emit, count, LANES, masked, counter=counter)


def _steps(lanes: int) -> str:
    return "<" + ", ".join(f"i32 {lane}" for lane in range(lanes)) + ">"


def lanes_of(value: Value) -> int:
    """How many lanes a vector has."""
    return int(value.type[1:].split(" ")[0])


def halves(emit: Emitter, value: Value) -> tuple[Value, Value]:
    """The first and the second half of the lanes."""
    lanes = lanes_of(value)
    kind = vector(value.type.split(" ")[-1][:-1], lanes // 2)
    first, second = (
        emit.pure(
            kind,
            f"shufflevector {value.type} {value.text}, {value.type} poison, <{lanes // 2} x i32> "
            f"<{', '.join(f'i32 {lane}' for lane in half)}>",
        )
        for half in (range(lanes // 2), range(lanes // 2, lanes))
    )
    return first, second
