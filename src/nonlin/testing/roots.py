"""What the arithmetic cannot tell: results beside a root at which inputs cancel each other, or beside a kink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
from mpmath import mp

from .reference import to_exact
from .ulp import ulp_error

_UNDERFLOW = {"float32": 0.0, "float64": 2.0**-1066}  # what a factor below the smallest normal number may cost
_ROUNDING = {"float32": 2.0**-52, "float64": 2.0**-100}  # of double and double-double arithmetic, relative


def excused_beside_roots(
    got: np.ndarray, exact: np.ndarray, inputs: Sequence[np.ndarray], formula: Callable[..., Any], *, rows: bool
) -> np.ndarray:
    """Results, with those taken as exact that err by less than a change of the inputs in the last place makes.

    That place is 2^-52 of an input for float32, which is computed in double arithmetic, and 2^-100 for float64, which
    is computed in pairs of doubles. Cancellation that the inputs do not call for is not excused: there the exact
    result hardly changes.

    Parameters
    ----------
    got, exact : results of the library, and the same to 60 digits
    inputs : what the formula was taken at
    formula : gives the exact results for inputs
    rows : whether a result depends on all inputs of its row
    """
    errors = ulp_error(got, exact)
    doubtful = np.isfinite(errors) & (errors > 1)
    if not doubtful.any():
        return got
    chosen = doubtful.any(axis=-1) if rows else doubtful
    here, truth = [x[chosen] for x in inputs], exact[chosen]
    slack = sum(abs(change) for change in _changes(here, truth, formula, _ROUNDING[got.dtype.name]))
    slack = slack + _UNDERFLOW[got.dtype.name]
    got = got.copy()
    got[chosen] = np.where(np.abs(got[chosen].astype(object) - truth) <= slack, truth.astype(got.dtype), got[chosen])
    return got


def _changes(
    here: list[np.ndarray], truth: np.ndarray, formula: Callable[..., Any], rounding: float
) -> list[np.ndarray]:
    """What small changes of each input make, up or down at random."""
    found = []
    for place, x in enumerate(here):
        signs = np.random.default_rng(place).choice([-1, 1], x.shape)
        with mp.workdps(60):
            moved = to_exact(x) * (1 + mpmath.mpf(rounding) * signs)
            changed = formula(*(moved if k == place else other for k, other in enumerate(here)))
            found.append(changed - truth)
    return found
