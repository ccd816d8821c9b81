"""Two kinds of number to compute in: one float per lane, or the unevaluated sum of two doubles.

A float64 result is computed in double-double (Dekker 1971, doi:10.1007/BF01397083; Knuth, TAOCP volume 2, 4.2.2), a
narrower one in float64, so that what remains is one rounding at the end. Two more kinds, in `float_pair` and
`short_doubles`, are faster for float32 where they are exact enough. Training computes float32 in float32.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

from ...definition.constants import exact
from ...definition.expression import Number
from .emitter import LANES, Emitter, Value, float_text, splat, vector


class Pair(NamedTuple):
    """The unevaluated sum high + low: low is at most a few units in the last place of high.

    Where high is infinite or NaN, low is nothing that may be used; `add` and `leading` drop it.
    """

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

    def add_finite(self, a: Any, b: Any, *, ordered: bool = False) -> Any:
        """A + b for finite numbers that do not cancel, where signed zeros are no matter; `ordered`: |a| >= |b|."""
        return self.add(a, b)

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

    def minus(self, a: Value) -> Value:
        """-a, a single float."""
        return self.emit.pure(a.type, f"fneg {a.type} {a.text}")

    def negative(self, a: Any) -> Any:
        """-a."""
        return self.minus(a)

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

    def head(self, a: Any) -> Value:
        """The first float of a number, which tells how large it is."""
        return a

    def lift(self, a: Value) -> Any:
        """One float as a number of this kind."""
        return a

    def two_sum(self, a: Value, b: Value) -> tuple[Value, Value]:
        """The rounded sum of two floats and its exact error."""
        emit = self.emit
        total = emit.binary("fadd", a, b)
        virtual = emit.binary("fsub", total, a)
        left = emit.binary("fsub", a, emit.binary("fsub", total, virtual))
        return total, emit.binary("fadd", left, emit.binary("fsub", b, virtual))

    def quick_two_sum(self, a: Value, b: Value) -> tuple[Value, Value]:
        """The same where |a| >= |b|."""
        total = self.emit.binary("fadd", a, b)
        return total, self.emit.binary("fsub", b, self.emit.binary("fsub", total, a))

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
        """The pair rounded to one double; at zero, infinity and NaN that is its high part, sign and all."""
        usual = self.emit.compare("one", a.high, self._add(a.high, a.high))
        return self.emit.select(usual, self._add(a.high, a.low), a.high)

    def head(self, a: Pair) -> Value:
        """The high part, which may miss the rounded pair by a few units in the last place."""
        return a.high

    def add(self, a: Pair, b: Pair) -> Pair:
        """A + b to about 2**-104 of |a| + |b|; the sum's low part is at most half a unit of its high part."""
        total, error = self.two_sum(a.high, b.high)
        low = self._add(error, self._add(a.low, b.low))
        # Drop what is unknown (beside an infinite sum); -0.0 adds nothing, not even to -0.0.
        low = self.emit.select(self.emit.compare("one", low, self.splat(0)), low, self.splat(-0.0))
        return Pair(*self.quick_two_sum(total, low))

    def add_finite(self, a: Pair, b: Pair, *, ordered: bool = False) -> Pair:
        """The same without a guard, and not normalised."""
        total, error = (self.quick_two_sum if ordered else self.two_sum)(a.high, b.high)
        return Pair(total, self._add(error, self._add(a.low, b.low)))

    def subtract(self, a: Pair, b: Pair) -> Pair:
        """A - b."""
        return self.add(a, self.negative(b))

    def multiply(self, a: Pair, b: Pair) -> Pair:
        """A times b."""
        product = self.emit.binary("fmul", a.high, b.high)
        error = self.fma(a.high, b.high, self.minus(product))
        return Pair(product, self.fma(a.high, b.low, self.fma(a.low, b.high, error)))

    def divide(self, a: Pair, b: Pair) -> Pair:
        """A over b."""
        quotient = self.emit.binary("fdiv", a.high, b.high)
        remainder = self.fma(self.minus(quotient), b.high, a.high)
        remainder = self._add(remainder, self.fma(self.minus(quotient), b.low, a.low))
        return Pair(quotient, self.emit.binary("fdiv", remainder, b.high))

    def negative(self, a: Pair) -> Pair:
        """-a."""
        return Pair(self.minus(a.high), self.minus(a.low))

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
        remainder = self._add(self.fma(self.minus(root), root, a.high), a.low)
        return Pair(root, self.emit.binary("fdiv", remainder, self._add(root, root)))

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
        """Compare the difference with 0, but where there is none, beside infinity, the high parts."""
        emit = self.emit
        difference = self._add(emit.binary("fsub", a.high, b.high), emit.binary("fsub", a.low, b.low))
        unknown = emit.compare("uno", difference, difference)
        by_high = emit.binary("and", unknown, emit.compare(predicate, a.high, b.high))
        return emit.binary("or", by_high, emit.compare(predicate, difference, self.splat(0)))

    def _add(self, a: Value, b: Value) -> Value:
        return self.emit.binary("fadd", a, b)
