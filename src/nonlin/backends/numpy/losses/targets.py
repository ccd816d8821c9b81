"""Targets of classification: class indices, one-hot rows and distributions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ....definition import RowLoss
from ....errors import InputError
from ....one_hot import check_indices
from .blocks import row_sums

_SLACK = 1e-3  # by which the sum of a distribution may differ from 1


def is_class_index(loss: RowLoss, targets: np.ndarray, shape: tuple[int, ...], axis: int) -> bool:
    """Whether targets are class indices: integers in the shape of the predictions without the axis."""
    kept = shape[:axis] + shape[axis + 1 :]
    if "classification" not in loss.tasks or targets.shape == shape:
        return False
    if targets.dtype.kind in "iu" and targets.shape == kept:
        return True
    raise InputError(
        f"{loss.name} needs targets of the {loss.inputs[0]}' shape {shape}, or class indices of shape {kept} "
        f"(integers), got shape {targets.shape} of {targets.dtype}"
    )


def checked_indices(targets: np.ndarray, classes: int, ignore_index: int | None) -> np.ndarray:
    """Class indices as int64, 0 in place of the one that is ignored."""
    if ignore_index is None:
        check_indices(targets, classes)
        return targets.astype(np.int64, copy=False)
    ignored = targets == ignore_index
    if ignored.all():
        raise InputError(f"all targets are {ignore_index}, the index to ignore: nothing is left to average")
    chosen = np.where(ignored, 0, targets).astype(np.int64, copy=False)
    check_indices(chosen, classes)
    return chosen


def check_distributions(loss: RowLoss, inputs: Mapping[str, np.ndarray], axis: int) -> None:
    """Raise `InputError` for the first row of probabilities, along the last axis, that does not sum to one."""
    for name in loss.distributions:
        if name in inputs:
            sums = row_sums(inputs[name].reshape(-1, inputs[name].shape[-1]))
            wrong = np.flatnonzero(np.abs(sums - 1) > _SLACK)
            if wrong.size:
                raise InputError(
                    f"{name} of {loss.name} must sum to 1 along axis {axis}; row {wrong[0]} sums to {sums[wrong[0]]:g}"
                )
