"""Loops over rows and columns of a matrix in memory, a vector at a time, the end of a row masked."""

from __future__ import annotations

from collections.abc import Callable

from .arithmetic import DoubleDouble, Native
from .elements import BYTES
from .emitter import Emitter, Value, vector

ATTRIBUTES = 'attributes #0 = { nounwind "prefer-vector-width"="512" }\n'


def module(emitter: Emitter, *functions: str) -> str:
    """Functions and what they declare as a module."""
    return "\n".join([*sorted(emitter.declarations), *functions, ATTRIBUTES])


def counted(
    emit: Emitter, limit: str, step: int, body: Callable[[Value], None], first: str = "0", counter: str = ""
) -> str:
    """body(index) for index = first, first + step, ... below the limit.

    The counter comes back: given to another loop, that one goes on from where this one ended.
    """
    name, counter = emit.name("loop"), counter or emit.slot("i64", first)
    emit.do(f"br label %{name}_test")
    emit.label(f"{name}_test")
    index = emit.effect("i64", f"load i64, ptr {counter}")
    more = emit.effect("i1", f"icmp slt i64 {index.text}, {limit}")
    emit.do(f"br i1 {more.text}, label %{name}_body, label %{name}_end")
    emit.label(f"{name}_body")
    body(index)
    following = emit.effect("i64", f"add i64 {index.text}, {step}")
    emit.do(f"store i64 {following.text}, ptr {counter}")
    emit.do(f"br label %{name}_test")
    emit.label(f"{name}_end")
    return counter


class Columns:
    """A place in a row: the columns from `first` on, as many as there are lanes, those beyond the end masked."""

    def __init__(self, a: Native, element: str, first: Value, count: str) -> None:
        self.a, self.emit, self.element, self.first = a, a.emit, element, first
        kind, indices = vector(a.integer, a.lanes), ", ".join(f"{a.integer} {lane}" for lane in range(a.lanes))
        start, end = (self._narrow(Value("i64", text)) for text in (first.text, count))
        self.index = self.emit.pure(kind, f"add {kind} {spread_over(self.emit, start, a.lanes).text}, <{indices}>")
        limit = spread_over(self.emit, end, a.lanes)
        self.mask = self.emit.pure(vector("i1", a.lanes), f"icmp slt {kind} {self.index.text}, {limit.text}")

    def load(self, row: str, element: str | None = None) -> Value:
        """The entries of a row here, widened to the arithmetic's floats; masked lanes are 0."""
        element = element or self.element
        kind, suffix = vector(element, self.a.lanes), _suffix(element, self.a.lanes)
        name = f"@llvm.masked.load.{suffix}.p0"
        self.emit.declarations.add(f"declare {kind} {name}(ptr, i32, {self.mask.type}, {kind})")
        loaded = self.emit.effect(
            kind,
            f"call {kind} {name}(ptr {self._address(row, element)}, i32 {BYTES[element]}, "
            f"{self.mask.type} {self.mask.text}, {kind} zeroinitializer)",
        )
        return loaded if element == self.a.element else self.emit.convert("fpext", loaded, self.a.type)

    def store(self, row: str, value: Value) -> None:
        """Write entries of a row here; masked lanes are left alone."""
        name = f"@llvm.masked.store.{_suffix(self.element, self.a.lanes)}.p0"
        self.emit.declarations.add(f"declare void {name}({value.type}, ptr, i32, {self.mask.type})")
        self.emit.do(
            f"call void {name}({value.type} {value.text}, ptr {self._address(row, self.element)}, "
            f"i32 {BYTES[self.element]}, {self.mask.type} {self.mask.text})"
        )

    def _narrow(self, number: Value) -> Value:
        """A number of columns as wide as the lanes: in training, where floats are narrow, rows are short."""
        if self.a.integer == number.type:
            return number
        return self.emit.pure(self.a.integer, f"trunc {number.type} {number.text} to {self.a.integer}")

    def _address(self, row: str, element: str) -> str:
        return self.emit.effect("ptr", f"getelementptr {element}, ptr {row}, i64 {self.first.text}").text


def over_columns(a: Native, element: str, count: str, body: Callable[[Columns], None]) -> None:
    """body(columns) for all of a row."""
    counted(a.emit, count, a.lanes, lambda first: body(Columns(a, element, first, count)))


def row_of(emit: Emitter, matrix: str, element: str, row: Value, stride: str) -> str:
    """The pointer to a row of a matrix with the given stride in elements."""
    offset = emit.effect("i64", f"mul i64 {row.text}, {stride}")
    return emit.effect("ptr", f"getelementptr {element}, ptr {matrix}, i64 {offset.text}").text


def spread_over(emit: Emitter, scalar: Value, lanes: int) -> Value:
    """A scalar in all lanes."""
    kind = vector(scalar.type, lanes)
    first = emit.pure(kind, f"insertelement {kind} poison, {scalar.type} {scalar.text}, i32 0")
    return emit.pure(kind, f"shufflevector {kind} {first.text}, {kind} poison, <{lanes} x i32> zeroinitializer")


def parts(a: Native, number: object) -> list[Value]:
    """The floats that a number of an arithmetic is made of."""
    return list(number) if isinstance(a, DoubleDouble) else [number]  # type: ignore[call-overload, list-item]


def _suffix(element: str, lanes: int) -> str:
    return f"v{lanes}{ {'half': 'f16', 'float': 'f32', 'double': 'f64'}[element] }"
