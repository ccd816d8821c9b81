"""What compiled Python is made of: typed values as LLVM's text, and the instructions on them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

INT, UNSIGNED, NUMBER, BOOL = "int", "unsigned", "number", "bool"
TYPES = {INT: "i64", UNSIGNED: "i64", NUMBER: "double", BOOL: "i1"}


class Scalar(NamedTuple):
    """A number of one of the four kinds, by its name in LLVM's text."""

    kind: str
    text: str

    @property
    def typed(self) -> str:
        """The value with its type, as an operand is written."""
        return f"{TYPES[self.kind]} {self.text}"


class Record(NamedTuple):
    """A record of NumPy's in memory."""

    dtype: np.dtype
    address: str


class Array(NamedTuple):
    """A contiguous array in memory; its lengths are names too."""

    dtype: np.dtype
    address: str
    shape: tuple[Scalar, ...]


def constant(value: float) -> Scalar:
    """A number of Python's."""
    if isinstance(value, (bool, np.bool_)):
        return Scalar(BOOL, str(value).lower())
    if isinstance(value, (int, np.integer)):
        return Scalar(INT, str(value if value < 2**63 else value - 2**64))
    return Scalar(NUMBER, f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}")


class Code:
    """The text of one function as it grows. Variables live in stack slots, which LLVM turns into registers."""

    def __init__(self) -> None:
        self.slots: list[str] = []
        self.lines: list[str] = []
        self.declarations: set[str] = set()
        self._count = 0
        self._closed = False  # what follows a branch is never reached, and left out

    def name(self) -> str:
        """A new name."""
        self._count += 1
        return f"v{self._count}"

    def put(self, line: str) -> None:
        """Add an instruction without a result."""
        if not self._closed:
            self.lines.append(f"  {line}")

    def value(self, kind: str, instruction: str) -> Scalar:
        """Add an instruction; returned is its result."""
        name = f"%{self.name()}"
        self.put(f"{name} = {instruction}")
        return Scalar(kind, name)

    def address(self, instruction: str) -> str:
        """Add an instruction whose result is an address."""
        return self.value(INT, instruction).text

    def slot(self, kind: str, count: int = 1) -> str:
        """A place on the stack for so many numbers."""
        name = f"%{self.name()}"
        self.slots.append(f"  {name} = alloca {TYPES[kind]}, i64 {count}")
        return name

    def read(self, kind: str, address: str) -> Scalar:
        """What is at an address."""
        return self.value(kind, f"load {TYPES[kind]}, ptr {address}")

    def write(self, value: Scalar, address: str) -> None:
        """Store at an address."""
        self.put(f"store {value.typed}, ptr {address}")

    def branch(self, label: str) -> None:
        """Go on at a label."""
        self.put(f"br label %{label}")
        self._closed = True

    def branch_if(self, condition: Scalar, then: str, otherwise: str) -> None:
        """Go on at one of two labels."""
        self.put(f"br {self.truth(condition).typed}, label %{then}, label %{otherwise}")
        self._closed = True

    def begin(self, label: str) -> None:
        """The place of a label."""
        self.branch(label)
        self.lines.append(f"{label}:")
        self._closed = False

    @contextmanager
    def when(self, condition: Scalar) -> Iterator[None]:
        """What is put within is done where the condition holds."""
        then, after = self.name(), self.name()
        self.branch_if(condition, then, after)
        self.begin(then)
        yield
        self.begin(after)

    def truth(self, value: Scalar) -> Scalar:
        """Whether a number is not zero."""
        if value.kind == BOOL:
            return value
        comparison = "fcmp une" if value.kind == NUMBER else "icmp ne"
        zero = constant(0.0 if value.kind == NUMBER else 0).text
        return self.value(BOOL, f"{comparison} {value.typed}, {zero}")

    def cast(self, value: Scalar, kind: str) -> Scalar:
        """A number as one of another kind."""
        if value.kind == kind:
            return value
        if kind == BOOL:
            return self.truth(value)
        if value.kind == BOOL:
            value = self.value(INT, f"zext {value.typed} to i64")
        if kind == NUMBER:
            return self.value(NUMBER, f"{'uitofp' if value.kind == UNSIGNED else 'sitofp'} {value.typed} to double")
        if value.kind == NUMBER:
            return self.value(kind, f"fptosi {value.typed} to i64")
        return Scalar(kind, value.text)

    def alike(self, *values: Scalar) -> list[Scalar]:
        """Numbers as the widest of their kinds."""
        kinds = {value.kind for value in values}
        widest = next(kind for kind in (NUMBER, UNSIGNED, INT, BOOL) if kind in kinds)
        return [self.cast(value, widest) for value in values]

    def choose(self, condition: Scalar, first: Any, second: Any) -> Any:
        """One of two numbers, or of two tuples of them."""
        if isinstance(first, tuple) and not isinstance(first, Scalar):
            return tuple(self.choose(condition, *pair) for pair in zip(first, second, strict=True))
        first, second = self.alike(first, second)
        return self.value(first.kind, f"select {self.truth(condition).typed}, {first.typed}, {second.typed}")

    def compare(self, sign: str, first: Scalar, second: Scalar) -> Scalar:
        """Whether `first` is less than `second`, or whatever the sign says."""
        first, second = self.alike(first, second)
        equal = {"==": "eq", "!=": "ne"}
        if first.kind == NUMBER:
            word = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}[sign]
            return self.value(BOOL, f"fcmp {word} {first.typed}, {second.text}")
        order = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
        word = equal.get(sign) or ("s" if first.kind == INT else "u") + order[sign]
        return self.value(BOOL, f"icmp {word} {first.typed}, {second.text}")

    def intrinsic(self, name: str, *values: Scalar) -> Scalar:
        """LLVM's function of that name on doubles."""
        numbers = [self.cast(value, NUMBER) for value in values]
        self.declarations.add(f"declare double @llvm.{name}.f64({', '.join(['double'] * len(numbers))})")
        return self.value(NUMBER, f"call double @llvm.{name}.f64({', '.join(x.typed for x in numbers)})")

    def arithmetic(self, sign: str, first: Scalar, second: Scalar) -> Scalar:
        """The result of an operator."""
        if sign in ("/", "**"):
            first, second = self.cast(first, NUMBER), self.cast(second, NUMBER)
        first, second = self.alike(first, second)
        if sign == "**":
            return self.intrinsic("pow", first, second)
        if first.kind == NUMBER:
            return self.value(NUMBER, f"{_OF_NUMBERS[sign]} {first.typed}, {second.text}")
        first, second = (self.cast(value, INT) if value.kind == BOOL else value for value in (first, second))
        word = "lshr" if sign == ">>" and first.kind == UNSIGNED else _OF_INTEGERS[sign]
        return self.value(first.kind, f"{word} {first.typed}, {second.text}")

    def call(self, kind: str | None, address: Scalar, arguments: tuple[Scalar, ...]) -> Scalar | None:
        """Call the function at an address with int64 (addresses too) and float64 arguments."""
        function = self.address(f"inttoptr {address.typed} to ptr")
        given = [self.cast(value, INT) if value.kind == BOOL else value for value in arguments]
        text = f"{function}({', '.join(value.typed for value in given)})"
        if kind:
            return self.value(kind, f"call {TYPES[kind]} {text}")
        self.put(f"call void {text}")
        return None

    def element(self, array: Array, index: Scalar) -> Any:
        """An element of a vector, a row of a matrix."""
        place = self.place(array, index)
        if len(array.shape) > 1:
            return Array(array.dtype, place, array.shape[1:])
        return Record(array.dtype, place) if array.dtype.names else self.load(array.dtype, place)

    def place(self, array: Array, index: Scalar) -> str:
        """The address of an element or a row."""
        skip = self.arithmetic("*", index, constant(array.dtype.itemsize))
        for length in array.shape[1:]:
            skip = self.arithmetic("*", skip, length)
        return self.address(f"getelementptr i8, ptr {array.address}, {skip.typed}")

    def field(self, record: Record, name: str) -> tuple[np.dtype, str]:
        """The type and the address of a record's field."""
        fields: Any = record.dtype.fields
        dtype, offset = fields[name]
        return dtype, self.address(f"getelementptr i8, ptr {record.address}, i64 {offset}")

    def load(self, dtype: np.dtype, place: str) -> Scalar:
        """A number of NumPy's from memory."""
        kind, stored = _STORED[dtype.str[1:]]
        if stored == TYPES[kind]:
            return self.read(kind, place)
        return self.value(kind, f"zext {stored} {self.address(f'load {stored}, ptr {place}')} to {TYPES[kind]}")

    def store(self, dtype: np.dtype, place: str, value: Scalar) -> None:
        """A number into memory of NumPy's."""
        kind, stored = _STORED[dtype.str[1:]]
        value = self.cast(value, kind)
        text = value.text if stored == TYPES[kind] else self.address(f"trunc {value.typed} to {stored}")
        self.put(f"store {stored} {text}, ptr {place}")

    def function(self, name: str, result: str, parameters: list[str]) -> str:
        """The module that consists of this function."""
        start = [f"define {result} @{name}({', '.join(parameters)}) nounwind {{", "entry:", *self.slots]
        return "\n".join([*sorted(self.declarations), *start, *self.lines, "}"])


_STORED = {"i8": (INT, "i64"), "f8": (NUMBER, "double"), "u1": (INT, "i8")}
_OF_NUMBERS = {"+": "fadd", "-": "fsub", "*": "fmul", "/": "fdiv"}
_OF_INTEGERS = {"+": "add", "-": "sub", "*": "mul", ">>": "ashr", "^": "xor", "&": "and", "|": "or"}

Builtin = Callable[..., Any]


def _smaller(code: Code, first: Scalar, second: Scalar) -> Scalar:
    return code.choose(code.compare("<", second, first), second, first)


def _larger(code: Code, first: Scalar, second: Scalar) -> Scalar:
    return code.choose(code.compare(">", second, first), second, first)


def _is_finite(code: Code, value: Scalar) -> Scalar:
    return code.compare("<", code.intrinsic("fabs", value), constant(np.inf))


def _room(code: Code, count: Scalar) -> Array:
    return Array(np.dtype(np.float64), code.slot(NUMBER, int(count.text)), (count,))


# What stands for functions of Python and NumPy.
BUILTINS: dict[Any, Builtin] = {
    len: lambda code, array: array.shape[0],
    min: _smaller,
    max: _larger,
    abs: lambda code, value: code.intrinsic("fabs", value),
    np.sqrt: lambda code, value: code.intrinsic("sqrt", value),
    np.cos: lambda code, value: code.intrinsic("cos", value),
    np.isfinite: _is_finite,
    np.empty: _room,
    np.float64: lambda code, value: code.cast(value, NUMBER),
    np.int64: lambda code, value: code.cast(value, INT),
    np.uint64: lambda code, value: code.cast(value, UNSIGNED),
}
