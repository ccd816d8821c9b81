"""The initialisation on the edge of chaos: neither do signals forget their differences, nor do these explode."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import InputError
from .curve import Curve, curve_of
from .mean_field import check_numbers, mean_square, mean_square_slope
from .quadrature import normal_expectation
from .search import root

if TYPE_CHECKING:
    from ..definition import Elementwise

_SMALLEST, _STEPS, _ROUNDING = 1e-7, 25, 1e-12


class EdgeOfChaos(NamedTuple):
    """A point of the edge of chaos: `variance` is a fixed point of the variance map, at which chi is 1.

    `slope` is that of the variance map there. Below 1 the variance comes back to its fixed point from layer to layer;
    above 1 it leaves it, and at 1 it changes slowly.
    """

    sigma_w: float
    sigma_b: float
    variance: float
    slope: float


def critical_initialization(activation: Elementwise, sigma_b: float = 0.0, **parameters: float) -> tuple[float, float]:
    """(sigma_w, sigma_b) on the edge of chaos: the standard deviation of a weight is sigma_w / sqrt(inputs).

    See `edge_of_chaos`, which tells the variance too.

    Examples
    --------
    >>> import nonlin as nl
    >>> sigma_w, sigma_b = critical_initialization(nl.relu)
    >>> round(sigma_w, 10), sigma_b
    (1.4142135624, 0.0)
    """
    return edge_of_chaos(activation, sigma_b, **parameters)[:2]


def edge_of_chaos(activation: Elementwise, sigma_b: float = 0.0, **parameters: float) -> EdgeOfChaos:
    """The sigma_w for which the variance q is a fixed point, q = sigma_w^2 E f(sqrt(q) z)^2 + sigma_b^2, and chi is 1.

    Of several the one of least variance. At sigma_b = 0 the variance of functions that pass through 0 with a slope
    tends to 0 on the edge, slowly (tanh: as 1 / depth); where any variance is a fixed point (relu), it is given as 1.
    Look at the slope: that of gelu and silu is above 1 below sigma_b = 0.416 and 0.745, so their variance grows away.

    Raises
    ------
    InputError
        When there is none: f jumps, or no variance does (relu with a bias); for a negative sigma_b, and for parameters
        that f has not.

    References
    ----------
    Poole et al. 2016, arXiv:1606.05340; Schoenholz et al. 2017, arXiv:1611.01232; Hayou et al. 2019, arXiv:1902.06853

    Examples
    --------
    >>> import nonlin as nl
    >>> point = edge_of_chaos(nl.tanh, sigma_b=0.2)
    >>> round(point.sigma_w, 4), round(point.variance, 4)
    (1.3041, 0.5121)
    """
    check_numbers(sigma_b=sigma_b)
    curve = curve_of(activation, parameters)
    if curve.jumps:
        raise InputError(f"{curve.name} has no edge of chaos: it jumps, so chi is infinite for every sigma_w")
    variance = _critical_variance(curve, sigma_b)
    if variance is None:
        unbiased = sigma_b > 0 and _critical_variance(curve, 0.0) is not None
        hint = "; take sigma_b = 0, where there is one" if unbiased else ""
        raise InputError(
            f"{curve.name} has no edge of chaos at sigma_b = {sigma_b:g}: for no sigma_w the variance has a fixed "
            f"point at which chi is 1{hint}"
        )
    sigma_w = 1 / math.sqrt(mean_square_slope(curve, variance))
    return EdgeOfChaos(sigma_w, float(sigma_b), variance, sigma_w**2 * _mean_square_growth(curve, variance))


def _critical_variance(curve: Curve, sigma_b: float) -> float | None:
    """The least q with q - E f(sqrt(q) z)^2 / E f'(sqrt(q) z)^2 = sigma_b^2, or None."""

    def excess(q: float) -> float:
        slope = mean_square_slope(curve, q)
        return q - mean_square(curve, q) / slope - sigma_b**2 if slope > 0 else math.nan

    if sigma_b == 0 and mean_square(curve, 0.0) == 0 and mean_square_slope(curve, 0.0) > 1e-20:
        return 1.0 if all(abs(excess(q)) < 1e-11 * q for q in (1.0, 4.0)) else 0.0
    here, before = sigma_b**2, excess(sigma_b**2) if sigma_b > 0 else math.nan
    for q in (max(sigma_b**2, _SMALLEST) * 4.0 ** np.arange(_STEPS)).tolist():
        after = excess(q)
        if not abs(after) > _ROUNDING * q:
            continue  # too near to zero to have a sign, or a slope that is zero
        if before * after < 0:
            return root(excess, here, q)
        here, before = q, after
    return None


def _mean_square_growth(curve: Curve, q: float) -> float:
    """The derivative of E f(sqrt(q) z)^2 in q."""
    if q == 0:
        return mean_square_slope(curve, 0.0)
    scale = math.sqrt(q)

    def growth(z: np.ndarray) -> np.ndarray:
        return curve.value(scale * z) * curve.slope(scale * z) * z / scale

    return normal_expectation(growth, np.array(curve.breaks) / scale)
