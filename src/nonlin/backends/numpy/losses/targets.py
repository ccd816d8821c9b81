"""Targets of classification: class indices, one-hot rows and distributions."""

from __future__ import annotations

import numpy as np

from ....definition import RowLoss
from ....errors import InputError
from .settings import Settings

_SLACK = 1e-3  # by which the sum of a distribution may differ from 1


def class_indices(loss: RowLoss, targets: np.ndarray, shape: tuple[int, ...], axis: int) -> bool:
    """Whether targets are class indices: integers in the shape of the predictions without the axis."""
    kept = shape[:axis] + shape[axis + 1 :]
    if "classification" in loss.tasks and targets.dtype.kind in "iu" and targets.shape == kept:
        return True
    if "classification" in loss.tasks and targets.shape != shape:
        raise InputError(
            f"{loss.name} needs targets of the {loss.inputs[0]}' shape {shape}, or class indices of shape {kept} "
            f"(integers), got shape {targets.shape} of {targets.dtype}"
        )
    return False


def one_hot_rows(targets: np.ndarray, classes: int, s: Settings, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One-hot rows of class indices, and the weights of the rows: 0 for those that are ignored."""
    ignored = np.zeros(targets.shape, bool) if s.ignore_index is None else targets == s.ignore_index
    chosen = np.where(ignored, 0, targets)
    check_indices(chosen, classes)
    if ignored.all():
        raise InputError(f"all targets are {s.ignore_index}, the index to ignore: nothing is left to average")
    rows = np.zeros((*targets.shape, classes), s.working)
    np.put_along_axis(rows, chosen[..., np.newaxis], 1, axis=-1)
    return rows, np.where(ignored, 0, weights)


def check_indices(indices: np.ndarray, classes: int) -> None:
    """Raise `InputError` for the first index that is no class."""
    if indices.size and (indices.min() < 0 or indices.max() >= classes):
        at = tuple(int(i) for i in np.argwhere((indices < 0) | (indices >= classes))[0])
        position = at[0] if len(at) == 1 else at
        raise InputError(f"class indices must be from 0 to {classes - 1}, got {indices[at]} at position {position}")


def check_distribution(loss: RowLoss, name: str, rows: np.ndarray, axis: int) -> None:
    """Raise `InputError` for the first row of probabilities that does not sum to one."""
    sums = rows.sum(axis=1, dtype=np.float64)
    wrong = np.flatnonzero(np.abs(sums - 1) > _SLACK)
    if wrong.size:
        raise InputError(
            f"{name} of {loss.name} must sum to 1 along axis {axis}; row {wrong[0]} sums to {sums[wrong[0]]:g}"
        )
