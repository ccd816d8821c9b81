"""Numbers of formulas in formats with a smaller range than that of doubles."""

from __future__ import annotations

import math
from fractions import Fraction
from sys import float_info


def within(value: float | Fraction, largest: float) -> float:
    """A number as a float of at most `largest`; one beyond keeps its place between 1 and the largest double.

    Formulas hold such numbers as bounds before an overflow, and every format has its own overflow. The place is that
    of the logarithm, so that a number that a double can square is one that the format can square.

    >>> within(0.5, 3.4e38), within(1e150, 3.4e38) ** 2 < 3.4e38
    (0.5, True)
    """
    number = float(value)
    if not largest < abs(number) < math.inf:
        return number
    share = math.log(abs(number)) / math.log(float_info.max)
    return math.copysign(min(largest**share, largest), number)
