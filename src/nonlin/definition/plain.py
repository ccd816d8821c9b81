"""Formulas on plain NumPy arrays, uncompiled: for questions about a definition, not for its values.

What is read off here needs a few digits only: whether a formula breaks down at infinity, whether its derivative is
zero everywhere, its range on a grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from .constants import exact
from .expression import Expression, evaluate

GRID = np.concatenate([np.linspace(-30, 30, 3001), [-1e4, -300, 300, 1e4]])
"""Where functions bend, and far out."""


_NUMPYS = (
    "add subtract multiply divide negative less less_equal exp expm1 log log1p tanh sqrt sign where maximum minimum"
)


def _erfcx(x: float) -> float:
    if x <= 25:
        return math.exp(x * x) * math.erfc(x) if x >= 0 else math.nan
    return 1 / (x * math.sqrt(math.pi))  # the first term of its series, right to 1e-3


@cache
def _table() -> dict[str, Callable[..., Any]]:
    return {
        "number": float,
        "constant": lambda name: float(exact(name)),
        "abs": np.abs,
        "erfc": np.vectorize(math.erfc, [float]),
        "erfcx": np.vectorize(_erfcx, [float]),
        **{name: getattr(np, name) for name in _NUMPYS.split()},
    }


def plain_values(outputs: tuple[Expression, ...], x: np.ndarray, parameters: Mapping[str, float]) -> np.ndarray:
    """The first output at x in ordinary float64 arithmetic, without warnings."""
    with np.errstate(all="ignore"):
        (value,) = evaluate(outputs[:1], _table(), {"x": x, **parameters})
    return np.broadcast_to(np.asarray(value, float), x.shape)
