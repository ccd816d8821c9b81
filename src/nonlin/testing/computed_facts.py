"""The computed facts of an activation, held to 50-digit values of its formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..definition import Elementwise
from ..facts import Interval
from ..facts.curve import curve_of
from ..facts.slopes import steepest, threshold
from .reference import exact_values

_CLOSE = 1e-9


def wrong_computed_facts(activation: Elementwise) -> list[str]:
    """What was computed about an activation that its formula denies, a sentence each; empty when all holds."""
    x = _points(activation)
    slopes = np.abs(exact_values(activation, "derivative", x))
    return [
        *_lipschitz(activation, x, slopes),
        *_saturation(activation, x, slopes),
        *_dead(activation, x, slopes),
        *_fixed_points(activation, x),
    ]


def _points(activation: Elementwise) -> np.ndarray:
    """Inputs in order where functions bend, far out, and on both sides of every break of the formula."""
    breaks = np.array(curve_of(activation, {}).breaks)
    beside = [breaks + side * distance for side in (-1, 1) for distance in (1e-9, 1e-3)]
    spread = np.random.default_rng(4).normal(size=(3, 80)) * [[1], [6], [200]]
    return np.unique(np.concatenate([spread.ravel(), np.linspace(-10.03, 10.03, 100), *beside]))


def _lipschitz(activation: Elementwise, x: np.ndarray, slopes: np.ndarray) -> list[str]:
    """No slope is larger than the constant, and one is as large."""
    place, bound = steepest(curve_of(activation, {}))
    worst = int(np.argmax(slopes))
    if slopes[worst] > bound * (1 + _CLOSE):
        return [f"its largest slope was found to be {bound}, but at {x[worst]} it is {float(slopes[worst])}"]
    reached = slopes[worst] if math.isinf(place) else abs(exact_values(activation, "derivative", place).item())
    if math.isfinite(bound + place) and reached < bound * (1 - _CLOSE):
        return [f"its largest slope was found to be {bound} at {place}, but there it is {float(reached)}"]
    return []


def _saturation(activation: Elementwise, x: np.ndarray, slopes: np.ndarray) -> list[str]:
    """In the saturated tails the slope is small, and just before them it is not."""
    curve = curve_of(activation, {})
    limit = threshold(curve)
    problems = []
    for low, high in activation.saturation:
        steep = x[(x > low) & (x < high) & (slopes > limit * (1 + _CLOSE))]
        problems += [f"it was found to be saturated from {low} to {high}, but is not at {place}" for place in steep[:1]]
        end, outward = (low, 1) if math.isfinite(low) else (high, -1)
        before = end - outward * 1e-6 * max(1, abs(end))
        if math.isfinite(end) and end not in curve.breaks and _slope(activation, before) < limit * (1 - _CLOSE):
            problems.append(f"it was found to saturate from {end} on, but is saturated at {before} already")
    return problems


def _slope(activation: Elementwise, x: float) -> Any:
    return abs(exact_values(activation, "derivative", x).item())


def _dead(activation: Elementwise, x: np.ndarray, slopes: np.ndarray) -> list[str]:
    """The derivative is zero in the dead intervals, and outside in isolated points only."""
    inside = np.zeros(x.shape, bool)
    at_end = np.zeros(x.shape, bool)
    for low, high in activation.dead:
        inside |= (x > low) & (x < high)
        at_end |= (x == low) | (x == high)
    zero = np.array([slope == 0 for slope in slopes])
    alive, silent = x[inside & ~zero], ~inside & ~at_end & zero
    spreading = x[:-1][silent[:-1] & silent[1:]]
    problems = [f"it was found to be dead at {place}, but its derivative there is not zero" for place in alive[:1]]
    return problems + [f"its derivative is zero about {place}, but this was not found" for place in spreading[:1]]


def _fixed_points(activation: Elementwise, x: np.ndarray) -> list[str]:
    """Every point found is fixed, and f(x) - x changes sign nowhere else but in jumps."""
    found = activation.fixed_points
    tested = np.array([*x, *(point for point in found if not isinstance(point, Interval))])
    difference = exact_values(activation, "definition", tested) - tested
    fixed = np.array([abs(d) <= 1e-12 * max(1, abs(point)) for d, point in zip(difference, tested, strict=True)], bool)
    wanted = np.isin(tested, tested[x.size :])
    for interval in found:
        if isinstance(interval, Interval):
            wanted |= (tested > interval.low) & (tested < interval.high)
    problems = [f"{place} was found to be a fixed point, but is none" for place in tested[wanted & ~fixed][:1]]
    known = [end for point in found for end in (point if isinstance(point, Interval) else (point,))]
    known += curve_of(activation, {}).breaks if curve_of(activation, {}).jumps else ()
    side = np.sign(difference[: x.size].astype(float))
    crossings = [(x[at], x[at + 1]) for at in np.flatnonzero(side[:-1] * side[1:] < 0)]
    missed = [(low, high) for low, high in crossings if not any(low <= place <= high for place in known)]
    return problems + [f"it has a fixed point between {low} and {high} that was not found" for low, high in missed[:1]]
