"""The primitive `row_threshold` by halving, for array libraries that have nothing better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def row_threshold(
    table: Mapping[str, Callable[..., Any]], power: Callable[[Any, Any], Any], x: Any, exponent: Any, digits: int
) -> Any:
    """The t for which the sum over the row of max(x - t, 0)**exponent is 1, to `digits` binary digits below 1.

    It lies between the largest entry less 1, where the sum is at least 1, and the largest entry, where it is 0.

    Parameters
    ----------
    table : the other primitives of a backend
    power : the power of two numbers in that backend
    """
    number, zero, one = table["number"], table["number"](0), table["number"](1)
    t = table["subtract"](table["row_max"](x), one)
    for place in range(1, digits + 1):
        higher = table["add"](t, number(2.0**-place))
        above = table["maximum"](table["subtract"](x, higher), zero)
        total = table["row_sum"](power(above, exponent))
        t = table["where"](table["less_equal"](one, total), higher, t)
    return t
