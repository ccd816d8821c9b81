"""Elementwise losses on arrays: a block at a time, so that the values never need an array of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....definition import Loss
from ..functions import ufunc
from .checks import broadcast_weights, check_domains, check_one_shape
from .settings import Settings, taking

_BLOCK = 1 << 17


def elementwise_loss(loss: Loss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The parts of a loss, by name; what is reduced is in float64."""
    fitted = check_one_shape(loss, arrays)
    shape = fitted[loss.inputs[0]].shape
    weights = None if s.sample_weight is None else broadcast_weights(s.sample_weight, shape)
    names = ["value", "gradient"] if part == "value_and_gradient" else [part]
    function, numbers = ufunc(taking(loss, len(fitted)), part), s.numbers.values()
    count = fitted[loss.inputs[0]].size
    total = float(count) if weights is None else float(weights.sum(dtype=np.float64))
    flat = {name: array.reshape(-1) for name, array in fitted.items()}
    results = {name: np.empty(count, s.working) for name in names if name != "value" or s.reduction == "none"}
    sums = []
    for start in range(0, count, _BLOCK):
        block = slice(start, min(start + _BLOCK, count))
        check_domains(loss, {name: array[block] for name, array in flat.items()}, start, shape)
        inputs = [np.asarray(array[block], s.working) for array in flat.values()]
        into = [results[name][block] if name in results else np.empty(len(inputs[0]), s.working) for name in names]
        function(*inputs, *numbers, out=tuple(into))
        for name, result in zip(names, into, strict=True):
            if weights is not None:
                result *= weights.reshape(-1)[block]
            if name not in results:
                sums.append(float(result.sum(dtype=np.float64)))
            elif name != "value" and s.reduction == "mean":
                result *= s.working.type(1 / total)
    found: dict[str, Any] = {name: result.reshape(shape) for name, result in results.items()}
    if sums:
        found["value"] = np.float64(math.fsum(sums) / (total if s.reduction == "mean" else 1))
    return found
