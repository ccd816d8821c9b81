"""What the records call: a part of a definition on arrays, by the kind of the definition and of the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...definition import Activation
from .bfloat16 import NUMPYS_OWN
from .calls import call_elementwise, only_numbers, plain_call
from .gated import call_gated
from .rows import call_row
from .shapes import call_concatenated, call_pooled
from .ufuncs import ufunc

__all__ = ["call", "call_loss", "ufunc"]

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
        is_foreign = inputs[0].itemsize == 2 and inputs[0].dtype.num >= NUMPYS_OWN  # one look at nearly all arrays
        if record.kind == "elementwise" and not is_foreign:
            try:
                return _plainly(record, part, inputs[0], options)
            except (TypeError, ValueError, _NotPlainError):  # what is wrong is told below
                pass
    elif kind.__module__.partition(".")[0] in ("pandas", "xarray", "dask"):
        from . import containers

        if containers.takes(record, inputs, options):
            return containers.call_inside(record, part, inputs, options)
    return _CALLS[record.kind](record, part, inputs, options)


class _NotPlainError(Exception):
    """A call needs more than a look at its options."""


def _plainly(record: Activation, part: str, x: np.ndarray, options: dict[str, Any]) -> Any:
    """The plainest calls, as quickly as can be: parameters as numbers, and an array like x to write to."""
    if not options:
        return plain_call(record, part)(x)
    if "out" not in options:
        numbers, into = options, {}
    else:
        numbers = dict(options)
        out = numbers.pop("out")
        if type(out) is not np.ndarray or out.dtype is not x.dtype:
            raise _NotPlainError
        into = {"out": out}
    if numbers and not only_numbers(numbers):
        raise _NotPlainError
    return plain_call(record, part, *numbers.items())(x, **into)


def call_loss(record: Any, part: str, inputs: tuple[Any, Any], options: dict[str, Any]) -> Any:
    """Compute a part of a loss on arrays."""
    from .losses import call_loss

    return call_loss(record, part, *inputs, **options)
