"""What a pass over a row gathers: sums, the largest entry, and whether there was a NaN.

What is gathered over wide vectors and over the end of the row is brought together when the pass is over, always in the
same order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from .emitter import Emitter, Value, float_text, splat, vector
from .row_places import LANES, Place

_NOWHERE = 2147483647  # the index of the largest entry before one is found


class _Gathered:
    """Variables, a vector each, for wide vectors and for the end of the row."""

    def __init__(self, emit: Emitter, lanes: int, *kinds: tuple[str, str]) -> None:
        """The kinds are element types with the constants to start with."""
        self.emit = emit
        self.slots = {
            width: [emit.slot(vector(element, width), splat(element, width, start).text) for element, start in kinds]
            for width in {lanes, LANES}
        }

    def values(self, lanes: int, *kinds: str) -> list[Value]:
        slots, types = self.slots[lanes], [vector(kind, lanes) for kind in kinds]
        return [self.emit.load(kind, slot) for kind, slot in zip(types, slots, strict=True)]

    def keep(self, lanes: int, *values: Value) -> None:
        for slot, value in zip(self.slots[lanes], values, strict=True):
            self.emit.store(value, slot)

    def together(self, combine: Callable[[Any, Any], Any], *kinds: str) -> list[Value]:
        """One lane of each, all lanes combined."""
        widths = sorted(self.slots, reverse=True)
        registers = [self._folded(self.values(width, *kinds), combine, LANES) for width in widths]
        return [self.emit.lane(value, 0) for value in self._folded(reduce(combine, registers), combine, 1)]

    def _folded(self, values: list[Value], combine: Callable[[Any, Any], Any], lanes: int) -> list[Value]:
        """The halves of the lanes combined, until so many are left."""
        while (width := values[0].lanes) > lanes:
            halves = range(width // 2), range(width // 2, width)
            pairs = [[self.emit.shuffle(value, half) for half in halves] for value in values]
            values = combine(*zip(*pairs, strict=True))
        return values


class Totals(_Gathered):
    """Sums over the row."""

    def __init__(self, emit: Emitter, lanes: int, count: int) -> None:
        super().__init__(emit, lanes, *[("double", "0.0")] * count)
        self.kinds = ["double"] * count

    def add(self, place: Place, terms: Sequence[Value]) -> None:
        """Add the terms of some columns."""
        known, emit = self.values(place.lanes, *self.kinds), self.emit
        if place.mask is not None:
            nothing = Value(terms[0].type, "zeroinitializer")
            terms = [emit.select(place.mask, term, nothing) for term in terms]
        self.keep(place.lanes, *(emit.binary("fadd", *pair) for pair in zip(known, terms, strict=True)))

    def results(self) -> list[Value]:
        """The sums, in all lanes of a register."""

        def add(a: Sequence[Value], b: Sequence[Value]) -> list[Value]:
            return [self.emit.binary("fadd", *pair) for pair in zip(a, b, strict=True)]

        return [self.emit.spread(total, LANES) for total in self.together(add, *self.kinds)]


class Seen(_Gathered):
    """Whether there was a NaN."""

    def __init__(self, emit: Emitter, lanes: int) -> None:
        super().__init__(emit, lanes, ("i1", "false"))

    def look(self, place: Place, numbers: Value) -> None:
        """Look at some more."""
        emit = self.emit
        if place.mask is not None:
            numbers = emit.select(place.mask, numbers, Value(numbers.type, "zeroinitializer"))
        unordered = emit.compare("uno", numbers, numbers)
        (seen,) = self.values(place.lanes, "i1")
        self.keep(place.lanes, emit.binary("or", seen, unordered))

    def nan(self) -> Value:
        """Whether one has been seen, an i1."""
        return self.together(lambda a, b: [self.emit.binary("or", a[0], b[0])], "i1")[0]


class Largest(_Gathered):
    """The largest entry, and the index of the first of its kind; NaN is never larger."""

    def __init__(self, emit: Emitter, element: str, lanes: int, *, wants_index: bool) -> None:
        kinds = [(element, float_text(element, -math.inf)), ("i32", str(_NOWHERE))]
        super().__init__(emit, lanes, *kinds[: 1 + wants_index])
        self.element, self.kinds = element, [kind for kind, _ in kinds][: 1 + wants_index]

    def take(self, place: Place, entries: Value) -> None:
        """Compare with the entries of some columns."""
        emit, known = self.emit, self.values(place.lanes, *self.kinds)
        if place.mask is not None:
            lowest = splat(self.element, place.lanes, float_text(self.element, -math.inf))
            entries = emit.select(place.mask, entries, lowest)
        larger = emit.compare("ogt", entries, known[0])
        found = [entries, place.columns()][: len(known)]
        self.keep(place.lanes, *(emit.select(larger, *pair) for pair in zip(found, known, strict=True)))

    def result(self) -> tuple[Value, Value]:
        """The largest entry and its index, one number each; the index is beyond the row if all are minus infinity."""
        emit = self.emit

        def better(a: Sequence[Value], b: Sequence[Value]) -> list[Value]:
            larger = emit.compare("ogt", b[0], a[0])
            if len(a) > 1:
                earlier = emit.compare_integers("slt", b[1], a[1])
                ties = emit.binary("and", emit.compare("oeq", b[0], a[0]), earlier)
                larger = emit.binary("or", larger, ties)
            return [emit.select(larger, y, x) for x, y in zip(a, b, strict=True)]

        top, *index = self.together(better, *self.kinds)
        return top, index[0] if index else Value("i32", "0")
