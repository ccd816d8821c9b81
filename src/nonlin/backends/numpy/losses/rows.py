"""Losses of rows on arrays: each row is read where it lies, and its gradient written where it is wanted.

Arrays of another dtype or with rows along another axis are taken a block at a time, so that no copy of them is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ....definition import RowLoss
from ....errors import InputError
from ..row_kernels import NUMBER, ROW, SHARED, TARGET
from ..rows import check_axis
from ..transpose import by_rows
from .checks import broadcast_weights, check_all_domains, check_weights
from .row_calls import PER_ROW, ROW_WEIGHT, RowCall, row_call
from .settings import Settings
from .targets import check_distributions, checked_indices, is_class_index

_BLOCK = 1 << 19  # entries of a block that is copied, about


class _Batch(NamedTuple):
    """The inputs of a call, what each of them holds, and the weights of the rows."""

    inputs: dict[str, np.ndarray]
    held: dict[str, str]
    weights: np.ndarray
    total: float


def row_loss(loss: RowLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The parts of a loss, by name; what is reduced is in float64."""
    first = arrays[loss.inputs[0]]
    if loss.over_all and s.axis is None:
        return _over_all(loss, part, arrays, s)
    axis = check_axis(first, -1 if s.axis is None else s.axis)
    batch = _batch(loss, arrays, axis, s)
    names = ["value", "gradient"] if part == "value_and_gradient" else [part]
    divisor = batch.total if s.reduction == "mean" else 1
    scale = batch.weights / divisor
    call = row_call(loss, names, batch.held, s, may_ignore=not np.all(scale > 0))
    others = [array for name, array in batch.inputs.items() if name != loss.inputs[0]]
    results: dict[str, Any] = {
        name: np.empty(batch.weights.shape) if name in PER_ROW else _result(first, others, s, call) for name in names
    }
    kinds = batch.held | {ROW_WEIGHT: NUMBER} | {name: NUMBER if name in PER_ROW else ROW for name in names}
    views = {
        name: _view(array, kinds[name], axis) for name, array in (batch.inputs | {ROW_WEIGHT: scale} | results).items()
    }
    for place in _blocks([view for name, view in views.items() if kinds[name] == ROW], s):
        at = {name: view if kinds[name] == SHARED else view[place] for name, view in views.items()}
        call.run({name: at[name] for name in (*batch.held, ROW_WEIGHT)}, {name: at[name] for name in names})
    if "value" in results:
        value = np.where(batch.weights > 0, results["value"], 0) * batch.weights
        results["value"] = value if s.reduction == "none" else value.sum() / divisor
    return results


def _over_all(loss: RowLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The whole batch as one row."""
    if s.sample_weight is not None:
        raise InputError(f"{loss.name} of the whole batch takes no sample_weight; give an axis for one loss a row")
    first = arrays[loss.inputs[0]]
    for name, array in arrays.items():
        if array.shape != first.shape:
            raise InputError(
                f"{loss.name} needs {loss.inputs[0]} and {name} of one shape, got {first.shape} and {array.shape}"
            )
    check_all_domains(loss, arrays)
    whole = {name: array.reshape(1, -1) for name, array in arrays.items()}
    out = None if s.out is None else s.out.reshape(1, -1)
    found = row_loss(loss, part, whole, s._replace(axis=-1, out=out))
    return {n: np.reshape(r, ()) if n in PER_ROW else np.reshape(r, first.shape) for n, r in found.items()}


def _batch(loss: RowLoss, arrays: Mapping[str, np.ndarray], axis: int, s: Settings) -> _Batch:
    """The inputs, checked, before anything is computed."""
    first = arrays[loss.inputs[0]]
    kept, classes = first.shape[:axis] + first.shape[axis + 1 :], first.shape[axis]
    weights = np.ones(kept) if s.sample_weight is None else broadcast_weights(s.sample_weight, kept).astype(np.float64)
    inputs, held = {loss.inputs[0]: np.ascontiguousarray(first)}, {loss.inputs[0]: ROW}
    importance = weights
    for name, array in list(arrays.items())[1:]:
        if name == "targets" and is_class_index(loss, array, first.shape, axis):
            inputs[name], held[name] = checked_indices(array, classes, s.ignore_index), TARGET
            weights = importance = weights if s.ignore_index is None else np.where(array == s.ignore_index, 0, weights)
        else:
            inputs[name], held[name] = _placed(loss, name, array, first, axis)
    if s.ignore_index is not None and TARGET not in held.values():
        raise InputError(f"ignore_index of {loss.name} is for targets that are class indices")
    check_all_domains(loss, {name: array for name, array in arrays.items() if held[name] != TARGET})
    if "class_weights" in arrays:
        check_weights(arrays["class_weights"], "class_weights")
    matrices = {name: array for name, array in inputs.items() if held[name] == ROW}
    check_distributions(loss, {name: np.moveaxis(array, axis, -1) for name, array in matrices.items()}, axis)
    if held.get("class_weights") == SHARED and held.get("targets") == TARGET:
        importance = weights * inputs["class_weights"].astype(np.float64)[inputs["targets"]]
    total = float(importance.sum())
    if s.reduction == "mean" and total <= 0:
        raise InputError(f"the weights of {loss.name} sum to 0: there is no mean")
    return _Batch(inputs, held, weights, total)


def _placed(loss: RowLoss, name: str, array: np.ndarray, first: np.ndarray, axis: int) -> tuple[np.ndarray, str]:
    """An input, and what it holds: rows, contiguous then, one row for all, or a number for each row."""
    kept, classes = first.shape[:axis] + first.shape[axis + 1 :], first.shape[axis]
    if array.shape == first.shape:
        return np.ascontiguousarray(array), ROW
    is_one_a_row = name == "targets" and name not in loss.inputs[:2]  # of rows that are compared with each other
    if is_one_a_row and array.shape in (kept, (*first.shape[:axis], 1, *first.shape[axis + 1 :])):
        return array.reshape(kept), NUMBER
    if name in loss.optional and array.shape == (classes,):
        return array, SHARED
    if name in loss.optional and array.ndim == 0:
        return np.broadcast_to(array, kept), NUMBER
    if name in loss.optional or is_one_a_row:
        expected = kept if is_one_a_row else (classes,)
        raise InputError(f"{name} of {loss.name} must have the shape {expected}, got {array.shape}")
    raise InputError(f"{loss.name} needs {loss.inputs[0]} and {name} of one shape, got {first.shape} and {array.shape}")


def _result(first: np.ndarray, others: Sequence[np.ndarray], s: Settings, call: RowCall) -> np.ndarray:
    """Where a gradient goes: into `out` where rows can be read and written in one place, and nothing else is there."""
    if s.out is None or not s.out.flags.c_contiguous or call.may_fail_late:
        return np.empty(first.shape, s.dtype)
    same = s.out.__array_interface__["data"] == first.__array_interface__["data"] and first.flags.c_contiguous
    alone = not any(np.may_share_memory(s.out, array) for array in others)
    return s.out if same and alone else np.empty(first.shape, s.dtype)


def _view(array: np.ndarray, held: str, axis: int) -> np.ndarray:
    """An array with rows along the last axis, and one or two axes before it, or with a number for each row."""
    if held == ROW:
        return by_rows(array, axis)
    if held == SHARED:
        return array
    before = math.prod(array.shape[:axis])
    is_flat = before == 1 or before == array.size
    return array.reshape(-1) if is_flat else array.reshape(before, -1)


def _blocks(matrices: Sequence[np.ndarray], s: Settings) -> Iterator[Any]:
    """Places along the first axis: all of it where nothing has to be copied."""
    if all(array.flags.c_contiguous and array.dtype == s.working for array in matrices):
        yield ...
        return
    count, size = len(matrices[0]), matrices[0].size
    step = max(1, _BLOCK * count // size)
    for start in range(0, count, step):
        yield slice(start, start + step)
