"""Loops over rows and columns of a matrix in memory, a vector at a time, the end of a row masked."""

from __future__ import annotations

from collections.abc import Callable

from .arithmetic import DoubleDouble, Native
from .emitter import Emitter, Value, lane_numbers

ATTRIBUTES = 'attributes #0 = { nounwind "prefer-vector-width"="512" }\n'


def module(emitter: Emitter, *functions: str) -> str:
    """Functions and what they declare as a module."""
    return "\n".join([*sorted(emitter.declarations), *functions, ATTRIBUTES])


def counted(
    emit: Emitter, limit: str, step: int | str, body: Callable[[Value], None], first: str = "0", counter: str = ""
) -> str:
    """body(index) for index = first, first + step, ... below the limit.

    The counter comes back: given to another loop, that one goes on from where this one ended.
    """
    name, counter = emit.name("loop"), counter or emit.slot("i64", first)
    emit.do(f"br label %{name}_test")
    emit.label(f"{name}_test")
    index = emit.load("i64", counter)
    more = emit.effect("i1", f"icmp slt i64 {index.text}, {limit}")
    emit.do(f"br i1 {more.text}, label %{name}_body, label %{name}_end")
    emit.label(f"{name}_body")
    body(index)
    following = emit.effect("i64", f"add i64 {index.text}, {step}")
    emit.store(following, counter)
    emit.do(f"br label %{name}_test")
    emit.label(f"{name}_end")
    return counter


class Columns:
    """A place in a row: the columns from `first` on, as many as there are lanes, those beyond the end masked."""

    def __init__(self, a: Native, element: str, first: Value, count: str) -> None:
        self.a, self.emit, self.element, self.first = a, a.emit, element, first
        start, end = (self._narrow(Value("i64", text)) for text in (first.text, count))
        self.index = self.emit.binary("add", self.emit.spread(start, a.lanes), lane_numbers(a.integer, a.lanes))
        self.mask = self.emit.compare_integers("slt", self.index, self.emit.spread(end, a.lanes))

    def load(self, row: str, element: str | None = None) -> Value:
        """The entries of a row here, widened to the arithmetic's floats; masked lanes are 0."""
        element = element or self.element
        loaded = self.emit.masked_load(element, self.emit.address(row, element, self.first), self.mask)
        return loaded if element == self.a.element else self.emit.convert("fpext", loaded, self.a.type)

    def store(self, row: str, value: Value) -> None:
        """Write entries of a row here; masked lanes are left alone."""
        self.emit.masked_store(value, self.emit.address(row, self.element, self.first), self.mask)

    def _narrow(self, number: Value) -> Value:
        """A number of columns as wide as the lanes: in training, where floats are narrow, rows are short."""
        if self.a.integer == number.type:
            return number
        return self.emit.convert("trunc", number, self.a.integer)


def over_columns(a: Native, element: str, count: str, body: Callable[[Columns], None]) -> None:
    """body(columns) for all of a row."""
    counted(a.emit, count, a.lanes, lambda first: body(Columns(a, element, first, count)))


def row_of(emit: Emitter, matrix: str, element: str, row: Value, stride: str) -> str:
    """The pointer to a row of a matrix with the given stride in elements."""
    offset = emit.effect("i64", f"mul i64 {row.text}, {stride}")
    return emit.address(matrix, element, offset)


def parts(a: Native, number: object) -> list[Value]:
    """The floats that a number of an arithmetic is made of."""
    return list(number) if isinstance(a, DoubleDouble) else [number]  # type: ignore[call-overload, list-item]
