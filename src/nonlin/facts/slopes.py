"""How steep a function is: its Lipschitz constant, where it saturates and where it is dead."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .curve import Curve, curve_of
from .interval import Interval, joined
from .quadrature import normal_expectation
from .search import change, largest

if TYPE_CHECKING:
    from ..definition import Elementwise

SATURATED = 0.01
"""A function is saturated where its slope is below this share of the largest one."""

_UNBOUNDED = 1e100


def lipschitz(activation: Elementwise, **parameters: float) -> float:
    """The largest |f'|: no difference of values is larger than this times the difference of inputs.

    Infinite where f jumps and where the slope grows without bound.

    Examples
    --------
    >>> import nonlin as nl
    >>> lipschitz(nl.sigmoid), lipschitz(nl.step)
    (0.25, inf)
    >>> lipschitz(nl.leaky_relu, negative_slope=-2.0)
    2.0
    """
    curve = curve_of(activation, parameters)
    return math.inf if curve.jumps else steepest(curve)[1]


def steepest(curve: Curve) -> tuple[float, float]:
    """Where |f'| is largest, or an infinity where it comes near its bound, and the value there; jumps left out."""

    def steepness(x: np.ndarray) -> np.ndarray:
        return np.nan_to_num(np.abs(curve.slope(x)), nan=0.0, posinf=math.inf)

    x = np.concatenate([[-math.inf], curve.grid, [math.inf]])
    steep = steepness(x)
    inner = steep[1:-1]
    peaks = 1 + np.flatnonzero((inner >= steep[:-2]) & (inner >= steep[2:]) & np.isfinite(x[:-2] + x[2:]))
    peaks = peaks[np.argsort(steep[peaks])[-8:]]
    refined = largest(steepness, x[peaks - 1], x[peaks + 1])
    # A number rather than an infinity, and of equal numbers the one nearest to 0.
    candidates = np.concatenate([x, refined])
    values = np.concatenate([steep, steepness(refined)])
    best = min(np.flatnonzero(values == values.max()), key=lambda i: abs(candidates[i]))
    value = float(values[best])
    return float(candidates[best]), value if value < _UNBOUNDED else math.inf


def saturation(activation: Elementwise, **parameters: float) -> tuple[Interval, ...]:
    """The tails, from minus or to plus infinity, where f has a finite limit and its slope is below 1 % of the largest.

    If slopes have no bound, 1 % of their root mean square for standard normal inputs counts instead.

    Examples
    --------
    >>> import nonlin as nl
    >>> [str(tail) for tail in saturation(nl.tanh)]
    ['x <= -2.99322', 'x >= 2.99322']
    >>> saturation(nl.identity)
    ()
    """
    curve = curve_of(activation, parameters)
    limit = threshold(curve)
    tails = [_tail(curve, limit, side) for side in (-1, 1)]
    return joined(tail for tail in tails if tail)


def threshold(curve: Curve) -> float:
    """The slope below which a function counts as saturated."""
    bound = steepest(curve)[1]
    if math.isfinite(bound):
        return SATURATED * bound
    return SATURATED * math.sqrt(normal_expectation(lambda z: curve.slope(z) ** 2, curve.breaks))


def _tail(curve: Curve, limit: float, side: int) -> tuple[float, float] | None:
    """The tail on one side, or None where f has no finite limit or stays steep."""

    def flat(distance: np.ndarray) -> np.ndarray:
        return np.abs(curve.slope(side * distance)) <= limit

    if not np.isfinite(curve.value(np.array([side * math.inf]))[0]):
        return None
    outward = np.sort(side * curve.grid)
    steep = np.flatnonzero(~flat(outward))
    if steep.size == 0:
        return -math.inf, math.inf
    last = steep[-1]
    if last == outward.size - 1:
        return None
    inner, outer = change(flat, outward[last : last + 1], outward[last + 1 : last + 2])
    end = float(next((kink for kink in curve.breaks if side * kink in (inner[0], outer[0])), side * outer[0]))
    return (-math.inf, end) if side < 0 else (end, math.inf)


def dead(activation: Elementwise, **parameters: float) -> tuple[Interval, ...]:
    """The intervals in which the derivative is exactly zero, so that no gradient passes.

    Examples
    --------
    >>> import nonlin as nl
    >>> [str(interval) for interval in dead(nl.relu)], dead(nl.gelu)
    (['x <= 0'], ())
    """
    curve = curve_of(activation, parameters)
    _, value, slope = curve.straight("derivative")
    _, _, trend = curve.straight("definition")
    flat = (value == 0) & (slope == 0) & (trend == 0)
    return joined(segment for segment, is_flat in zip(curve.segments, flat, strict=True) if is_flat)
