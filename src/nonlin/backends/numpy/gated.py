"""Gated functions on arrays: a ufunc of the two halves of an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...definition import Gated
from ...errors import InputError
from .functions import ufunc
from .rows import check_axis


def call_gated(record: Gated, part: str, x: Any, *, axis: int = -1, **options: Any) -> Any:
    """Compute a gated function of x along an axis; a derivative comes back shaped like x.

    Raises
    ------
    InputError
        When the axis does not exist or has odd length.
    """
    x = np.asarray(x)
    axis = check_axis(x, axis)
    if x.shape[axis] % 2:
        raise InputError(f"{record.name} splits axis {axis} in two, which needs an even length, got {x.shape[axis]}")
    numbers = record.check_parameters(options)
    first, second = np.split(x, 2, axis=axis)
    halves = (first, second) if record.gate == "first" else (second, first)
    result = ufunc(record, part)(*halves, *numbers.values())
    if part == "value":
        return result
    return np.concatenate(result if record.gate == "first" else result[::-1], axis=axis)
