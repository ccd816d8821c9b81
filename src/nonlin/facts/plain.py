"""Formulas on plain NumPy arrays, uncompiled: for questions about a definition, not for its values.

What is read off here needs a dozen digits: whether a formula breaks down at infinity, and what `nonlin.facts` computes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from ..definition.constants import exact
from ..definition.expression import Expression, evaluate

_NUMPYS = (
    "add subtract multiply divide negative less less_equal exp expm1 log log1p tanh sin cos arctan sqrt sign where "
    "maximum minimum"
)
_ERFC = np.vectorize(math.erfc, [float])


def _erfcx(x: np.ndarray) -> np.ndarray:
    t = 0.5 / x / x  # beyond 25 the first terms of its series are right to 1e-12
    far = (1 - t * (1 - 3 * t * (1 - 5 * t * (1 - 7 * t)))) / x / math.sqrt(math.pi)
    near = np.clip(x, 0, 25)
    return np.where(x > 25, far, np.where(x < 0, math.nan, np.exp(near * near) * _ERFC(near)))


@cache
def plain_table() -> dict[str, Callable[..., Any]]:
    """The primitives in NumPy's float64."""
    return {
        "number": float,
        "constant": lambda name: float(exact(name)),
        "abs": np.abs,
        "erf": np.vectorize(math.erf, [float]),
        "erfc": _ERFC,
        "erfcx": _erfcx,
        **{name: getattr(np, name) for name in _NUMPYS.split()},
    }


def plain_values(outputs: tuple[Expression, ...], x: np.ndarray, parameters: Mapping[str, float]) -> np.ndarray:
    """The first output at x in ordinary float64 arithmetic, without warnings."""
    with np.errstate(all="ignore"):
        (value,) = evaluate(outputs[:1], plain_table(), {"x": x, **parameters})
    return np.broadcast_to(np.asarray(value, float), x.shape)
