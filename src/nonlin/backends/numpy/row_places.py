"""Where a fast row kernel is in a row: several registers side by side, then single ones up to the end, masked.

The steps of one long chain wait for each other; those of a few vectors side by side fill the gaps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .emitter import LANES as REGISTER
from .emitter import Emitter, Value, lane_numbers, vector
from .loops import counted

LANES = REGISTER["double"]
SIDE_BY_SIDE = 4  # registers
_LINE = 16  # floats of a line of the cache
_ALIGNED = 4  # bytes, at least: a row begins at any float


class Place(NamedTuple):
    """Some columns of a row, from the first on; those beyond the end of the row are masked."""

    emit: Emitter
    first: Value
    lanes: int
    mask: Value | None

    def columns(self) -> Value:
        """The numbers of the columns."""
        start = self.emit.spread(self.emit.convert("trunc", self.first, "i32"), self.lanes)
        return self.emit.binary("add", start, lane_numbers("i32", self.lanes))

    def load(self, pointer: str, element: str) -> Value:
        """The entries here of a row; masked ones are 0."""
        at = self.emit.address(pointer, element, self.first)
        if self.mask is None:
            return self.emit.load(vector(element, self.lanes), at, _ALIGNED)
        return self.emit.masked_load(element, at, self.mask)

    def store(self, pointer: str, element: str, value: Value) -> None:
        """Write entries of a row here; masked ones are left alone."""
        at = self.emit.address(pointer, element, self.first)
        if self.mask is None:
            self.emit.store(value, at, _ALIGNED)
        else:
            self.emit.masked_store(value, at, self.mask)

    def prefetch(self, pointer: str, beyond: str, *, write: bool) -> None:
        """Ask for the floats that lie here in a row, so many elements beyond it, before they are needed."""
        emit = self.emit
        emit.declarations.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        for start in range(0, self.lanes, _LINE):
            place = emit.pure("i64", f"add i64 {self.first.text}, {start}")
            place = emit.pure("i64", f"add i64 {place.text}, {beyond}")
            at = emit.address(pointer, "float", place)
            emit.do(f"call void @llvm.prefetch.p0(ptr {at}, i32 {int(write)}, i32 3, i32 1)")


def over_row(emit: Emitter, count: str, lanes: int, body: Callable[[Place], None], rest: int = LANES) -> None:
    """The body for vectors of so many lanes without a mask, then what is left of the row, `rest` lanes at a time."""
    whole = emit.pure("i64", f"and i64 {count}, -{lanes}")
    counter = counted(emit, whole.text, lanes, lambda first: body(Place(emit, first, lanes, None)))

    def masked(first: Value) -> None:
        left = emit.pure("i64", f"sub i64 {count}, {first.text}")
        body(Place(emit, first, rest, emit.first_lanes(emit.convert("trunc", left, "i32"), rest)))

    counted(emit, count, rest, masked, counter=counter)
