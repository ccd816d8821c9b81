"""Losses on arrays: the shapes and targets checked, the values reduced."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...definition import Loss, RowLoss
from ...definition.loss import Reduction
from ...errors import InputError, unknown
from .bfloat16 import computed_in
from .functions import ufunc
from .row_kernels import run_rows
from .rows import as_rows, check_axis, plain_array, working_dtype

_REDUCTIONS = ("mean", "sum", "none")


def call_loss(
    loss: Loss,
    part: str,
    predictions: Any,
    targets: Any,
    *,
    reduction: Reduction = "mean",
    axis: int = -1,
    **options: Any,
) -> Any:
    """Compute the value, the gradient or both of a loss.

    Raises
    ------
    InputError
        For shapes that do not match, targets outside the loss's domain, an empty batch or an unknown reduction.
    """
    if reduction not in _REDUCTIONS:
        raise unknown("reduction", reduction, _REDUCTIONS)
    predictions, targets = plain_array(predictions, loss.name), plain_array(targets, loss.name)
    if predictions.size == 0:
        raise InputError(f"{loss.name} of an empty batch has no value: predictions have shape {predictions.shape}")
    numbers = loss.check_parameters(options)
    dtype = _result_dtype(loss, predictions, targets)
    # Terms of float16 overflow and so do their sums: computed in float32, they are rounded to float16 at the end.
    working = computed_in(dtype) if reduction == "none" else np.promote_types(dtype, np.float32)
    compute = _row_loss if isinstance(loss, RowLoss) else _elementwise_loss
    results, terms = compute(loss, part, predictions, targets, axis, numbers, working)
    named: dict[str, Any] = dict(
        zip(("value", "gradient") if part == "value_and_gradient" else (part,), results, strict=True)
    )
    if "value" in named and reduction != "none":
        named["value"] = (np.mean if reduction == "mean" else np.sum)(named["value"], dtype=np.float64)
    if "gradient" in named and reduction == "mean":
        named["gradient"] = named["gradient"] / working.type(terms)
    named = {name: _rounded(numbers, dtype) for name, numbers in named.items()}
    return named[part] if part in named else (named["value"], named["gradient"])


def _result_dtype(loss: Loss, predictions: np.ndarray, targets: np.ndarray) -> np.dtype:
    """The floating dtype of the predictions, together with the targets where these are compared with them."""
    compared = (predictions,) if isinstance(loss, RowLoss) else (predictions, targets)
    found = working_dtype(loss.name, *compared)
    integers = all(array.dtype.kind in "iub" for array in (predictions, targets))
    return np.dtype(np.float64) if integers else found


def _rounded(numbers: Any, dtype: np.dtype) -> Any:
    """Numbers as another dtype; what is too large for it becomes infinite, without a warning."""
    with np.errstate(over="ignore"):
        return dtype.type(numbers) if np.ndim(numbers) == 0 else numbers.astype(dtype, copy=False)


def _elementwise_loss(
    loss: Loss,
    part: str,
    predictions: np.ndarray,
    targets: np.ndarray,
    axis: int,
    numbers: dict[str, float],
    dtype: np.dtype,
) -> tuple[tuple[np.ndarray, ...], int]:
    if predictions.shape != targets.shape:
        raise InputError(
            f"{loss.name} needs predictions and targets of one shape, got {predictions.shape} and {targets.shape}"
        )
    if loss.domain == "probability":
        _check_probabilities(loss, targets)
    arrays = [np.asarray(array, dtype) for array in (predictions, targets)]
    results = ufunc(loss, part)(*arrays, *numbers.values())
    return (results if isinstance(results, tuple) else (results,)), predictions.size


def _row_loss(
    loss: Loss,
    part: str,
    logits: np.ndarray,
    targets: np.ndarray,
    axis: int,
    numbers: dict[str, float],
    dtype: np.dtype,
) -> tuple[tuple[np.ndarray, ...], int]:
    axis = check_axis(logits, axis)
    probabilities = _row_targets(loss, logits.shape, targets, axis, dtype)
    kept = np.delete(logits.shape, axis)
    per_row = {"value": [True], "gradient": [False], "value_and_gradient": [True, False]}[part]
    found = run_rows(loss, part, [as_rows(logits, axis, dtype), probabilities], numbers, per_row)
    shape = np.moveaxis(logits, axis, -1).shape
    results = tuple(
        result.reshape(kept) if scalar else np.moveaxis(result.reshape(shape), -1, axis)
        for result, scalar in zip(found, per_row, strict=True)
    )
    return results, int(np.prod(kept))


def _row_targets(loss: Loss, shape: tuple[int, ...], targets: np.ndarray, axis: int, dtype: np.dtype) -> np.ndarray:
    """Targets as a matrix of probabilities: class indices become one-hot rows."""
    if targets.dtype.kind in "iu" and targets.shape == tuple(np.delete(shape, axis)):
        return _one_hot(targets.reshape(-1), shape[axis], dtype)
    if targets.shape != shape:
        raise InputError(
            f"{loss.name} needs targets of the logits' shape {shape}, or class indices of that shape without axis "
            f"{axis}, got shape {targets.shape} of {targets.dtype}"
        )
    rows = as_rows(targets, axis, dtype)
    _check_probabilities(loss, rows)
    sums = rows.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero(np.abs(sums - 1) > 1e-3)
    if wrong.size:
        raise InputError(
            f"targets of {loss.name} must sum to 1 along axis {axis}; row {wrong[0]} sums to {sums[wrong[0]]:g}"
        )
    return rows


def _one_hot(indices: np.ndarray, classes: int, dtype: np.dtype) -> np.ndarray:
    wrong = np.flatnonzero((indices < 0) | (indices >= classes))
    if wrong.size:
        raise InputError(
            f"class indices must be from 0 to {classes - 1}, got {indices[wrong[0]]} at position {wrong[0]}"
        )
    rows = np.zeros((indices.size, classes), dtype)
    rows[np.arange(indices.size), indices] = 1
    return rows


def _check_probabilities(loss: Loss, targets: np.ndarray) -> None:
    wrong = np.argwhere(~((targets >= 0) & (targets <= 1)))
    if wrong.size:
        at = tuple(int(i) for i in wrong[0])
        raise InputError(f"targets of {loss.name} must be from 0 to 1, got {targets[at]} at position {at}")
