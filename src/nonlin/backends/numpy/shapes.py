"""Functions that change the length of an axis: groups pooled to one number each, results laid side by side."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...definition import Concatenated, Pooled
from ...errors import InputError
from .bfloat16 import computed_in
from .calls import call_ufunc
from .parameters import arrays_among, checked, checked_numbers
from .refusals import check_outputs
from .row_kernels import run_rows
from .rows import as_rows, axis_options, check_axis, fitted, from_rows, placed, plain_array, stretches, working_dtype
from .short_groups import groups_ufunc
from .ufuncs import ufunc


def call_pooled(record: Pooled, part: str, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Compute a part of a pooled function: groups of `pieces` consecutive entries along `axis` are its rows.

    Raises
    ------
    InputError
        When the axis is no whole number of groups, or the cotangent has not one number a group.
    """
    axis, out, given = axis_options(options)
    pieces = given.pop("pieces", 2)
    x, *others = (plain_array(x, record.name) for x in inputs)
    axis = check_axis(x, axis)
    numbers = checked_numbers(record, given)
    groups = _group_count(record, x.shape[axis], pieces, axis)
    pooled = (*x.shape[:axis], groups, *x.shape[axis + 1 :])
    per_group = part == "value"
    shape = pooled if per_group else x.shape
    check_outputs(record.name, out, shape, broadcast=False)
    others = [
        fitted(record, name, y, pooled if name == "cotangent" else x.shape)
        for name, y in zip(record.inputs_of(part)[1:], others, strict=True)
    ]
    dtype = working_dtype(record.name, x, *others)
    if x.size == 0:
        return placed(np.empty(shape, dtype), out)
    groups_at_once = groups_ufunc(record, part, pieces, computed_in(dtype))
    if groups_at_once is not None:
        result = groups_at_once(*(as_rows(y, axis, computed_in(dtype)).reshape(-1) for y in (x, *others)))
    else:
        whole = [np.repeat(y, pieces, axis) if y.shape != x.shape else y for y in others]
        rows = [as_rows(y, axis, computed_in(dtype)).reshape(-1, pieces) for y in (x, *whole)]
        (result,) = run_rows(record, part, rows, numbers, [per_group])
    return placed(from_rows(result, shape, axis).astype(dtype, copy=False), out)


def _group_count(record: Pooled, length: int, pieces: Any, axis: int) -> int:
    try:
        size = operator.index(pieces)
    except TypeError:
        size = 0
    if size < 1:
        raise InputError(f"pieces of {record.name} must be a whole number of at least 1, got {pieces!r}")
    if length % size:
        raise InputError(
            f"{record.name} pools groups of {size} along axis {axis}, which needs a multiple of {size} entries, got "
            f"{length}; pad the axis or give another number of pieces"
        )
    return length // size


def call_concatenated(record: Concatenated, part: str, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Compute all results of a function of one number, each in its stretch of `axis`, one after another."""
    axis, out, given = axis_options(options)
    x = plain_array(inputs[0], record.name)
    axis = check_axis(x, axis)
    numbers = tuple(checked(record, given).values())
    count = ufunc(record, part).nout
    shape = (*x.shape[:axis], count * x.shape[axis], *x.shape[axis + 1 :])
    check_outputs(record.name, out, shape, broadcast=False)
    # Written beside x first where `out` is given: it may be the memory that x is read from.
    result = np.empty(shape, working_dtype(record.name, x, *arrays_among(numbers)))
    call_ufunc(record, part, (x,), numbers, {"out": stretches(result, count, axis)})
    return placed(result, out)
