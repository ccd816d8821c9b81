"""Row functions on arrays, and what all functions along an axis share."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ...definition import Row
from ...errors import InputError
from .bfloat16 import computed_in
from .parameters import checked_numbers, is_computed
from .refusals import check_numbers, check_outputs
from .row_kernels import run_rows
from .transpose import rows_along


def working_dtype(name: str, *arrays: np.ndarray) -> np.dtype:
    """The floating dtype of a result of the function `name`, by the rules of NumPy's own ufuncs such as `np.exp`."""
    for array in arrays:
        check_numbers(name, array)
    return _floating(arrays[0].dtype if len(arrays) == 1 else np.result_type(*arrays))


@lru_cache(maxsize=64)
def _floating(dtype: np.dtype) -> np.dtype:
    return dtype.newbyteorder("=") if is_computed(dtype) else np.exp(np.zeros(1, dtype)).dtype


def plain_array(x: Any, name: str) -> np.ndarray:
    """Data as a NumPy array of real numbers; `name` is the function that asks for it.

    Raises
    ------
    TypeError, InputError
        For what is no array of real numbers, and for a masked one, whose mask would be lost.
    """
    if isinstance(x, np.ma.MaskedArray):
        raise InputError("masked arrays are not supported here, their mask would be lost; fill it with .filled() first")
    check_numbers(name, x)
    return np.asarray(x)


def as_rows(x: np.ndarray, axis: int, dtype: np.dtype) -> np.ndarray:
    """An array as a contiguous matrix whose rows run along an axis."""
    if axis == x.ndim - 1:
        return np.ascontiguousarray(x, dtype=dtype).reshape(-1, x.shape[-1])
    return rows_along(x.astype(dtype, copy=False), axis).reshape(-1, x.shape[axis])


def check_axis(x: np.ndarray, axis: int) -> int:
    """The axis as a non-negative number; raises `InputError` when the array has no such axis."""
    try:
        number = operator.index(axis)
    except TypeError:
        raise InputError(f"axis must be a whole number, got {axis!r}") from None
    if x.ndim == 0:
        raise InputError("a row function needs at least one axis, got a single number; put it into a list")
    if not -x.ndim <= number < x.ndim:
        raise InputError(f"axis must be between {-x.ndim} and {x.ndim - 1} for an array of shape {x.shape}, got {axis}")
    return number % x.ndim


def call_row(record: Row, part: str, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """Compute a part of a row activation along `axis`, into `out` if it is given."""
    axis, out, given = axis_options(options)
    x, *others = (plain_array(x, record.name) for x in inputs)
    axis = check_axis(x, axis)
    numbers = checked_numbers(record, given)
    others = [fitted(record, name, y, x.shape) for name, y in zip(record.inputs_of(part)[1:], others, strict=True)]
    check_outputs(record.name, out, x.shape, broadcast=False)
    dtype = working_dtype(record.name, x, *others)
    if x.size == 0:
        return placed(np.empty(x.shape, dtype), out)
    rows = [as_rows(y, axis, computed_in(dtype)) for y in (x, *others)]
    if out is not None and axis == x.ndim - 1 and out.dtype == rows[0].dtype and out.flags.c_contiguous:
        run_rows(record, part, rows, numbers, [False], out)
        return out
    (result,) = run_rows(record, part, rows, numbers, [False])
    return placed(from_rows(result, x.shape, axis).astype(dtype, copy=False), out)


def axis_options(options: Mapping[str, Any]) -> tuple[int, Any, dict[str, Any]]:
    """The axis, the array to write to or None, and the other options."""
    given = dict(options)
    out = given.pop("out", None)
    if isinstance(out, tuple) and len(out) == 1:  # as NumPy's ufuncs allow it
        (out,) = out
    return given.pop("axis", -1), out, given


def fitted(record: Row, name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A second input in the shape that it must have: a sample is broadcast, a cotangent is not."""
    if array.shape == shape:
        return array
    if name == "cotangent":
        raise InputError(
            f"{record.name}.vjp needs a cotangent of the shape {shape} of the result, got {array.shape}; both must be "
            "of one shape"
        )
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise InputError(
            f"{name} of {record.name} must broadcast to the shape {shape} of x, got {array.shape}"
        ) from None


def from_rows(rows: np.ndarray, shape: tuple[int, ...], axis: int) -> np.ndarray:
    """What `as_rows` made a matrix of, as the array of the given shape again."""
    if axis == len(shape) - 1:
        return rows.reshape(shape)
    moved = (*shape[:axis], *shape[axis + 1 :], shape[axis])
    return np.moveaxis(rows.reshape(moved), -1, axis)


def stretches(x: np.ndarray, count: int, axis: int) -> tuple[np.ndarray, ...]:
    """Views of an array cut into stretches of equal length along an axis, as `np.split` gives them, but quickly."""
    before, length = (slice(None),) * axis, x.shape[axis] // count
    return tuple(x[(*before, slice(i * length, (i + 1) * length))] for i in range(count))


def placed(result: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """The result, or `out` with the result in it; `out` has been checked."""
    if out is None:
        return result
    with np.errstate(over="ignore"):  # what is too large for a smaller dtype becomes infinite
        np.copyto(out, result, casting="same_kind")
    return out
