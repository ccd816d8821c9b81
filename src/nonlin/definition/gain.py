"""The initialisation that matches an activation, computed from its definition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .activation import Elementwise

_REACH = 13.0  # beyond 13 standard deviations the normal density is below 1e-37
_NODES = 40  # Gauss-Legendre nodes on a panel at most 1 wide


def normal_expectation(values_at: Any, kinks: tuple[float, ...] = ()) -> float:
    """E g(z) for standard normal z, by Gauss-Legendre panels that never straddle a kink of g.

    >>> round(normal_expectation(lambda z: z * z), 12)
    1.0
    """
    inside = [kink for kink in kinks if -_REACH < kink < _REACH]
    edges = np.unique(np.concatenate([np.arange(-_REACH, _REACH + 1), inside]))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(edges)[:, None] / 2
    z = edges[:-1, None] + half * (1 + nodes)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return float(np.sum(values_at(z) * density * half * weights))


def matched_gain(activation: Elementwise, **parameters: Any) -> float:
    """1 / sqrt(E f(z)^2) for standard normal z (He et al. 2015, arXiv:1502.01852, for any f).

    >>> import nonlin as nl
    >>> round(matched_gain(nl.relu), 10)
    1.4142135624
    """
    second_moment = normal_expectation(lambda z: activation(z, **parameters) ** 2, activation.kinks)
    return 1 / math.sqrt(second_moment) if second_moment > 0 else 1.0
