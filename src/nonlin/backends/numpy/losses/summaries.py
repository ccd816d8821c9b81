"""Losses that are one number for all entries: the root of the mean square, the largest and the median error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....definition import SummaryLoss
from ....errors import InputError
from ..functions import ufunc
from .blocks import slopes_of_squares, squares_of
from .checks import check_domains, check_one_shape, mean_weights, weights_or_ones
from .settings import Settings, specialised


def summary_loss(loss: SummaryLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The parts of a loss, by name."""
    if s.reduction != "mean":
        raise InputError(f"{loss.name} is one number for all entries; reduction must be 'mean', got {s.reduction!r}")
    fitted = check_one_shape(loss, arrays)
    check_domains(loss, fitted)
    if loss.statistic == "root_mean_square" and s.dtype == np.float32 and s.sample_weight is None:
        return _of_floats(loss, part, fitted, s)
    inputs = [np.asarray(array, np.float64) for array in fitted.values()]  # so that results are rounded once
    errors = ufunc(loss, "value")(*inputs, *s.numbers.values())
    weights = weights_or_ones(s.sample_weight, errors.shape)
    share = mean_weights(loss, weights)
    errors = np.where(weights > 0, errors, 0)
    value = _STATISTICS[loss.statistic](errors, weights)
    found: dict[str, Any] = {"value": np.float64(value)}
    if part != "value":
        slopes = ufunc(loss, "gradient")(*inputs, *s.numbers.values())
        gradient = slopes * share * (errors / value if value != 0 else np.zeros_like(errors))
        found["gradient"] = np.where(weights > 0, gradient, 0)
    return {name: found[name] for name in (["value", "gradient"] if part == "value_and_gradient" else [part])}


def _of_floats(loss: SummaryLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The root of the mean square of float32 numbers, whose squares are within the range of float64."""
    record, left = specialised(loss, len(arrays), s.numbers)
    numbers, first = [float(number) for number in left.values()], arrays[loss.inputs[0]]
    inputs = [np.ascontiguousarray(array, np.float32).reshape(-1) for array in arrays.values()]
    value = math.sqrt(squares_of(record, inputs, numbers) / first.size)
    found: dict[str, Any] = {"value": np.float64(value)}
    if part != "value":
        found["gradient"] = np.zeros(first.shape, np.float32)
        if value != 0:
            slopes_of_squares(record, inputs, numbers, found["gradient"].reshape(-1), 1 / (first.size * value))
    return {name: found[name] for name in (["value", "gradient"] if part == "value_and_gradient" else [part])}


def _root_mean_square(errors: np.ndarray, weights: np.ndarray) -> float:
    """Errors are scaled by the power of two in their largest one, whose square may be beyond the range."""
    largest = float(np.max(np.abs(errors)))
    if not 0 < largest < math.inf:
        return largest
    unit = math.ldexp(1.0, math.frexp(largest)[1] - 1)
    return unit * math.sqrt(float(np.sum(weights * (errors / unit) ** 2) / np.sum(weights)))


def _largest(errors: np.ndarray, weights: np.ndarray) -> float:
    return float(np.max(np.abs(errors)))


def _median(errors: np.ndarray, weights: np.ndarray) -> float:
    """The median; with weights, the middle of the smallest and largest one with at most half the weight beyond."""
    sizes = np.abs(errors).reshape(-1)
    if np.all(weights == weights.flat[0]):
        return float(np.median(sizes))
    if np.isnan(sizes).any():
        return math.nan
    order = np.argsort(sizes)
    below = np.cumsum(weights.reshape(-1)[order])
    low, high = (np.searchsorted(below, below[-1] / 2, side=side) for side in ("left", "right"))
    return float(sizes[order[low]] + sizes[order[min(high, len(order) - 1)]]) / 2


_STATISTICS = {"root_mean_square": _root_mean_square, "max": _largest, "median": _median}
