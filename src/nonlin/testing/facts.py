"""The facts of an activation, derived again from its formula."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
from mpmath import mp

from ..definition import Elementwise
from ..definition.expression import evaluate
from .computed_facts import wrong_computed_facts
from .reference import TABLE, exact_values

_FAR = 1e300  # stands for infinity; a function that still grows there has no finite limit
_GRID = np.unique(np.concatenate([np.linspace(-30, 30, 2401), [-_FAR, -1e4, -700, -100, 100, 700, 1e4, _FAR]]))


def wrong_facts(activation: Elementwise) -> list[str]:
    """Facts of an activation, declared or computed, that its formula denies, a sentence each; empty when all hold."""
    values = exact_values(activation, "definition", _GRID)
    return [
        *_range(activation, values),
        *_monotone(activation, values),
        *_smoothness(activation),
        *_limits(activation),
        *wrong_computed_facts(activation),
    ]


def _range(activation: Elementwise, values: np.ndarray) -> list[str]:
    """The range holds all values and is reached, by a value or by a limit, to 1e-6."""
    if activation.declared_range is None:
        return []
    low, high = activation.declared_range
    seen_low, seen_high = _extremes(activation, values)
    problems = []
    if seen_low < low - 1e-12 or seen_high > high + 1e-12:
        problems.append(f"the range is declared as [{low}, {high}], but values from {seen_low} to {seen_high} occur")
    for end, seen in ((low, seen_low), (high, seen_high)):
        reached = abs(seen - end) < 1e-6 if math.isfinite(end) else abs(seen) > 50
        if not reached:
            problems.append(f"the range is declared to end at {end}, but the function only reaches {seen}")
    return problems


def _extremes(activation: Elementwise, values: np.ndarray) -> tuple[float, float]:
    """The smallest and largest value on the grid, refined by golden section where the minimum lies inside."""
    lowest, highest = int(np.argmin(values)), int(np.argmax(values))
    return _refined(activation, lowest, values, 1), _refined(activation, highest, values, -1)


def _refined(activation: Elementwise, at: int, values: np.ndarray, sign: int) -> float:
    if at in (0, len(_GRID) - 1):
        return float(values[at])
    low, high = float(_GRID[at - 1]), float(_GRID[at + 1])
    for _ in range(60):
        third = (high - low) / 3
        left, right = (sign * exact_values(activation, "definition", x).item() for x in (low + third, high - third))
        low, high = (low, high - third) if left < right else (low + third, high)
    return float(exact_values(activation, "definition", (low + high) / 2).item())


def _monotone(activation: Elementwise, values: np.ndarray) -> list[str]:
    if activation.declared_monotone is None:
        return []
    falls = bool(np.any(np.diff(values) < 0))
    if falls == activation.monotone:
        return [f"it is declared {'monotone' if activation.monotone else 'not monotone'}, but it is the opposite"]
    return []


def _smoothness(activation: Elementwise) -> list[str]:
    """At each kink the declared number of derivatives is continuous and the next one jumps."""
    problems = []
    if not activation.kinks and math.isfinite(activation.smoothness):
        problems.append(f"smoothness {activation.smoothness} needs a kink to fail at")
    for kink in activation.kinks:
        found = _continuous_derivatives(activation, float(kink))
        if found != activation.smoothness:
            problems.append(f"smoothness is declared as {activation.smoothness}, but at {kink} it is {found}")
    return problems


def _continuous_derivatives(activation: Elementwise, kink: float) -> int:
    """The smoothness at a point, up to 3, from values and first derivatives on both sides."""
    with mp.workdps(60):
        h = mpmath.mpf(10) ** -20
        sides = [_at(activation, "definition", kink, side * h) for side in (-1, 1)]
        if abs(sides[1] - sides[0]) > 1e-10:
            return -1
        slopes = [_at(activation, "derivative", kink, side * h) for side in (-1, 1)]
        if abs(slopes[1] - slopes[0]) > 1e-10:
            return 0
        curvatures = [(_at(activation, "derivative", kink, side * 2 * h) - slopes[i]) / (side * h)
                      for i, side in enumerate((-1, 1))]  # fmt: skip
        return 1 if abs(curvatures[1] - curvatures[0]) > 1e-10 else 2


def _at(activation: Elementwise, part: str, point: float, offset: Any) -> Any:
    numbers = {name: mpmath.mpf(p.default) for name, p in activation.parameters.items()}
    return evaluate(activation.expressions(part), TABLE, {"x": mpmath.mpf(point) + offset, **numbers})[0]


def _limits(activation: Elementwise) -> list[str]:
    """The compiled value and derivative at an infinity are the limits of the formulas."""
    problems = []
    for sign in (-1.0, 1.0):
        for part, formula in (("value", "definition"), ("derivative", "derivative")):
            function = activation.derivative if part == "derivative" else activation
            got = float(function(np.float64(sign * math.inf)))
            wanted = _limit(activation, formula, sign)
            if not (got == wanted or abs(got - wanted) < 1e-6 or (math.isnan(got) and math.isnan(wanted))):
                fact = "derivative_limits" if part == "derivative" else "limits"
                problems.append(f"its {part} at {sign * math.inf} is {got}, but the limit is {wanted}: declare {fact}=")
    return problems


def _limit(activation: Elementwise, formula: str, sign: float) -> float:
    """The limit at an infinity, judged from two numbers far out; NaN where they disagree, as those of a sine do."""
    far, farther = (exact_values(activation, formula, sign * x).item() for x in (_FAR**0.5, _FAR))
    if abs(farther) > 50 and abs(farther) > 1.2 * abs(far):
        return math.copysign(math.inf, farther)
    return float(farther) if abs(farther - far) < 1e-6 * max(1, abs(far)) else math.nan
