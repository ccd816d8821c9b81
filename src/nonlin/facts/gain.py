"""The initialisation that matches an activation, computed from its definition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .curve import Curve, curve_of
from .quadrature import normal_expectation

if TYPE_CHECKING:
    from ..definition import Elementwise


def matched_gain(activation: Elementwise, **parameters: float) -> float:
    """1 / sqrt(E f(z)^2) for standard normal z: the scale of weights that keeps the second moment at 1.

    It is He's gain for any function (He et al. 2015, arXiv:1502.01852). A function that is zero has 1.

    Raises
    ------
    InputError
        When the second moment is infinite or f is not a number somewhere, and for parameters that f has not.

    Examples
    --------
    >>> import nonlin as nl
    >>> round(matched_gain(nl.relu), 10)
    1.4142135624
    >>> round(matched_gain(nl.leaky_relu, negative_slope=1.0), 10)
    1.0
    """
    return _gain(curve_of(activation, parameters), 0.0)


def centered_gain(activation: Elementwise, **parameters: float) -> float:
    """1 / sqrt(Var f(z)) for standard normal z: the scale that keeps the variance at 1, when a mean is taken off.

    It equals `matched_gain` where E f(z) = 0, as for tanh. A function that is constant has 1.

    Raises
    ------
    InputError
        When the variance is infinite or f is not a number somewhere, and for parameters that f has not.

    Examples
    --------
    >>> import nonlin as nl
    >>> round(centered_gain(nl.relu), 8)
    1.71285855
    """
    curve = curve_of(activation, parameters)
    return _gain(curve, normal_expectation(curve.value, curve.breaks))


def _gain(curve: Curve, center: float) -> float:
    def square(z: np.ndarray) -> np.ndarray:
        return (curve.value(z) - center) ** 2

    moment = normal_expectation(square, curve.breaks)
    if not math.isfinite(moment):
        state = "no number" if math.isnan(moment) else "infinite"
        raise InputError(
            f"{curve.name} has no gain, because the mean square of {curve.name}(z) for standard normal z is {state}; "
            "define it for all numbers, with bounded or slow growth"
        )
    return 1 / math.sqrt(moment) if moment > 1e-30 * (1 + center * center) else 1.0
