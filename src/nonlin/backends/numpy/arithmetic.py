"""Two kinds of number to compute in: one float per lane, or the unevaluated sum of two doubles.

A float64 result is computed in double-double (Dekker 1971, doi:10.1007/BF01397083; Knuth, TAOCP volume 2, 4.2.2),
a float32 or float16 result in float64, so that what remains is one rounding at the end. Training computes float32
in float32.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from ...definition.constants import exact
from ...definition.expression import Number
from .emitter import LANES, Emitter, Value, float_text, splat, vector


class Pair(NamedTuple):
    """The unevaluated sum high + low, with |low| at most half a unit in the last place of high."""

    high: Value
    low: Value


class Native:
    """One IEEE number per lane."""

    def __init__(self, emitter: Emitter, element: str, lanes: int | None = None) -> None:
        self.emit = emitter
        self.element = element
        self.lanes = lanes or LANES[element]
        self.type = vector(element, self.lanes)
        self.integer = "i32" if element == "float" else "i64"
        self.precision = 24 if element == "float" else 53

    def splat(self, number: Number) -> Value:
        """A number in all lanes, rounded to nearest."""
        return splat(self.element, self.lanes, float_text(self.element, float(number)))

    number = splat

    def integers(self, number: int) -> Value:
        """A whole number in all lanes, as wide as the floats."""
        return splat(self.integer, self.lanes, str(number))

    def constant(self, name: str) -> Any:
        """A named constant."""
        return self.number(exact(name))

    def add(self, a: Any, b: Any) -> Any:
        """A + b."""
        return self.emit.binary("fadd", a, b)

    def subtract(self, a: Any, b: Any) -> Any:
        """A - b."""
        return self.emit.binary("fsub", a, b)

    def multiply(self, a: Any, b: Any) -> Any:
        """A times b."""
        return self.emit.binary("fmul", a, b)

    def divide(self, a: Any, b: Any) -> Any:
        """A over b."""
        return self.emit.binary("fdiv", a, b)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """A times b plus c with one rounding."""
        return self.emit.intrinsic("fma", a, b, c)

    def negative(self, a: Any) -> Any:
        """-a."""
        return self.emit.pure(a.type, f"fneg {a.type} {a.text}")

    def abs(self, a: Any) -> Any:
        """|a|."""
        return self.emit.intrinsic("fabs", a)

    def sqrt(self, a: Any) -> Any:
        """The square root."""
        return self.emit.intrinsic("sqrt", a)

    def copysign(self, a: Any, sign: Any) -> Any:
        """|a| with the sign of another number."""
        return self.emit.intrinsic("copysign", a, sign)

    def less(self, a: Any, b: Any) -> Value:
        """A < b, false for NaN."""
        return self.emit.compare("olt", a, b)

    def less_equal(self, a: Any, b: Any) -> Value:
        """A <= b, false for NaN."""
        return self.emit.compare("ole", a, b)

    def is_nan(self, a: Any) -> Value:
        """Where a is not a number."""
        return self.emit.compare("uno", a, a)

    def where(self, mask: Value, a: Any, b: Any) -> Any:
        """A where the mask holds, else b."""
        return self.emit.select(mask, a, b)

    def leading(self, a: Any) -> Value:
        """The number as one float."""
        return a

    def lift(self, a: Value) -> Any:
        """One float as a number of this kind."""
        return a

    def bits(self, a: Value) -> Value:
        """The bits of a float as an integer."""
        return self.emit.convert("bitcast", a, vector(self.integer, self.lanes))

    def from_bits(self, a: Value) -> Value:
        """The float with the given bits."""
        return self.emit.convert("bitcast", a, self.type)

    def scale(self, a: Any, factor: Value) -> Any:
        """A times a power of two."""
        return self.emit.binary("fmul", a, factor)


class DoubleDouble(Native):
    """Two doubles per lane: about 106 bits, for results that round once to float64."""

    def __init__(self, emitter: Emitter) -> None:
        super().__init__(emitter, "double")
        self.precision = 106

    def number(self, number: Number) -> Pair:
        """A number in all lanes, rounded to two doubles."""
        high = float(number)
        low = float(Fraction(number) - Fraction(high)) if math.isfinite(high) else 0.0
        return Pair(self.splat(high), self.splat(low or -0.0))

    def lift(self, a: Value) -> Pair:
        """A double as a pair."""
        return Pair(a, self.splat(-0.0))

    def leading(self, a: Pair) -> Value:
        """The pair rounded to one double."""
        return a.high

    def add(self, a: Pair, b: Pair) -> Pair:
        """A + b to about 2**-104 of |a| + |b|."""
        emit, zero = self.emit, self.splat(0)
        total, error = self._two_sum(a.high, b.high)
        low = self._add(error, self._add(a.low, b.low))
        # Where the high parts cancel, the low parts are the sum.
        cancelled = emit.compare("oeq", total, emit.select(emit.compare("une", low, zero), zero, self.splat(math.nan)))
        return self._renormalised(emit.select(cancelled, low, total), emit.select(cancelled, zero, low))

    def subtract(self, a: Pair, b: Pair) -> Pair:
        """A - b."""
        return self.add(a, self.negative(b))

    def multiply(self, a: Pair, b: Pair) -> Pair:
        """A times b."""
        product = self.emit.binary("fmul", a.high, b.high)
        error = self.fma(a.high, b.high, self._minus(product))
        error = self.fma(a.high, b.low, self.fma(a.low, b.high, error))
        return self._renormalised(product, error)

    def divide(self, a: Pair, b: Pair) -> Pair:
        """A over b."""
        first = self.emit.binary("fdiv", a.high, b.high)
        remainder = self.fma(self._minus(first), b.high, a.high)
        remainder = self._add(remainder, self.fma(self._minus(first), b.low, a.low))
        return self._renormalised(first, self.emit.binary("fdiv", remainder, b.high))

    def negative(self, a: Pair) -> Pair:
        """-a."""
        return Pair(self._minus(a.high), self._minus(a.low))

    def abs(self, a: Pair) -> Pair:
        """|a|."""
        return self.copysign(a, self.lift(self.splat(1)))

    def copysign(self, a: Pair, sign: Pair) -> Pair:
        """|a| with the sign of another number."""
        high = self.emit.intrinsic("copysign", a.high, sign.high)
        flipped = self.emit.binary("xor", self.bits(a.high), self.bits(high))  # the sign bit, where it changed
        return Pair(high, self.from_bits(self.emit.binary("xor", self.bits(a.low), flipped)))

    def sqrt(self, a: Pair) -> Pair:
        """The square root: one Newton step on the double's."""
        root = self.emit.intrinsic("sqrt", a.high)
        remainder = self._add(self.fma(self._minus(root), root, a.high), a.low)
        return self._renormalised(root, self.emit.binary("fdiv", remainder, self._add(root, root)))

    def less(self, a: Pair, b: Pair) -> Value:
        """A < b."""
        return self._ordered("olt", a, b)

    def less_equal(self, a: Pair, b: Pair) -> Value:
        """A <= b."""
        return self._ordered("ole", a, b)

    def is_nan(self, a: Pair) -> Value:
        """Where a is not a number."""
        return super().is_nan(a.high)

    def where(self, mask: Value, a: Pair, b: Pair) -> Pair:
        """A where the mask holds, else b."""
        return Pair(self.emit.select(mask, a.high, b.high), self.emit.select(mask, a.low, b.low))

    def scale(self, a: Pair, factor: Value) -> Pair:
        """A times a power of two."""
        return Pair(self.emit.binary("fmul", a.high, factor), self.emit.binary("fmul", a.low, factor))

    def _ordered(self, predicate: str, a: Pair, b: Pair) -> Value:
        """Compare the high parts, and the low ones where those are equal."""
        emit = self.emit
        mask = vector("i1", self.lanes)
        tie = emit.pure(
            mask,
            f"and {mask} {emit.compare('oeq', a.high, b.high).text}, {emit.compare(predicate, a.low, b.low).text}",
        )
        return emit.pure(mask, f"or {mask} {emit.compare('olt', a.high, b.high).text}, {tie.text}")

    def _add(self, a: Value, b: Value) -> Value:
        return self.emit.binary("fadd", a, b)

    def _minus(self, a: Value) -> Value:
        return self.emit.pure(a.type, f"fneg {a.type} {a.text}")

    def _two_sum(self, a: Value, b: Value) -> tuple[Value, Value]:
        """The rounded sum and its exact error."""
        total = self._add(a, b)
        virtual = self.emit.binary("fsub", total, a)
        left = self.emit.binary("fsub", a, self.emit.binary("fsub", total, virtual))
        return total, self._add(left, self.emit.binary("fsub", b, virtual))

    def _quick_sum(self, a: Value, b: Value) -> tuple[Value, Value]:
        """The same for |a| >= |b|."""
        total = self._add(a, b)
        return total, self.emit.binary("fsub", b, self.emit.binary("fsub", total, a))

    def _renormalised(self, high: Value, low: Value) -> Pair:
        """High and low brought to a pair; at infinity, NaN and zero low is dropped, which keeps them and their sign."""
        emit, nothing = self.emit, self.splat(-0.0)  # the number that adds nothing, not even to -0.0
        magnitude = emit.binary("and", self.bits(high), self.integers(0x7FFFFFFFFFFFFFFF))
        below = emit.binary("sub", magnitude, self.integers(1))  # zero wraps around to the top
        mask = vector("i1", self.lanes)
        usual = emit.pure(mask, f"icmp ult {below.type} {below.text}, {self.integers(0x7FEFFFFFFFFFFFFF).text}")
        total, error = self._quick_sum(high, emit.select(usual, low, nothing))
        return Pair(total, emit.select(usual, error, nothing))
