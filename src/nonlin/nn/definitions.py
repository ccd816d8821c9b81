"""Activations and losses of the registry as the training loop takes them: by address, made once in a process."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np

import nonlin as nl
from nonlin.backends.numpy import training as backend
from nonlin.definition.records import made_from_definitions
from nonlin.facts.gain import matched_gain
from nonlin.nn.outputs import link
from nonlin.signature import learnable_names

_REACH, _POINTS = 30.0, 6001  # from -30 to 30 in steps of 0.01: all slopes in use peak or settle well within


def activation_kernel(record: Any, dtype: np.dtype, parameters: Mapping[str, float]) -> int:
    """The address of `void f(z, bias, slopes, rows, columns, stride, theta, theta_slopes, block)`.

    f(z + bias) goes to z, its derivative to slopes, and those with respect to the learnable parameters theta to the
    blocks of theta_slopes, `block` numbers apart. The kernel is the same whatever was learnt, be it outside of the
    range that is declared for a start.
    """
    learnable = learnable_names(record)
    return _activation_kernel(record, dtype, tuple(item for item in parameters.items() if item[0] not in learnable))


@cache
def _activation_kernel(record: Any, dtype: np.dtype, parameters: tuple[tuple[str, float], ...]) -> int:
    return backend.activation_kernel(record, dtype, dict(parameters))


def loss_kernel(record: Any, dtype: np.dtype, parameters: Mapping[str, float] | None = None) -> int:
    """The address of `double f(z, targets, rows, columns, stride)`: the summed loss, its gradient to z.

    Where the loss takes probabilities or amounts, z passes through the link first.
    """
    return _loss_kernel(record, dtype, tuple((parameters or {}).items()))


# What losses of probabilities are in z: 1 - p, of a p near 1, has no digits left.
_OF_LOGITS = {
    "binary_cross_entropy_from_probabilities": "binary_cross_entropy",
    "binary_focal_from_probabilities": "binary_focal",
}


@cache
def _loss_kernel(record: Any, dtype: np.dtype, parameters: tuple[tuple[str, float], ...]) -> int:
    before = link(record, dict(parameters))
    if record.name in _OF_LOGITS:
        record, before = nl.get_loss(_OF_LOGITS[record.name]), None
    return backend.loss_kernel(record, dtype, dict(parameters), before)


def gain(record: Any, parameters: Mapping[str, float]) -> float:
    """The scale of weights that keeps the signal's size through the activation with these parameters."""
    return _gain(record, tuple(parameters.items()))


@cache
def _gain(record: Any, parameters: tuple[tuple[str, float], ...]) -> float:
    return matched_gain(record, **dict(parameters))


@lru_cache(maxsize=1000)  # learnt parameters are others each time
def largest_slope(activation: int, dtype: np.dtype, learnable: tuple[float, ...] = ()) -> float:
    """sup |f'(z)| of the activation kernel at the address `activation`, over -30 <= z <= 30.

    Dead units are measured against it.
    """
    values = np.linspace(-_REACH, _REACH, _POINTS).astype(dtype)
    bias, slopes = np.zeros_like(values), np.zeros_like(values)
    theta, theta_slopes = np.array(learnable, dtype), np.zeros((len(learnable), _POINTS), dtype)
    arrays, rest = ((array.ctypes.data for array in group) for group in ((values, bias, slopes), (theta, theta_slopes)))
    kinds = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 3 + [ctypes.c_void_p] * 2 + [ctypes.c_int64]
    ctypes.CFUNCTYPE(None, *kinds)(activation)(*arrays, 1, _POINTS, _POINTS, *rest, _POINTS)
    return float(np.max(np.abs(slopes)))


# `largest_slope` goes by an address, and the code at an address never changes.
made_from_definitions += [_activation_kernel.cache_clear, _loss_kernel.cache_clear, _gain.cache_clear]
