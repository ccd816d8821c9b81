"""The limited-memory quasi-Newton method, SciPy's, on a function of all parameters at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

Function = Callable[[np.ndarray], tuple[float, np.ndarray]]


class Minimum(NamedTuple):
    """The parameters that were reached, their loss, and the losses after each iteration."""

    parameters: np.ndarray
    loss: float
    losses: list[float]


def minimised(
    function: Function,
    parameters: np.ndarray,
    *,
    max_iter: int,
    max_fun: int,
    tol: float,
    watch: Callable[[int, float, np.ndarray], bool],
) -> Minimum:
    """Minimise a function that gives a loss and its gradient, from `parameters` on (Byrd, Lu, Nocedal and Zhu 1995).

    It ends where the largest entry of the gradient is at most `tol`, or with a ConvergenceWarning after `max_iter`
    iterations or `max_fun` calls. `watch` is told the number, loss and parameters of each iteration, and ends it by
    returning True.

    >>> bowl = minimised(
    ...     lambda x: (float(x @ x), 2 * x), np.ones(2), max_iter=9, max_fun=9, tol=1e-9, watch=lambda *iteration: False
    ... )
    >>> bowl.loss < 1e-9
    True
    """
    losses: list[float] = []

    def iterated(intermediate_result: Any) -> None:
        losses.append(float(intermediate_result.fun))
        if watch(len(losses), losses[-1], intermediate_result.x):
            raise StopIteration

    options = {"maxfun": max_fun, "maxiter": max_iter, "gtol": tol}
    start = np.asarray(parameters, np.float64)
    found = minimize(function, start, method="L-BFGS-B", jac=True, options=options, callback=iterated)
    if found.status in (1, 2):  # out of iterations or calls, or no way down; 0 is convergence, 99 the watch's word
        warnings.warn(
            f"lbfgs stopped after {found.nit} iterations before it converged ({found.message}); raise max_iter "
            f"({max_iter}) or max_fun ({max_fun}), or standardise the inputs",
            ConvergenceWarning,
            stacklevel=6,
        )
    return Minimum(found.x, float(found.fun), losses)
