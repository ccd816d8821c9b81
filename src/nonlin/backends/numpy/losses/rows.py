"""Losses of rows on arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....definition import RowLoss
from ....errors import InputError
from ..row_kernels import run_rows
from ..rows import as_rows, check_axis
from .checks import broadcast_weights, check_domains, check_one_shape
from .settings import Settings, taking
from .targets import check_distribution, class_indices, one_hot_rows


def row_loss(loss: RowLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The parts of a loss, by name; what is reduced is in float64."""
    names = ["value", "gradient"] if part == "value_and_gradient" else [part]
    if loss.over_all and s.axis is None:
        whole = {name: array.reshape(1, -1) for name, array in check_one_shape(loss, arrays).items()}
        found = row_loss(loss, part, whole, s._replace(axis=-1))
        shape = arrays[loss.inputs[0]].shape
        return {n: r.reshape(shape) if n != "value" else r.reshape(()) if r.ndim else r for n, r in found.items()}
    first = arrays[loss.inputs[0]]
    axis = check_axis(first, -1 if s.axis is None else s.axis)
    kept = tuple(np.delete(first.shape, axis))
    weights = np.ones(kept) if s.sample_weight is None else broadcast_weights(s.sample_weight, kept)
    rows, weights = _rows(loss, dict(arrays), axis, s, weights)
    per_row = [name == "value" for name in names]
    found = run_rows(taking(loss, len(rows)), part, list(rows.values()), s.numbers, per_row)
    results: dict[str, Any] = {}
    total = weights.sum()
    for name, result in zip(names, found, strict=True):
        if name == "value":
            result = result.reshape(kept) * weights.reshape(kept)
            reduced = result.sum(dtype=np.float64) / (total if s.reduction == "mean" else 1)
            results[name] = result if s.reduction == "none" else reduced
        else:
            scale = weights.reshape(-1, 1) / (total if s.reduction == "mean" else 1)
            shape = np.moveaxis(first, axis, -1).shape
            results[name] = np.moveaxis((result * scale).reshape(shape), -1, axis)
    return results


def _rows(loss, arrays, axis, s, weights):
    """Matrices of one shape; targets that are class indices become one-hot rows, ignored ones weigh nothing."""
    first = arrays[loss.inputs[0]]
    targets = arrays.get("targets")
    if targets is not None and class_indices(loss, targets, first.shape, axis):
        indices, weights = one_hot_rows(targets, first.shape[axis], s, weights)
        arrays["targets"] = np.moveaxis(indices, -1, axis)
    elif s.ignore_index is not None:
        raise InputError(f"ignore_index of {loss.name} is for targets that are class indices")
    fitted = check_one_shape(loss, arrays)
    check_domains(loss, fitted)
    rows = {name: as_rows(array, axis, s.working) for name, array in fitted.items()}
    for name in loss.distributions:
        check_distribution(loss, name, rows[name], axis)
    return rows, weights
