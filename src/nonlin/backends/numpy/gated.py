"""Gated functions on arrays: a ufunc of the two halves of an axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...definition import Gated
from ...errors import InputError
from .calls import call_ufunc, split_options
from .parameters import arrays_among, checked
from .refusals import check_outputs
from .rows import axis_options, check_axis, plain_array, stretches, working_dtype


def call_gated(record: Gated, part: str, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Compute a gated function of the halves of one array along `axis`, or of two arrays (gate, value).

    The derivatives of one array come back shaped like it, those of two as a pair. Two arrays broadcast and take
    NumPy's options as a ufunc does; one array takes `out`.

    Raises
    ------
    InputError
        When the axis does not exist or has odd length, and when one is given with two arrays.
    """
    if len(inputs) == 2:
        if "axis" in options:
            raise InputError(f"{record.name} of two arrays splits no axis: leave axis out, or give one array")
        of_ufunc, given = split_options(options)
        return call_ufunc(record, part, inputs, tuple(checked(record, given).values()), of_ufunc)
    axis, out, given = axis_options(options)
    x = plain_array(inputs[0], record.name)
    axis = check_axis(x, axis)
    numbers = tuple(checked(record, given).values())
    halves = _halves(record, x, axis)
    if part == "value":
        check_outputs(record.name, out, halves[0].shape, broadcast=False)
        return call_ufunc(record, part, halves, numbers, {} if out is None else {"out": out})
    check_outputs(record.name, out, x.shape, broadcast=False)
    result = np.empty(x.shape, working_dtype(record.name, x, *arrays_among(numbers))) if out is None else out
    call_ufunc(record, part, halves, numbers, {"out": _halves(record, result, axis)})
    return result


def _halves(record: Gated, x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """The gate and the value in an array."""
    if x.shape[axis] % 2:
        raise InputError(
            f"{record.name} splits axis {axis} in two, which needs an even length, got {x.shape[axis]}; pad the "
            "axis or give two arrays, the gate and the value"
        )
    first, second = stretches(x, 2, axis)
    return (first, second) if record.gate == "first" else (second, first)
