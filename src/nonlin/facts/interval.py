"""A closed interval of inputs, readable when printed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple


class Interval(NamedTuple):
    """The inputs from low to high, either of which may be infinite.

    >>> print(Interval(-math.inf, 0.0))
    x <= 0
    >>> print(Interval(-1.0, 1.0))
    -1 <= x <= 1
    """

    low: float
    high: float

    def __str__(self) -> str:
        below, above = f"{self.low:.6g} <= ", f" <= {self.high:.6g}"
        if math.isinf(self.low) and math.isinf(self.high):
            return "everywhere"
        if math.isinf(self.low):
            return f"x{above}"
        return f"x >= {self.low:.6g}" if math.isinf(self.high) else f"{below}x{above}"


def joined(intervals: Iterable[tuple[float, float]]) -> tuple[Interval, ...]:
    """The intervals in order, those that touch made one.

    >>> [str(interval) for interval in joined([(0, math.inf), (-3, -2), (-2, -1)])]
    ['-3 <= x <= -1', 'x >= 0']
    """
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if result and low <= result[-1].high:
            result[-1] = Interval(result[-1].low, max(high, result[-1].high))
        else:
            result.append(Interval(float(low), float(high)))
    return tuple(result)
