"""Searches on many intervals at once: where something changes, to the last bit, and where something is largest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

_GOLDEN = (5**0.5 - 1) / 2


def change(side: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, ...]:
    """Two neighbouring numbers between each low and high, on which `side` differs as it does at low and high.

    >>> change(lambda x: x * x < 2, np.array([0.0]), np.array([2.0]))
    (array([1.41421356]), array([1.41421356]))
    """
    start = side(low)
    bits_low, bits_high = _order(low), _order(high)
    for _ in range(64):
        middle = bits_low // 2 + bits_high // 2 + (bits_low % 2 + bits_high % 2) // 2
        same = side(_number(middle)) == start
        bits_low, bits_high = np.where(same, middle, bits_low), np.where(same, bits_high, middle)
    return _number(bits_low), _number(bits_high)


def _order(x: np.ndarray) -> np.ndarray:
    """Whole numbers in the order of floating-point numbers, neighbours next to each other."""
    bits = np.asarray(x, np.float64).view(np.int64)
    return np.where(bits < 0, np.int64(-(2**63)) - bits, bits)


def _number(order: np.ndarray) -> np.ndarray:
    return np.where(order < 0, np.int64(-(2**63)) - order, order).view(np.float64)


def largest(score: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where a function with one maximum between each low and high is largest, by golden section.

    >>> largest(lambda x: -((x - 3) ** 2), np.array([2.0]), np.array([5.0])).round(6)
    array([3.])
    """
    for _ in range(60):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        smaller = score(left) < score(right)
        low, high = np.where(smaller, left, low), np.where(smaller, high, right)
    return (low + high) / 2


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with different signs at low and high is zero, by Ridders' method (1979).

    >>> round(root(lambda x: x * x - 2, 0.0, 2.0), 12)
    1.414213562373
    """
    at_low, at_high = function(low), function(high)
    last = math.inf
    for _ in range(60):
        middle = (low + high) / 2
        at_middle = function(middle)
        width = math.sqrt(at_middle**2 - at_low * at_high)
        if width == 0:
            return middle
        found = middle + (middle - low) * math.copysign(1, at_low - at_high) * at_middle / width
        if abs(found - last) <= 1e-14 * abs(found):
            return found
        last, at_found = found, function(found)
        if at_middle * at_found < 0:
            low, at_low, high, at_high = middle, at_middle, found, at_found
        elif at_low * at_found < 0:
            high, at_high = found, at_found
        else:
            low, at_low = found, at_found
    return last
