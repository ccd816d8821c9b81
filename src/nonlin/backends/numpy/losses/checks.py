"""Whether the inputs of a loss are what it is defined for; the first offender is named with its position."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce
from typing import Any

import numpy as np

from ....definition import Loss
from ....definition.expression import Expression, as_expression, evaluate, symbol
from ....definition.primitives import where
from ....errors import InputError
from ....facts.plain import plain_table
from ....loss_documentation import DOMAIN_TEXTS
from .blocks import sum_of

_INF = np.inf
_STRETCH = 1 << 18


@cache
def _outside(domain: str) -> Expression:
    """A formula of x that is 0 for numbers of a domain, and 1 for others and NaN."""
    x = symbol("x")
    inside = {
        "positive": [x > 0],
        "non_negative": [x >= 0],
        "above_minus_one": [x > -1],
        "nonzero": [abs(x) > 0],
        "probability": [x >= 0, x <= 1],
        "binary": [x * x >= x, x * x <= x],
        "sign": [abs(x) >= 1, abs(x) <= 1],
    }[domain]
    return reduce(lambda found, condition: where(condition, found, 1), inside, as_expression(0))


def check_domains(loss: Loss, arrays: Mapping[str, np.ndarray], offset: int = 0, shape: Any = None) -> None:
    """Raise `InputError` for the first number outside its input's domain; NaN may be among predictions.

    Blocks of flat arrays of a `shape` begin at an `offset`.
    """
    for name, domain in loss.domains.items():
        if name in arrays and arrays[name].size:
            _check(loss, name, arrays[name], domain, offset, shape) if domain != "real" else None


def check_all_domains(loss: Loss, arrays: Mapping[str, np.ndarray]) -> None:
    """`check_domains` for arrays of any size, a stretch of each at a time."""
    for name, array in arrays.items():
        if loss.domains.get(name, "real") != "real":
            flat = array.reshape(-1)
            for start in range(0, flat.size, _STRETCH):
                check_domains(loss, {name: flat[start : start + _STRETCH]}, start, array.shape)


def _check(loss: Loss, name: str, array: np.ndarray, domain: str, offset: int, shape: Any) -> None:
    formula = _outside(domain)
    if array.dtype == np.float32 and array.flags.c_contiguous and sum_of(formula, array.reshape(-1)) == 0:
        return
    (outside,) = evaluate((formula,), plain_table(), {"x": array})
    wrong = outside.astype(bool)
    if name == loss.inputs[0]:
        wrong &= ~np.isnan(array)
    if wrong.any():
        at = np.unravel_index(int(np.argmax(wrong)) + offset, array.shape if shape is None else shape)
        position = tuple(int(i) for i in at)
        value = array.reshape(-1)[int(np.argmax(wrong))]
        raise InputError(f"{name} of {loss.name} must be {DOMAIN_TEXTS[domain]}, got {value} at position {position}")


def check_one_shape(loss: Loss, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs in the shape of the first: predictions and targets must have it, others broadcast to it."""
    (first, x), *others = arrays.items()
    fitted = {first: x}
    for name, array in others:
        if array.shape != x.shape and (name in loss.inputs[:2] or name == "targets"):
            raise InputError(f"{loss.name} needs {first} and {name} of one shape, got {x.shape} and {array.shape}")
        try:
            fitted[name] = np.broadcast_to(array, x.shape)
        except ValueError:
            raise InputError(
                f"{name} of {loss.name} must broadcast to the shape {x.shape} of {first}, got {array.shape}"
            ) from None
    return fitted


def check_weights(weights: np.ndarray, name: str) -> None:
    """Raise `InputError` for a negative, infinite or NaN weight."""
    wrong = ~((weights >= 0) & (weights < _INF))
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise InputError(f"{name} must be 0 or more and finite, got {weights[at]} at position {at}")


def broadcast_weights(sample_weight: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Weights of samples for each entry of an unreduced loss: they have its shape, or that of its leading axes."""
    if sample_weight.ndim == 0 < len(shape) or sample_weight.shape != shape[: sample_weight.ndim]:
        raise InputError(
            f"sample_weight must have the shape {shape} of the unreduced loss, or of its leading axes, got "
            f"{sample_weight.shape}"
        )
    missing = len(shape) - sample_weight.ndim
    return np.broadcast_to(sample_weight.reshape(sample_weight.shape + (1,) * missing), shape)


def weights_or_ones(sample_weight: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """Weights for each entry of an unreduced loss, in float64; all 1 where none are given."""
    return np.ones(shape) if sample_weight is None else broadcast_weights(sample_weight, shape).astype(np.float64)


def mean_weights(loss: Loss, weights: np.ndarray, counted: np.ndarray | float = 1.0) -> np.ndarray:
    """Weights with which a sum is the mean over what each weight counts; raises `InputError` where that is nothing."""
    total = np.sum(weights * counted)
    if not total > 0:
        raise InputError(f"the weights of {loss.name} sum to 0: there is no mean")
    return weights / total
