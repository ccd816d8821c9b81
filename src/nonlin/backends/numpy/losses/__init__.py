"""Losses on arrays: inputs checked, a kernel for the kind of loss, results reduced and rounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....definition import Loss
from ....errors import InputError
from ..rows import check_axis, plain_array
from .algorithms import algorithm_loss
from .elementwise import elementwise_loss
from .rows import row_loss
from .settings import rounded, settings
from .similarities import similarity_loss
from .summaries import summary_loss

__all__ = ["call_loss", "decide"]

_KINDS: dict[str, Any] = {
    "elementwise": elementwise_loss,
    "row": row_loss,
    "summary": summary_loss,
    "similarity": similarity_loss,
    "algorithm": algorithm_loss,
}


def call_loss(loss: Loss, part: str, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """Compute the value, a gradient, both, or the diagonal of the Hessian of a loss.

    Raises
    ------
    InputError
        For shapes that do not match, numbers outside the loss's domain, an empty batch or an unknown option.
    """
    if "gradient" in part and not loss.has_gradient:
        raise InputError(f"{loss.name} is a metric: it has no gradient that could be learnt from")
    arrays = {name: plain_array(array, loss.name) for name, array in inputs.items()}
    first = arrays[loss.inputs[0]]
    if first.size == 0:
        raise InputError(f"{loss.name} of an empty batch has no value: {loss.inputs[0]} have shape {first.shape}")
    asked = settings(loss, arrays, options)
    if asked.out is not None and part == "value":
        raise InputError(f"out of {loss.name} is for a gradient, and a value needs none: leave it out")
    with np.errstate(all="ignore"):  # what is beyond the range is infinite or 0, and what has no limit is NaN
        found = _KINDS[loss.kind](loss, part, arrays, asked)
        results = [_placed(name, rounded(result, asked.dtype), asked.out) for name, result in found.items()]
    return tuple(results) if len(results) > 1 else results[0]


def _placed(name: str, result: Any, out: np.ndarray | None) -> Any:
    """A gradient in the array that it was wanted in, if there is one."""
    if out is None or name == "value":
        return result
    if not np.may_share_memory(result, out):
        np.copyto(out, result)
    return out


def decide(loss: Loss, predictions: Any, axis: int) -> np.ndarray:
    """The classes that go with what a loss takes: see `Loss.decide`."""
    scores = plain_array(predictions, loss.name)
    if not loss.decision:
        raise InputError(f"{loss.name} is for {' and '.join(loss.tasks) or 'no classes'}; there is nothing to decide")
    if loss.decision == "argmax":
        axis = check_axis(scores, axis)
        if scores.shape[axis] == 0:
            raise InputError(f"{loss.name} has no classes to choose from, got shape {scores.shape}")
        return np.argmax(scores, axis=axis)
    above = scores > (0.5 if loss.domains.get(loss.inputs[0]) == "probability" else 0)
    return np.where(above, 1, -1 if loss.decision == "sign" else 0)
