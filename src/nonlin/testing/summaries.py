"""Losses that are one number for all entries, in 60-digit arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mpmath
import numpy as np
from mpmath import mp

from ..definition import SummaryLoss
from .reference import exact_values


def summary_part(
    loss: SummaryLoss, part: str, *inputs: np.ndarray, parameters: Mapping[str, float] | None = None
) -> Any:
    """The value of a summary of a batch, or the gradient of a root mean square, to 60 digits.

    The gradient of the root of the mean of e^2 is e / (n * value) times the slope of e, and 0 where all errors are 0.
    """
    errors = exact_values(loss, "definition", *inputs, parameters=parameters)
    with mp.workdps(60):
        value = _STATISTICS[loss.statistic]([abs(error) for error in errors])
        if part == "value":
            return value
        share = errors / (len(errors) * value) if value > 0 else 0 * errors
        return share * exact_values(loss, "gradient", *inputs, parameters=parameters)


def _median(sizes: list[Any]) -> Any:
    order, half = sorted(sizes), len(sizes) // 2
    return order[half] if len(order) % 2 else (order[half - 1] + order[half]) / 2


_STATISTICS = {
    "root_mean_square": lambda sizes: mpmath.sqrt(mpmath.fsum(size * size for size in sizes) / len(sizes)),
    "max": max,
    "median": _median,
}
