"""LLVM IR as text, one instruction at a time.

Explicit vectors of a fixed length: LLVM splits them into what the processor has, so that a result does not depend
on the width of its registers.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

LANES = {"float": 16, "double": 8}  # 512 bits


class Value(NamedTuple):
    """An SSA value or a constant."""

    type: str
    text: str


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

    def function(self, signature: str, result: str = "ret void") -> str:
        """The text of a function with the collected instructions as its body."""
        return "\n".join([f"define {signature} #0 {{", "entry:", *self.locals, *self.lines, f"  {result}", "}"])

    def binary(self, operation: str, a: Value, b: Value) -> Value:
        """An arithmetic instruction on two values of one type."""
        return self.pure(a.type, f"{operation} {a.type} {a.text}, {b.text}")

    def compare(self, predicate: str, a: Value, b: Value) -> Value:
        """A floating comparison: lanes of booleans."""
        lanes = a.type[1:].split(" ")[0]
        return self.pure(f"<{lanes} x i1>", f"fcmp {predicate} {a.type} {a.text}, {b.text}")

    def select(self, mask: Value, a: Value, b: Value) -> Value:
        """Lanes of a where the mask holds, else of b."""
        return self.pure(a.type, f"select {mask.type} {mask.text}, {a.type} {a.text}, {b.type} {b.text}")

    def convert(self, operation: str, a: Value, target: str) -> Value:
        """A conversion, such as bitcast, fpext or trunc."""
        return self.pure(target, f"{operation} {a.type} {a.text} to {target}")

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """A pure LLVM intrinsic whose result has the type of its first argument."""
        kind = arguments[0].type
        suffix = "v" + kind[1:-1].replace(" x ", "").replace("double", "f64").replace("float", "f32")
        function = f"@llvm.{name}.{suffix}"
        self.declarations.add(f"declare {kind} {function}({', '.join(a.type for a in arguments)})")
        return self.pure(kind, f"call {kind} {function}({', '.join(f'{a.type} {a.text}' for a in arguments)})")
