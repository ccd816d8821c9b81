"""Single precision with a correction: numbers as the sum of two floats, without the care that extreme ones need.

For arguments of moderate size this gives float32 results to about half a unit in the last place, with sixteen numbers
in a register where double precision has eight. Nothing here is rescued from overflow, underflow or cancellation:
`fast_range` measures where the results may be used. Sums and products are those of Dekker 1971, doi:10.1007/BF01397083.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ...definition.expression import Number
from .arithmetic import Native
from .emitter import LANES as REGISTER
from .emitter import Emitter, Value
from .one_instruction import looked_up, scaled

LANES = REGISTER["float"]


class Sum(NamedTuple):
    """high + low, where low is far smaller than high; none when high is exact.

    `nearest` computes the float nearest to the sum where that takes less than adding, the sign of zero included.
    The parts of an `aligned` sum have one sign. `double` is what is made of parameters and numbers alone, in doubles.
    """

    high: Value
    low: Value | None = None
    nearest: Callable[[], Value] | None = None
    aligned: bool = False
    double: Value | None = None


class FloatPair(Native):
    """Two floats per lane."""

    def __init__(self, emitter: Emitter) -> None:
        super().__init__(emitter, "float")
        self._wide = Native(emitter, "double", LANES)
        self._known: dict[Value, Fraction] = {}  # the numbers that stand in the formula

    def number(self, number: Number) -> Sum:
        """A number in all lanes, as two floats of one sign."""
        high = np.float32(float(number))
        if np.isfinite(high) and abs(Fraction(float(high))) > abs(Fraction(number)):
            high = np.nextafter(high, np.float32(0))
        high = float(high)
        low = float(Fraction(number) - Fraction(high)) if np.isfinite(high) else 0.0
        low_part, double = self.splat(low) if low else None, self._wide.splat(number)
        result = Sum(self.splat(high), low_part, aligned=True, double=double)
        if np.isfinite(high):
            self._known[result.high] = Fraction(number)
        return result

    def lift(self, a: Value) -> Sum:
        """A float as it is."""
        return Sum(a)

    def from_double(self, number: Value) -> Sum:
        """Doubles, as two floats of one sign."""
        emit = self.emit
        nearest = emit.convert("fptrunc", number, self.type)
        back = emit.convert("fpext", nearest, number.type)
        too_large = emit.compare("ogt", emit.intrinsic("fabs", back), emit.intrinsic("fabs", number))
        before = self.from_bits(emit.binary("sub", self.bits(nearest), self.integers(1)))
        high = emit.select(too_large, before, nearest)
        rest = emit.binary("fsub", number, emit.convert("fpext", high, number.type))
        return Sum(high, emit.convert("fptrunc", rest, self.type), lambda: nearest, aligned=True, double=number)

    def leading(self, a: Sum) -> Value:
        """The sum rounded to a float; -0.0 stays."""
        if a.low is None:
            return a.high
        if a.nearest is not None:
            return a.nearest()
        return self.emit.intrinsic("copysign", self.plus(a.high, a.low), a.high)

    def add(self, a: Sum, b: Sum) -> Sum:
        """A + b."""
        if a.double and b.double:
            return self.from_double(self.emit.binary("fadd", a.double, b.double))
        total, error = self.two_sum(a.high, b.high)
        nearest = (lambda: total) if a.low is None and b.low is None else None
        return Sum(total, self._together(error, a.low, b.low), nearest)

    def ordered_add(self, a: Sum, b: Sum) -> Sum:
        """A + b where |a| >= |b|."""
        total, error = self.quick_two_sum(a.high, b.high)
        nearest = (lambda: total) if a.low is None and b.low is None else None
        return Sum(total, self._together(error, a.low, b.low), nearest)

    def subtract(self, a: Sum, b: Sum) -> Sum:
        """A - b."""
        return self.add(a, self.negative(b))

    def multiply(self, a: Sum, b: Sum) -> Sum:
        """A times b."""
        if a.double and b.double:
            return self.from_double(self.emit.binary("fmul", a.double, b.double))
        product = self.emit.binary("fmul", a.high, b.high)
        if self._power_of_two(a) or self._power_of_two(b):
            other, factor = (a, b.high) if self._power_of_two(b) else (b, a.high)
            low = other.low and self.emit.binary("fmul", other.low, factor)
            nearest = other.nearest and (lambda: self.emit.binary("fmul", self.leading(other), factor))
            return Sum(product, low, nearest)
        error = self.fma(a.high, b.high, self.minus(product))
        for low, other in ((a.low, b.high), (b.low, a.high)):
            error = error if low is None else self.fma(low, other, error)
        return Sum(product, error, self._nearest_product(a, b, product))

    def _nearest_product(self, a: Sum, b: Sum, product: Value) -> Callable[[], Value] | None:
        """The product rounded once, if that takes less than adding its parts."""
        if a.low is None and b.low is None:
            return lambda: product
        if not (a.low is None or b.low is None or a.aligned or b.aligned):
            return None

        def nearest() -> Value:
            parts = [(low, other) for low, other in ((a.low, b.high), (b.low, a.high)) if low is not None]
            total = self.emit.binary("fmul", *parts[0])
            for low, other in (*parts[1:], (a.high, b.high)):
                total = self.fma(low, other, total)
            keeps_zeros = all(x.low is None or x.aligned for x in (a, b))
            return total if keeps_zeros else self.emit.intrinsic("copysign", total, product)

        return nearest

    def divide(self, a: Sum, b: Sum) -> Sum:
        """A over b: one division, and what its rounding left over times the reciprocal."""
        if b.high in self._known:
            return self.multiply(a, self.number(1 / self._known[b.high]))
        reciprocal = self.emit.binary("fdiv", self.splat(1), b.high)
        quotient = reciprocal if self._known.get(a.high) == 1 else self.emit.binary("fmul", a.high, reciprocal)
        minus = self.minus(quotient)
        rest = self.fma(minus, b.high, a.high)
        rest = rest if a.low is None else self.plus(rest, a.low)
        rest = rest if b.low is None else self.fma(minus, b.low, rest)
        return Sum(quotient, self.times(rest, reciprocal))

    def sqrt(self, a: Sum) -> Sum:
        """The square root with one Newton step."""
        root = self.emit.intrinsic("sqrt", a.high)
        rest = self._together(self.fma(self.minus(root), root, a.high), a.low)
        twice = self.emit.select(self.emit.compare("ogt", root, self.splat(0)), self.plus(root, root), self.splat(1))
        return Sum(root, self.emit.binary("fdiv", rest, twice))

    def negative(self, a: Sum) -> Sum:
        """-a."""
        low, double = (part and self.minus(part) for part in (a.low, a.double))
        nearest = a.nearest and (lambda: self.minus(self.leading(a)))
        return Sum(self.minus(a.high), low, nearest, a.aligned, double)

    def abs(self, a: Sum) -> Sum:
        """|a|."""
        if a.low is None:
            return Sum(self.emit.intrinsic("fabs", a.high))
        high = self.emit.intrinsic("fabs", a.high)
        flipped = self.emit.binary("xor", self.bits(a.high), self.bits(high))
        return Sum(high, self.from_bits(self.emit.binary("xor", self.bits(a.low), flipped)))

    def less(self, a: Sum, b: Sum) -> Value:
        """A < b."""
        return self._ordered("olt", a, b)

    def less_equal(self, a: Sum, b: Sum) -> Value:
        """A <= b."""
        return self._ordered("ole", a, b)

    def _ordered(self, predicate: str, a: Sum, b: Sum) -> Value:
        zero = self.splat(0)
        if (a.low is None and b.low is None) or zero in (a.high, b.high):
            return self.emit.compare(predicate, a.high, b.high)
        if a.low is None and b.aligned:  # a float is below a number if it is below the next float
            return self.emit.compare(predicate, a.high, self._beside(b, above=predicate == "olt"))
        if b.low is None and a.aligned:
            return self.emit.compare(predicate, self._beside(a, above=predicate == "ole"), b.high)
        difference = self.emit.binary("fsub", a.high, b.high)
        difference = difference if a.low is None else self.plus(difference, a.low)
        difference = difference if b.low is None else self.emit.binary("fsub", difference, b.low)
        return self.emit.compare(predicate, difference, zero)

    def _beside(self, a: Sum, *, above: bool) -> Value:
        """The nearest float that is not below an aligned sum, or not above it: its high part is nearer to 0."""
        emit, zero = self.emit, self.splat(0)
        assert a.low is not None
        next_one = self.from_bits(emit.binary("add", self.bits(a.high), self.integers(1)))
        beyond = emit.select(emit.compare("une", a.low, zero), next_one, a.high)
        return emit.select(emit.compare("ogt" if above else "olt", a.high, zero), beyond, a.high)

    def where(self, mask: Value, a: Sum, b: Sum) -> Sum:
        """A where the mask holds, else b."""
        high = self.emit.select(mask, a.high, b.high)
        if a.low is None and b.low is None:
            return Sum(high)
        zero, is_near = self.splat(0), all(x.low is None or x.nearest for x in (a, b))
        nearest = (lambda: self.emit.select(mask, self.leading(a), self.leading(b))) if is_near else None
        return Sum(high, self.emit.select(mask, a.low or zero, b.low or zero), nearest, a.aligned and b.aligned)

    def maximum(self, a: Sum, b: Sum) -> Sum:
        """The larger."""
        return self.where(self.less(a, b), b, a)

    def minimum(self, a: Sum, b: Sum) -> Sum:
        """The smaller."""
        return self.where(self.less(b, a), b, a)

    def sign(self, a: Sum) -> Sum:
        """-1, 0 or 1."""
        zero = self.number(0)
        return self.where(self.less(zero, a), self.number(1), self.where(self.less(a, zero), self.number(-1), a))

    def _power_of_two(self, a: Sum) -> bool:
        """Whether a product with this number of the formula is exact."""
        known = abs(self._known.get(a.high, Fraction(3)))
        return all(part & (part - 1) == 0 for part in known.as_integer_ratio())

    def _together(self, first: Value, *others: Value | None) -> Value:
        for other in others:
            first = first if other is None else self.plus(first, other)
        return first

    def plus(self, a: Value, b: Value) -> Value:
        """A sum that may become one instruction with a product in it."""
        return self.emit.binary("fadd contract", a, b)

    def times(self, a: Value, b: Value) -> Value:
        """A product that may become one instruction with a sum of it."""
        return self.emit.binary("fmul contract", a, b)

    def scaled(self, a: Value, exponent: Value) -> Value:
        """A times the power of two whose exponent is a float rounded down."""
        return scaled(self.emit, a, exponent)

    def lookup(self, numbers: Sequence[float], index: Value) -> Value:
        """The number at the lowest bits of an index, out of as many as there are lanes."""
        return looked_up(self.emit, numbers, index)
