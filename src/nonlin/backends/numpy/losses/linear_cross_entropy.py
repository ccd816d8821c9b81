"""The cross-entropy of a linear layer, some rows at a time: the logits of all rows never exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from ....errors import InputError
from ....losses import cross_entropy
from ....losses.algorithm import AlgorithmLoss
from .checks import check_all_domains, mean_weights, weights_or_ones
from .settings import Settings
from .targets import check_distributions, checked_indices

_BYTES = 1 << 25  # of logits at a time


def linear_cross_entropy(
    loss: AlgorithmLoss, parts: Sequence[str], arrays: Mapping[str, np.ndarray], s: Settings
) -> dict[str, Any]:
    """The value and the gradients."""
    _check_layer(arrays)
    targets, weights = _targets(loss, arrays, s)
    kept, width = arrays["features"].shape[:-1], arrays["features"].shape[-1]
    features = np.ascontiguousarray(arrays["features"], s.working).reshape(-1, width)
    weight = np.ascontiguousarray(arrays["weight"], s.working)
    gradients = _Gradients(parts, features, weight)
    options = {name: arrays[name] for name in ("class_weights",) if name in arrays}
    options |= {"label_smoothing": s.numbers["label_smoothing"], "reduction": "none"}
    values = np.empty(len(features))
    step = max(1, _BYTES // (len(weight) * s.working.itemsize))
    buffer = np.empty((min(step, len(features)), len(weight)), s.working)
    for start in range(0, len(features), step):
        block = slice(start, start + step)
        logits = np.matmul(features[block], weight.T, out=buffer[: len(features[block])])
        if "bias" in arrays:
            logits += arrays["bias"].astype(s.working, copy=False)
        given = {**options, "sample_weight": weights[block]}
        if gradients.found:
            values[block], slopes = cross_entropy.value_and_gradient(logits, targets[block], out=logits, **given)
            gradients.add(block, slopes)
        else:
            values[block] = cross_entropy(logits, targets[block], **given)
    value = values.reshape(kept) if s.reduction == "none" else values.sum()
    if "gradient" in gradients.found:
        gradients.found["gradient"] = gradients.found["gradient"].reshape(*kept, width)
    return {"value": value, **gradients.found}


class _Gradients:
    """The gradients that are asked for, to which blocks of rows are added."""

    def __init__(self, parts: Sequence[str], features: np.ndarray, weight: np.ndarray) -> None:
        self.features, self.weight = features, weight
        shapes = {"gradient": features.shape, "gradient_weight": weight.shape, "gradient_bias": weight.shape[:1]}
        self.found = {part: np.zeros(shapes[part], weight.dtype) for part in parts if part in shapes}
        self._product: Any = get_blas_funcs("gemm", dtype=weight.dtype)

    def add(self, block: slice, slopes: np.ndarray) -> None:
        """Add what the gradient with respect to the logits of a block of rows gives."""
        if "gradient" in self.found:
            np.matmul(slopes, self.weight, out=self.found["gradient"][block])
        if "gradient_weight" in self.found:  # BLAS adds to a matrix in columns, which is ours transposed
            total = self.found["gradient_weight"].T
            self._product(1, self.features[block].T, slopes.T, 1, total, trans_b=True, overwrite_c=True)
        if "gradient_bias" in self.found:
            self.found["gradient_bias"] += slopes.sum(axis=0)


def _check_layer(arrays: Mapping[str, np.ndarray]) -> None:
    features, weight = arrays["features"], arrays["weight"]
    if features.ndim == 0 or weight.ndim != 2 or weight.shape[1] != features.shape[-1]:
        raise InputError(
            "linear_cross_entropy needs features (..., width) and weight (classes, width), got "
            f"{features.shape} and {weight.shape}"
        )
    for name in ("bias", "class_weights"):
        if name in arrays and arrays[name].shape != weight.shape[:1]:
            raise InputError(
                f"{name} of linear_cross_entropy must have the shape {weight.shape[:1]}, got {arrays[name].shape}"
            )


def _targets(loss: AlgorithmLoss, arrays: Mapping[str, np.ndarray], s: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Class indices or rows of probabilities, and the weights of the rows, which make the sum a mean."""
    targets, kept, classes = arrays["targets"], arrays["features"].shape[:-1], len(arrays["weight"])
    weights, counted = weights_or_ones(s.sample_weight, kept), 1.0
    if targets.shape == kept and targets.dtype.kind in "iu":
        if s.ignore_index is not None:
            weights = np.where(targets == s.ignore_index, 0, weights)
        targets = checked_indices(targets, classes, s.ignore_index)
        if "class_weights" in arrays:
            counted = arrays["class_weights"][targets]
    elif targets.shape == (*kept, classes) and s.ignore_index is None:
        check_all_domains(loss, {"targets": targets})
        check_distributions(cross_entropy, {"targets": targets}, -1)
    else:
        raise InputError(
            f"{loss.name} needs targets that are class indices of shape {kept} (integers), or probabilities of shape "
            f"{(*kept, classes)} without ignore_index, got shape {targets.shape} of {targets.dtype}"
        )
    if s.reduction == "mean":
        weights = mean_weights(loss, weights, counted)
    return targets.reshape(-1, *targets.shape[len(kept) :]), weights.reshape(-1)
