"""Where f(x) = x."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .curve import Curve, curve_of
from .interval import Interval, joined
from .search import change

if TYPE_CHECKING:
    from ..definition import Elementwise

_ROUNDING = 64 * np.finfo(float).eps  # f(x) and x that differ by less may be equal

_NEAR, _FEW = 40, 4


def fixed_points(activation: Elementwise, **parameters: float) -> tuple[float | Interval, ...]:
    """All x with f(x) = x, in order: numbers, and intervals of which every point is one.

    Where f jumps, the end of an interval is a limit. Points are looked for a hundredth apart up to 40, and coarsely up
    to 1e8; where there are many far ones, because of a periodic part as in x + sin(x)^2, those up to 40 are given.

    Examples
    --------
    >>> import nonlin as nl
    >>> fixed_points(nl.tanh)
    (0.0,)
    >>> [str(found) for found in fixed_points(nl.relu)]
    ['x >= 0']
    >>> fixed_points(nl.sigmoid)
    (0.6590460684074066,)
    """
    curve = curve_of(activation, parameters)
    intervals = _identical(curve)
    points = [x for x in _isolated(curve) if not any(low <= x <= high for low, high in intervals)]
    return tuple(sorted([*intervals, *points], key=lambda found: found.low if isinstance(found, Interval) else found))


def _identical(curve: Curve) -> tuple[Interval, ...]:
    """The segments on which the formula is x itself."""
    point, value, slope = curve.straight("definition")
    same = (np.abs(slope - 1) < _ROUNDING) & (np.abs(value - point) <= _ROUNDING * np.abs(point))
    return joined(segment for segment, is_x in zip(curve.segments, same, strict=True) if is_x)


def _isolated(curve: Curve) -> list[float]:
    """The points where f(x) - x changes sign or touches zero; also some of those where it is zero throughout."""
    x = curve.grid
    side = np.sign(_difference(curve, x))
    crossing = np.flatnonzero(side[:-1] * side[1:] < 0)
    crossed = _crossings(curve, x[crossing], x[crossing + 1])
    zeros = [point for run in _runs(side == 0) for point in _zeros(curve, x, *run)]
    found = sorted({point + 0.0 for point in (*crossed, *zeros, *_touching(curve, x, side))})
    near = [point for point in found if abs(point) <= _NEAR]
    return found if len(found) - len(near) <= _FEW else near


def _difference(curve: Curve, x: np.ndarray) -> np.ndarray:
    """f(x) - x, 0 where they are equal up to rounding and NaN where f is no number."""
    difference = curve.value(x) - x
    return np.where(np.abs(difference) <= _ROUNDING * np.abs(x), 0, difference)


def _crossings(curve: Curve, low: np.ndarray, high: np.ndarray) -> list[float]:
    """The points between low and high at which f(x) - x changes sign without a jump, to the last bit."""
    low, high = change(lambda x: curve.value(x) > x, low, high)
    errors = [np.abs(curve.value(x) - x) for x in (low, high)]
    nearer = np.where(errors[0] < errors[1], low, high)
    return [float(x) for x in nearer[np.minimum(*errors) <= 1e-8 * np.maximum(1, np.abs(nearer))]]


def _runs(holds: np.ndarray) -> list[tuple[int, int]]:
    """The first and last index of each run of true, but those that reach an end."""
    turns = np.flatnonzero(np.diff(holds.astype(int)))
    starts, ends = turns[~holds[turns]] + 1, turns[holds[turns]]
    inner = ends[ends >= starts[0]] if starts.size else ends[:0]
    return list(zip(starts.tolist(), inner.tolist(), strict=False))


def _zeros(curve: Curve, x: np.ndarray, first: int, last: int) -> list[float]:
    """The fixed point in a run of numbers at which f(x) is x up to rounding: one at which it is x, or a crossing."""
    run, before, after = x[first : last + 1], x[first - 1 : first], x[last + 1 : last + 2]
    crosses = (curve.value(before) > before) != (curve.value(after) > after)
    if run.size > 3 and not crosses and 0 not in run:
        return []  # gelu_clipped approaches x from below until it is clipped, and never is x
    equal = run[curve.value(run) == run]
    return [float(min(equal, key=abs))] if equal.size else _crossings(curve, before, after)


def _touching(curve: Curve, x: np.ndarray, side: np.ndarray) -> list[float]:
    """The points between those of the grid where f(x) - x touches zero: its slope changes sign there."""
    if not curve.differentiated:
        return []

    def rising(points: np.ndarray) -> np.ndarray:
        return curve.slope(points) > 1

    turning = np.flatnonzero((rising(x[:-1]) != rising(x[1:])) & (side[:-1] * side[1:] > 0))
    low, _ = change(rising, x[turning], x[turning + 1])
    return [float(point) for point in low[_difference(curve, low) == 0]]
