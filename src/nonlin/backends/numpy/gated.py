"""Gated functions on arrays: a ufunc of the two halves of an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...definition import Gated
from ...errors import InputError
from .functions import spread, ufunc
from .rows import check_axis, plain_array


def call_gated(record: Gated, part: str, inputs: tuple[Any, ...], *, axis: int = -1, **options: Any) -> Any:
    """Compute a gated function of the halves of one array along an axis, or of two arrays (gate, value).

    The derivatives of one array come back shaped like it, those of two as a pair.

    Raises
    ------
    InputError
        When the axis does not exist or has odd length.
    """
    numbers = tuple(record.check_parameters(options).values())
    if len(inputs) == 2:
        return ufunc(record, part)(*inputs, *numbers)
    x = plain_array(inputs[0])
    axis = check_axis(x, axis)
    if x.shape[axis] % 2:
        raise InputError(f"{record.name} splits axis {axis} in two, which needs an even length, got {x.shape[axis]}")
    first, second = np.split(x, 2, axis=axis)
    halves = (first, second) if record.gate == "first" else (second, first)
    result = spread(ufunc(record, part), halves, numbers)
    if part == "value":
        return result
    return np.concatenate(result if record.gate == "first" else result[::-1], axis=axis)
