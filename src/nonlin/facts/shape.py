"""What a definition may declare and is found otherwise: its range, whether it rises, whether gradients pass it."""

from __future__ import annotations

import math

import numpy as np

from ..definition import Activation, Elementwise
from .curve import curve_of
from .search import largest

_UNBOUNDED = 1e50
_ROUNDING = 1e-14


def found_range(activation: Activation, **parameters: float) -> tuple[float, float]:
    """The smallest and the largest value, limits included; of what is not elementwise, all numbers.

    >>> import nonlin as nl
    >>> low, high = found_range(nl.silu)
    >>> round(low, 12), high
    (-0.278464542761, inf)
    """
    if not isinstance(activation, Elementwise):
        return -math.inf, math.inf
    curve = curve_of(activation, parameters)
    x = np.concatenate([[-math.inf], curve.grid, [math.inf]])
    values = curve.value(x)

    def top(sign: float) -> float:
        heights = np.nan_to_num(sign * values, nan=-math.inf, posinf=math.inf, neginf=-math.inf)
        at = np.clip(int(np.argmax(heights)), 2, x.size - 3)
        peak = largest(lambda z: sign * curve.value(z), x[[at - 1]], x[[at + 1]])
        highest = max(float(heights.max()), float(np.nan_to_num(sign * curve.value(peak), nan=-math.inf)[0]))
        return highest if highest < _UNBOUNDED else math.inf

    return -top(-1.0) + 0.0, top(1.0) + 0.0


def never_decreases(activation: Activation, **parameters: float) -> bool:
    """Whether f is monotone; what is not elementwise is not.

    >>> import nonlin as nl
    >>> never_decreases(nl.softplus), never_decreases(nl.silu)
    (True, False)
    """
    if not isinstance(activation, Elementwise):
        return False
    curve = curve_of(activation, parameters)
    values = np.clip(curve.value(curve.grid), -1e300, 1e300)
    return bool((np.diff(values) >= -_ROUNDING * np.maximum(1, np.abs(values[1:]))).all())


def trainable(activation: Elementwise, **parameters: float) -> bool:
    """Whether a gradient can pass: false where the derivative is zero everywhere, or there is none.

    >>> import nonlin as nl
    >>> trainable(nl.relu), trainable(nl.step)
    (True, False)
    """
    return curve_of(activation, parameters).slopes
