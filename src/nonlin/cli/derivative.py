"""A coarse look at the derivative of a user's own activation: a wrong one trains, and only trains worse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import InputError

_STEP = 1e-4
_RELATIVE, _ABSOLUTE = 1e-3, 1e-6
"""What the formula may differ by: far above the error of the differences, far below that of a mistake."""

# From -12 to 12, densest about zero; no round number among them, for that is where kinks are.
_POINTS = 12.0071 * np.linspace(-0.9973, 1.0019, 241) ** 3


def check_derivative(record: Any) -> None:
    """Hold the derivative of an elementwise activation to central differences of its values, in float64.

    Points beside a kink, and those at which the values are not finite, are left out. Raises InputError that names the
    input at which they differ most. `nonlin.testing.check_activation` is the thorough check, with 50 digits.

    >>> import nonlin as nl
    >>> check_derivative(nl.silu)
    """
    x = _away_from(record.kinks)
    with np.errstate(all="ignore"):
        slope, doubt = _slope(record, x)
        formula = np.asarray(record.derivative(x), np.float64)
        size = np.maximum(np.abs(slope), np.where(np.isfinite(formula), np.abs(formula), 0.0))
        allowed = _RELATIVE * size + _ABSOLUTE * (1 + np.abs(record(x))) + doubt
        excess = np.abs(formula - slope) / allowed
    excess = np.where(np.isnan(formula), np.inf, excess)
    excess[~np.isfinite(slope) | ~np.isfinite(doubt)] = 0.0
    worst = int(np.argmax(excess))
    if excess[worst] > 1:
        raise InputError(
            f"activation {record.name!r} has a wrong derivative: at x = {x[worst]:.4g} it gives {formula[worst]:.4g}, "
            f"but the slope of its values is {slope[worst]:.4g}; correct @{record.name}.derivative"
        )


def _away_from(kinks: tuple[float, ...]) -> NDArray[np.float64]:
    near = [np.abs(_POINTS - kink) <= 2 * _STEP for kink in kinks]
    return _POINTS[~np.any(near, axis=0)] if near else _POINTS


def _slope(record: Any, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Central differences, and how far those of the double step are from them: large beside a kink or a jump."""
    narrow, wide = ((record(x + h) - record(x - h)) / (2 * h) for h in (_STEP, 2 * _STEP))
    return narrow, np.abs(wide - narrow)
