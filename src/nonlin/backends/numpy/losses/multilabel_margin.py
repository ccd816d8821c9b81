"""The multi-label margin loss: every right class against every wrong one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numba import njit

from ....errors import InputError
from ....losses.algorithm import AlgorithmLoss
from .checks import check_domains, check_one_shape, mean_weights, weights_or_ones
from .settings import Settings


def multilabel_margin(
    loss: AlgorithmLoss, parts: Sequence[str], arrays: Mapping[str, np.ndarray], s: Settings
) -> dict[str, Any]:
    """The value and the gradient."""
    fitted = check_one_shape(loss, arrays)
    check_domains(loss, fitted)
    logits, targets = fitted["logits"], fitted["targets"]
    if logits.ndim == 0:
        raise InputError(f"{loss.name} needs a row of logits, got a single number; put it into a list")
    kept = logits.shape[:-1]
    weights = weights_or_ones(s.sample_weight, kept)
    if s.reduction == "mean":
        weights = mean_weights(loss, weights)
    rows = np.ascontiguousarray(logits, s.working).reshape(-1, logits.shape[-1])
    right = np.ascontiguousarray(targets, np.bool_).reshape(rows.shape)
    values, gradient = np.empty(len(rows)), np.empty(rows.shape)
    compare_all(rows, right, weights.reshape(-1), values, gradient)
    value = values.reshape(kept) if s.reduction == "none" else values.sum()
    return {"value": value, "gradient": gradient.reshape(logits.shape)}


@njit(nogil=True, cache=True, error_model="numpy")
def compare_all(rows, right, weights, values, gradient):
    """For each row the weighted sum over pairs of max(1 - right + wrong, 0) over the classes, and its gradient."""
    classes = rows.shape[1]
    for i in range(len(rows)):
        total, share = 0.0, weights[i] / classes
        wrong = np.flatnonzero(~right[i])
        higher = np.zeros(len(wrong))  # the right classes that each wrong one comes too near
        below = np.array([np.float64(rows[i, k]) for k in wrong])
        for j in range(classes):
            lower = 0.0
            if right[i, j]:
                for k in range(len(wrong)):
                    excess = 1 + (below[k] - rows[i, j])
                    near = excess > 0
                    total += excess if near else 0.0
                    lower += near
                    higher[k] += near
            gradient[i, j] = -share * lower
        for k in range(len(wrong)):
            gradient[i, wrong[k]] = share * higher[k]
        values[i] = share * total if share > 0 else 0.0
        if share > 0 and np.isnan(rows[i]).any():  # comparisons leave it out
            values[i] = np.nan
            gradient[i] = np.nan
