"""What every hand-made kernel is written with: vector types of this processor, counted loops, sums over lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from nonlin.backends.numpy.jit import compile_ir

Value = Any  # a number or address in a kernel under construction (llvmlite's builder has no types)

INT = ir.IntType(64)
POINTER = ir.PointerType()
DOUBLE = ir.DoubleType()
LANE = ir.IntType(32)  # the number of a lane


@cache
def vector_bytes() -> int:
    """The width of this processor's widest vector registers, in bytes.

    >>> vector_bytes() in (16, 32, 64)
    True
    """
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


def lanes(dtype: np.dtype) -> int:
    """How many numbers of `dtype` one vector register holds."""
    return vector_bytes() // dtype.itemsize


def padded(width: int, dtype: np.dtype) -> int:
    """`width` rounded up to whole vectors.

    >>> padded(1, np.dtype("f4")) == lanes(np.dtype("f4"))
    True
    """
    return -(-width // lanes(dtype)) * lanes(dtype)


def spread(builder: Value, number: Value, count: int) -> Value:
    """A vector with a number in each of its `count` lanes."""
    kind = ir.VectorType(number.type, count)
    single = builder.insert_element(ir.Constant(kind, ir.Undefined), number, LANE(0))
    return builder.shuffle_vector(single, single, ir.Constant(ir.VectorType(LANE, count), [0] * count))


class Kernel:
    """One function under construction: a builder that knows the number format it computes in.

    Variables live in stack slots, which LLVM turns into registers; so kernels read like ordinary loops.
    """

    def __init__(self, module: ir.Module, name: str, dtype: np.dtype, arguments: str, result: ir.Type | None = None):
        """Start function `name`; `arguments` has a letter an argument: p(ointer), i(nteger), d(ouble).

        Pointers are to separate buffers.
        """
        kinds = {"p": POINTER, "i": INT, "d": DOUBLE}
        kind = ir.FunctionType(result or ir.VoidType(), [kinds[letter] for letter in arguments])
        self.function = ir.Function(module, kind, name)
        self.function.attributes.add("nounwind")
        for argument, letter in zip(self.function.args, arguments, strict=True):
            if letter == "p":
                argument.add_attribute("noalias")
        self.builder: Any = ir.IRBuilder(self.function.append_basic_block())
        self.scalar = ir.FloatType() if dtype.itemsize == 4 else DOUBLE
        self.lanes = lanes(dtype)
        self.vector = ir.VectorType(self.scalar, self.lanes)

    def address(self, result: Value = None) -> int:
        """End the function, which returns `result` or nothing, and compile it."""
        if result is None:
            self.builder.ret_void()
        else:
            self.builder.ret(result)
        return compile_ir(str(self.function.module), self.function.name)[0]

    def variable(self, initial: Value) -> Value:
        """A new variable, set to `initial` here."""
        with self.builder.goto_entry_block():
            slot = self.builder.alloca(initial.type)
        self.builder.store(initial, slot)
        return slot

    def read(self, slot: Value) -> Value:
        """The present value of a variable."""
        return self.builder.load(slot, typ=slot.allocated_type)

    @contextmanager
    def loop(self, start: Value, stop: Value, step: int) -> Iterator[Value]:
        """Run the body for index = start, start + step, ... while a whole step still fits below `stop`."""
        counter = self.variable(start)
        with self.run_while(counter, stop, step) as index:
            yield index

    @contextmanager
    def run_while(self, counter: Value, stop: Value, step: int) -> Iterator[Value]:
        """The same with a variable of the caller's, which tells afterwards where the loop ended."""
        b = self.builder
        head, body, after = (self.function.append_basic_block() for _ in range(3))
        b.branch(head)
        b.position_at_end(head)
        index = self.read(counter)
        following = b.add(index, INT(step))
        b.cbranch(b.icmp_signed("<=", following, stop), body, after)
        b.position_at_end(body)
        yield index
        b.store(following, counter)
        b.branch(head)
        b.position_at_end(after)

    def at(self, base: Value, index: Value) -> Value:
        """The address of element `index` of the array at `base`."""
        return self.builder.gep(base, [index], source_etype=self.scalar)

    def load(self, base: Value, index: Value, vector: bool = True) -> Value:
        """A vector (or a single number) from element `index` on."""
        kind = self.vector if vector else self.scalar
        return self.builder.load(self.at(base, index), align=self.scalar_bytes, typ=kind)

    def store(self, value: Value, base: Value, index: Value) -> None:
        """Store a vector from element `index` on."""
        self.builder.store(value, self.at(base, index), align=self.scalar_bytes)

    @property
    def scalar_bytes(self) -> int:
        """The size of one number."""
        return 4 if isinstance(self.scalar, ir.FloatType) else 8

    def splat(self, value: Value) -> Value:
        """A vector with `value` (a number of the format, or a double) in every lane."""
        number = value if value.type == self.scalar else self.builder.fptrunc(value, self.scalar)
        return spread(self.builder, number, self.lanes)

    def zero(self) -> Value:
        """A vector of zeros."""
        return ir.Constant(self.vector, [0.0] * self.lanes)

    def as_double(self, number: Value) -> Value:
        """A single number as a double."""
        return number if number.type == DOUBLE else self.builder.fpext(number, DOUBLE)

    def first_lanes(self, count: Value) -> Value:
        """Which lanes are among the first `count`, also of a count below 0 or beyond the vector."""
        numbers = ir.Constant(self.vector, [float(lane) for lane in range(self.lanes)])
        return self.builder.fcmp_ordered("<", numbers, self.splat(self.builder.sitofp(count, DOUBLE)))

    def multiply_add(self, x: Value, y: Value, z: Value) -> Value:
        """x * y + z, in one rounding where the processor can."""
        return self.intrinsic("fmuladd", x, y, z)

    def divide(self, x: Value, y: Value) -> Value:
        """x / y to two units in the last place, for a normal number y.

        In float32 on AVX-512 it is an estimate and a step of Newton's: the divider is left to the square roots.
        """
        if self.scalar_bytes > 4 or self.lanes < 16:
            return self.builder.fdiv(x, y)
        every = ir.Constant(ir.IntType(16), -1)
        estimate = self._call("llvm.x86.avx512.rcp14.ps.512", y, self.zero(), every)
        error = self.multiply_add(self.builder.fneg(y), estimate, ir.Constant(self.vector, [1.0] * self.lanes))
        quotient = self.builder.fmul(x, estimate)
        return self.multiply_add(quotient, error, quotient)

    def intrinsic(self, name: str, *vectors: Value) -> Value:
        """LLVM's function of that name (`sqrt`, `fabs`, ...) on vectors."""
        return self._call(f"llvm.{name}.v{self.lanes}f{8 * self.scalar_bytes}", *vectors)

    def _call(self, name: str, *arguments: Value) -> Value:
        """A vector from a function that LLVM knows by this name."""
        module = self.function.module
        kind = ir.FunctionType(self.vector, [argument.type for argument in arguments])
        return self.builder.call(module.globals.get(name) or ir.Function(module, kind, name), arguments)

    def add(self, value: Value, slot: Value) -> None:
        """Add to a variable."""
        self.builder.store(self.builder.fadd(self.read(slot), value), slot)

    def sum(self, vector: Value) -> Value:
        """The sum over the lanes as a double, always in the same order."""
        total: Value = DOUBLE(0.0)
        for lane in range(self.lanes):
            total = self.builder.fadd(total, self.as_double(self.builder.extract_element(vector, LANE(lane))))
        return total

    def sum_of_squares(self, count: Value, numbers: Callable[[Value], Value]) -> Value:
        """The sum as a double of the squares of `count` numbers, of which `numbers` gives a vector from a place on.

        `count` is a multiple of the lanes.
        """
        squares = self.variable(self.zero())
        with self.loop(INT(0), count, self.lanes) as place:
            vector = numbers(place)
            self.builder.store(self.multiply_add(vector, vector, self.read(squares)), squares)
        return self.sum(self.read(squares))

    def turn(self, tile: list[Value]) -> list[Value]:
        """Transpose a square tile by swapping its off-diagonal quarters at every scale: 1, 2, 4, ... lanes."""
        count, scale = len(tile), 1
        while scale < count:
            upper = [lane if not lane & scale else count + lane - scale for lane in range(count)]
            lower = [lane + scale if not lane & scale else count + lane for lane in range(count)]
            following = list(tile)
            for i in range(count):
                if not i & scale:
                    first, second = tile[i], tile[i + scale]
                    following[i] = self._shuffle(first, second, upper)
                    following[i + scale] = self._shuffle(first, second, lower)
            tile, scale = following, 2 * scale
        return tile

    def _shuffle(self, first: Value, second: Value, lanes: list[int]) -> Value:
        mask = ir.Constant(ir.VectorType(LANE, len(lanes)), lanes)
        return self.builder.shuffle_vector(first, second, mask)
