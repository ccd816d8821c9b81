"""What the records call: a part of a definition on arrays, by the kind of the definition and of the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...definition import Activation
from .calls import call_elementwise
from .gated import call_gated
from .plain import plain_along, plain_elementwise
from .rows import call_row
from .shapes import call_concatenated, call_pooled
from .ufuncs import ufunc

__all__ = ["call", "call_loss", "decide", "ufunc"]

_CALLS: dict[str, Any] = {
    "elementwise": call_elementwise,
    "gated": call_gated,
    "row": call_row,
    "pooled": call_pooled,
    "concatenated": call_concatenated,
}


def call(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Compute a part of an activation on arrays: NumPy's, what becomes one, or a container of labelled or lazy ones."""
    kind = type(inputs[0])
    if kind is np.ndarray:
        plainly = plain_elementwise if record.kind == "elementwise" else plain_along
        try:
            result = plainly(record, part, inputs, options)
        except (TypeError, ValueError):  # what is wrong is told below
            result = NotImplemented
        if result is not NotImplemented:
            return result
    elif kind.__module__.partition(".")[0] in ("pandas", "xarray", "dask"):
        from . import containers

        if containers.takes(record, inputs, options):
            return containers.call_inside(record, part, inputs, options)
    return _CALLS[record.kind](record, part, inputs, options)


def call_loss(record: Any, part: str, inputs: dict[str, Any], options: dict[str, Any]) -> Any:
    """Compute a part of a loss on arrays."""
    from .losses import call_loss

    return call_loss(record, part, inputs, options)


def decide(record: Any, predictions: Any, axis: int) -> Any:
    """The classes that go with what a loss takes."""
    from .losses import decide

    return decide(record, predictions, axis)
