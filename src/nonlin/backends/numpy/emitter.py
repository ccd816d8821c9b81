"""LLVM IR as text, one instruction at a time.

Explicit vectors of a fixed length: LLVM splits them into what the processor has, so that a result does not depend
on the width of its registers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .elements import BYTES

LANES = {"float": 16, "double": 8}  # 512 bits


class Value(NamedTuple):
    """An SSA value or a constant."""

    type: str
    text: str

    @property
    def lanes(self) -> int:
        """How many lanes a vector has."""
        return int(self.type[1:].split(" ")[0])

    @property
    def element(self) -> str:
        """The type of a lane of a vector."""
        return self.type[1:-1].split(" ")[-1]


def vector(element: str, lanes: int) -> str:
    """The type of a vector."""
    return f"<{lanes} x {element}>"


def float_text(element: str, number: float) -> str:
    """A floating constant: LLVM writes float and double as the bits of the double with that value."""
    if element == "float" and math.isfinite(number):
        number = struct.unpack("f", struct.pack("f", number))[0]
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def splat(element: str, lanes: int, text: str) -> Value:
    """The same constant in all lanes."""
    return Value(vector(element, lanes), "<" + ", ".join([f"{element} {text}"] * lanes) + ">")


def lane_numbers(integer: str, lanes: int) -> Value:
    """0, 1, 2 ... in the lanes."""
    return Value(vector(integer, lanes), "<" + ", ".join(f"{integer} {lane}" for lane in range(lanes)) + ">")


def _suffix(kind: str) -> str:
    """The part of an intrinsic's name that says on what it works, such as v8f64 or i64."""
    short = {"half": "f16", "float": "f32", "double": "f64"}
    *lanes, element = kind.strip("<>").split(" x ")
    return f"{''.join(f'v{count}' for count in lanes)}{short.get(element, element)}"


@dataclass
class Emitter:
    """Collects the instructions of a function; the same pure instruction is emitted once per block."""

    lines: list[str] = field(default_factory=list)
    locals: list[str] = field(default_factory=list)  # stack slots, which belong into the entry block
    declarations: set[str] = field(default_factory=set)
    counter: int = 0
    _known: dict[str, Value] = field(default_factory=dict)

    def name(self, stem: str = "v") -> str:
        """A fresh name."""
        self.counter += 1
        return f"{stem}{self.counter}"

    def pure(self, result_type: str, instruction: str) -> Value:
        """An instruction without side effects."""
        known = self._known.get(instruction)
        if known is None:
            known = self._known[instruction] = self.effect(result_type, instruction)
        return known

    def effect(self, result_type: str, instruction: str) -> Value:
        """An instruction with a result that may depend on memory."""
        value = Value(result_type, "%" + self.name())
        self.lines.append(f"  {value.text} = {instruction}")
        return value

    def do(self, instruction: str) -> None:
        """An instruction without a result."""
        self.lines.append(f"  {instruction}")

    def label(self, name: str) -> None:
        """Start a block; what was computed before is not reused, since it may not dominate."""
        self.lines.append(f"{name}:")
        self._known.clear()

    def slot(self, kind: str, initial: str) -> str:
        """A variable on the stack (LLVM makes it a register), set to an initial value here."""
        pointer = "%" + self.name("slot")
        self.locals.append(f"  {pointer} = alloca {kind}, align 64")
        self.do(f"store {kind} {initial}, ptr {pointer}")
        return pointer

    def room(self, kind: str, count: int) -> str:
        """Memory on the stack for so many values, whatever it holds."""
        pointer = "%" + self.name("room")
        self.locals.append(f"  {pointer} = alloca [{count} x {kind}], align 64")
        return pointer

    def function(self, signature: str, result: str = "ret void") -> str:
        """The text of a function with the collected instructions as its body."""
        return "\n".join([f"define {signature} #0 {{", "entry:", *self.locals, *self.lines, f"  {result}", "}"])

    def binary(self, operation: str, a: Value, b: Value) -> Value:
        """An arithmetic instruction on two values of one type."""
        return self.pure(a.type, f"{operation} {a.type} {a.text}, {b.text}")

    def compare(self, predicate: str, a: Value, b: Value) -> Value:
        """A floating comparison: lanes of booleans."""
        return self.pure(vector("i1", a.lanes), f"fcmp {predicate} {a.type} {a.text}, {b.text}")

    def compare_integers(self, predicate: str, a: Value, b: Value) -> Value:
        """A comparison of integers: lanes of booleans."""
        return self.pure(vector("i1", a.lanes), f"icmp {predicate} {a.type} {a.text}, {b.text}")

    def select(self, mask: Value, a: Value, b: Value) -> Value:
        """Lanes of a where the mask holds, else of b."""
        return self.pure(a.type, f"select {mask.type} {mask.text}, {a.type} {a.text}, {b.type} {b.text}")

    def convert(self, operation: str, a: Value, target: str) -> Value:
        """A conversion, such as bitcast, fpext or trunc."""
        return self.pure(target, f"{operation} {a.type} {a.text} to {target}")

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """A pure LLVM intrinsic whose result has the type of its first argument."""
        kind = arguments[0].type
        function = f"@llvm.{name}.{_suffix(kind)}"
        self.declarations.add(f"declare {kind} {function}({', '.join(a.type for a in arguments)})")
        return self.pure(kind, f"call {kind} {function}({', '.join(f'{a.type} {a.text}' for a in arguments)})")

    def spread(self, scalar: Value, lanes: int) -> Value:
        """A scalar in all lanes."""
        kind = vector(scalar.type, lanes)
        first = self.pure(kind, f"insertelement {kind} poison, {scalar.type} {scalar.text}, i32 0")
        return self.pure(kind, f"shufflevector {kind} {first.text}, {kind} poison, <{lanes} x i32> zeroinitializer")

    def first_lanes(self, count: Value, lanes: int) -> Value:
        """A mask of as many lanes as an integer says."""
        limit = self.spread(count, lanes)
        return self.compare_integers("slt", lane_numbers(count.type, lanes), limit)

    def some(self, mask: Value) -> Value:
        """Whether a mask holds in any lane, an i1."""
        bits = self.convert("bitcast", mask, f"i{mask.lanes}")
        return self.pure("i1", f"icmp ne {bits.type} {bits.text}, 0")

    def shuffle(self, a: Value, order: Sequence[int]) -> Value:
        """The lanes of a vector with the given numbers, in this order."""
        mask = ", ".join(f"i32 {lane}" for lane in order)
        text = f"shufflevector {a.type} {a.text}, {a.type} poison, <{len(order)} x i32> <{mask}>"
        return self.pure(vector(a.element, len(order)), text)

    def joined(self, a: Value, b: Value) -> Value:
        """The lanes of a vector, then those of another one of its type."""
        order = ", ".join(f"i32 {lane}" for lane in range(2 * a.lanes))
        text = f"shufflevector {a.type} {a.text}, {b.type} {b.text}, <{2 * a.lanes} x i32> <{order}>"
        return self.pure(vector(a.element, 2 * a.lanes), text)

    def lane(self, a: Value, number: int) -> Value:
        """One lane of a vector."""
        return self.pure(a.element, f"extractelement {a.type} {a.text}, i32 {number}")

    def address(self, pointer: str, element: str, index: Value) -> str:
        """The pointer to an element of an array."""
        return self.effect("ptr", f"getelementptr {element}, ptr {pointer}, i64 {index.text}").text

    def load(self, kind: str, pointer: str, align: int | None = None) -> Value:
        """What lies in memory, which is aligned to its size if nothing else is said."""
        return self.effect(kind, f"load {kind}, ptr {pointer}" + (f", align {align}" if align else ""))

    def store(self, value: Value, pointer: str, align: int | None = None) -> None:
        """Write to memory, which is aligned to the size of the value if nothing else is said."""
        self.do(f"store {value.type} {value.text}, ptr {pointer}" + (f", align {align}" if align else ""))

    def masked_load(self, element: str, pointer: str, mask: Value) -> Value:
        """What lies in memory where the mask holds, and 0 elsewhere; there, nothing is read."""
        kind = vector(element, mask.lanes)
        name = f"@llvm.masked.load.{_suffix(kind)}.p0"
        self.declarations.add(f"declare {kind} {name}(ptr, i32, {mask.type}, {kind})")
        arguments = f"ptr {pointer}, i32 {BYTES[element]}, {mask.type} {mask.text}, {kind} zeroinitializer"
        return self.effect(kind, f"call {kind} {name}({arguments})")

    def masked_store(self, value: Value, pointer: str, mask: Value) -> None:
        """Write the lanes where the mask holds; elsewhere, memory is left alone."""
        name = f"@llvm.masked.store.{_suffix(value.type)}.p0"
        self.declarations.add(f"declare void {name}({value.type}, ptr, i32, {mask.type})")
        given = f"{value.type} {value.text}, ptr {pointer}, i32 {BYTES[value.element]}, {mask.type} {mask.text}"
        self.do(f"call void {name}({given})")

    def gather(self, element: str, table: str, index: Value) -> Value:
        """The entries of a constant table with the numbers in the lanes of the index."""
        kind, pointers, every = vector(element, index.lanes), vector("ptr", index.lanes), vector("i1", index.lanes)
        places = self.pure(pointers, f"getelementptr {element}, ptr {table}, {index.type} {index.text}")
        name = f"@llvm.masked.gather.{_suffix(kind)}.v{index.lanes}p0"
        self.declarations.add(f"declare {kind} {name}({pointers}, i32, {every}, {kind})")
        mask = splat("i1", index.lanes, "true")
        given = f"{pointers} {places.text}, i32 {BYTES[element]}, {every} {mask.text}, {kind} poison"
        return self.pure(kind, f"call {kind} {name}({given})")
