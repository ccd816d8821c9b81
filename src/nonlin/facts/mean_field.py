"""Signals in deep, wide random networks: the variance from layer to layer, and how gradients grow.

Weights have variance sigma_w^2 / inputs, biases sigma_b^2. If the numbers before the activation have variance q, those
of the next layer have sigma_w^2 E f(sqrt(q) z)^2 + sigma_b^2, for standard normal z, and squared gradients grow by
chi = sigma_w^2 E f'(sqrt(q) z)^2 a layer (Poole et al. 2016, arXiv:1606.05340; Schoenholz et al. 2017,
arXiv:1611.01232).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .curve import Curve, curve_of
from .quadrature import normal_expectation
from .search import root

if TYPE_CHECKING:
    from ..definition import Elementwise

_VANISHED, _EXPLODED = 1e-12, 1e12


def variance_map(
    activation: Elementwise, variance: float, sigma_w: float, sigma_b: float = 0.0, **parameters: float
) -> float:
    """The variance before the activation one layer on: sigma_w^2 E f(sqrt(variance) z)^2 + sigma_b^2.

    Raises `InputError` for negative or non-finite numbers.

    >>> import nonlin as nl
    >>> round(variance_map(nl.relu, 3.0, sigma_w=2.0, sigma_b=1.0), 12)
    7.0
    """
    check_numbers(variance=variance, sigma_w=sigma_w, sigma_b=sigma_b)
    return sigma_w**2 * mean_square(curve_of(activation, parameters), variance) + sigma_b**2


def chi(activation: Elementwise, variance: float, sigma_w: float, **parameters: float) -> float:
    """The factor by which squared gradients grow a layer: sigma_w^2 E f'(sqrt(variance) z)^2; infinite for a jump.

    Above 1 the network is chaotic and gradients explode with depth, below it is ordered and they vanish.
    Raises `InputError` for negative or non-finite numbers.

    >>> import nonlin as nl
    >>> round(chi(nl.relu, 1.0, sigma_w=1.0), 12)
    0.5
    """
    check_numbers(variance=variance, sigma_w=sigma_w)
    curve = curve_of(activation, parameters)
    return math.inf if curve.jumps else sigma_w**2 * mean_square_slope(curve, variance)


def variance_fixed_point(
    activation: Elementwise, sigma_w: float, sigma_b: float = 0.0, *, start: float = 1.0, **parameters: float
) -> float:
    """The variance that the layers of a deep network come to, from a variance of `start`.

    It is the nearest fixed point of `variance_map` in the direction of its first step: 0 where signals die out,
    infinity where they explode.

    Raises
    ------
    InputError
        For negative or non-finite numbers, and parameters that f has not.

    Examples
    --------
    >>> import nonlin as nl
    >>> round(variance_fixed_point(nl.selu, sigma_w=1.0), 12)  # Klambauer et al. 2017
    1.0
    >>> variance_fixed_point(nl.relu, sigma_w=2.0)
    inf
    """
    check_numbers(sigma_w=sigma_w, sigma_b=sigma_b, start=start)
    curve = curve_of(activation, parameters)

    def growth(q: float) -> float:
        return sigma_w**2 * mean_square(curve, q) + sigma_b**2 - q

    first = growth(start)
    if abs(first) <= 1e-12 * start:
        return float(start)
    factor = 2.0 if first > 0 else 0.5
    here = max(start, _VANISHED)
    while _VANISHED <= here <= _EXPLODED:
        there = here * factor
        if not growth(there) * first > 0:
            return root(growth, min(here, there), max(here, there))
        here = there
    return math.inf if first > 0 else 0.0


def mean_square(curve: Curve, q: float) -> float:
    """E f(sqrt(q) z)^2."""
    if q == 0:
        return float(curve.value(np.zeros(1))[0] ** 2)
    return _mean_square_of(curve.value, curve, q)


def mean_square_slope(curve: Curve, q: float) -> float:
    """E f'(sqrt(q) z)^2; for q = 0 its limit, the mean of both sides of 0."""
    if q == 0:
        return float(np.mean(curve.slope(np.array([-1e-200, 1e-200])) ** 2))
    return _mean_square_of(curve.slope, curve, q)


def _mean_square_of(part: Callable[[np.ndarray], np.ndarray], curve: Curve, q: float) -> float:
    scale = math.sqrt(q)
    return normal_expectation(lambda z: part(scale * z) ** 2, np.array(curve.breaks) / scale)


def check_numbers(**numbers: float) -> None:
    """Raise `InputError` for a number that is negative or not finite."""
    for name, value in numbers.items():
        if not (isinstance(value, int | float | np.number) and 0 <= value < math.inf):
            raise InputError(f"{name} must be a finite number at least 0, got {value!r}")
