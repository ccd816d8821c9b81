"""An elementwise function with its parameters fixed, in ordinary float64 arithmetic: what every fact is read from."""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np

from ..definition import Elementwise
from ..definition.expression import Expression
from ..definition.records import made_from_definitions
from ..errors import InputError
from .pieces import GRID, breakpoints, straight_pieces
from .plain import plain_values


class Curve:
    """Values and slopes of a function at any inputs, the infinities among them, and the pieces it is made of."""

    def __init__(self, activation: Elementwise, parameters: tuple[tuple[str, float], ...]) -> None:
        self.name = activation.name
        self.differentiated = "derivative" in activation._formulas
        self._activation, self._parameters = activation, dict(parameters)
        declared = {name: known.default for name, known in activation.parameters.items()}
        self._formulas: dict[str, tuple[Expression, ...]] = {}
        self._kinks = activation.kinks if self._parameters == declared else ()

    def value(self, x: np.ndarray) -> np.ndarray:
        """f(x)."""
        return plain_values(self._formula("value"), x, self._parameters)

    def slope(self, x: np.ndarray) -> np.ndarray:
        """f'(x), by the formula of the derivative."""
        return plain_values(self._formula("derivative"), x, self._parameters)

    def _formula(self, part: str) -> tuple[Expression, ...]:
        if part not in self._formulas:
            self._formulas[part] = self._activation.expressions(part)
        return self._formulas[part]

    @cached_property
    def breaks(self) -> tuple[float, ...]:
        """In order: the kinks, declared or read off the formulas, and where the formulas change form without one."""
        parts = ("definition", "value", "derivative")[: 3 if self.differentiated else 2]
        outputs = tuple(self._formula(part)[0] for part in parts)
        return tuple(sorted({*map(float, self._kinks), *breakpoints(outputs, self._parameters)}))

    @cached_property
    def grid(self) -> np.ndarray:
        """Inputs in order, from -1e8 to 1e8, with the breaks and the numbers next to them on both sides."""
        breaks = np.array(self.breaks)
        return np.unique(
            np.concatenate([GRID, breaks, np.nextafter(breaks, -math.inf), np.nextafter(breaks, math.inf)])
        )

    @cached_property
    def slopes(self) -> bool:
        """Whether there is a derivative that is not zero everywhere."""
        return self.differentiated and bool(np.any(self.slope(self.grid) != 0))

    @cached_property
    def segments(self) -> list[tuple[float, float]]:
        """The intervals between the breaks."""
        ends = [-math.inf, *self.breaks, math.inf]
        return list(pairwise(ends))

    def straight(self, part: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each segment a point in it, the part's value there, and its slope if it is a straight line, else NaN."""
        points = np.array([_inside(*segment) for segment in self.segments])
        local = straight_pieces(self._formula(part), points, self._parameters)
        return points, np.broadcast_to(local.value, points.shape), np.broadcast_to(local.slope, points.shape)

    @cached_property
    def jumps(self) -> bool:
        """Whether the function is discontinuous."""
        breaks = np.array(self.breaks)
        sides = np.array([self.value(np.nextafter(breaks, end)) for end in (-math.inf, math.inf)])
        step = np.abs(np.diff([sides[0], self.value(breaks), sides[1]], axis=0))
        scale = np.maximum(np.maximum(1, np.abs(breaks)), np.abs(sides).min(axis=0))
        return bool((step > 1e-7 * scale).any())


def _inside(low: float, high: float) -> float:
    """A number between low and high, near the finite ones."""
    if math.isinf(low) and math.isinf(high):
        return 0.375
    if math.isinf(low):
        return high - max(1.0, abs(high))
    return low + max(1.0, abs(low)) if math.isinf(high) else low + (high - low) * 0.375


def curve_of(activation: Elementwise, parameters: dict[str, Any]) -> Curve:
    """The curve of an activation with the given parameters, the others at their defaults.

    Raises `InputError` for parameters that it has not or that are no single numbers.
    """
    for name, value in parameters.items():
        if name in activation.parameters and not isinstance(value, Real):
            raise InputError(f"{name} must be a single number here, got {value!r}")
    return _curve(activation, tuple((name, float(x)) for name, x in activation.check_parameters(parameters).items()))


_curve = lru_cache(maxsize=256)(Curve)
made_from_definitions.append(_curve.cache_clear)
