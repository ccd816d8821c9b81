"""Class indices as rows of 0 and 1."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .errors import InputError


def one_hot(indices: Any, classes: int | None = None, *, axis: int = -1, dtype: DTypeLike = float) -> np.ndarray:
    """Rows of 0, with 1 at the index of the class.

    Parameters
    ----------
    indices : integers from 0 to classes - 1, an array of any shape or a number
    classes : int, optional
        How many there are; by default as many as the largest index needs.
    axis : int, default -1
        The place of the new axis, along which the rows run.
    dtype : of the result, default float

    Returns
    -------
    An array of the shape of the indices with an axis of length `classes` more.

    Raises
    ------
    InputError
        For what is no class; the message names the first one.

    Examples
    --------
    >>> import nonlin as nl
    >>> nl.one_hot([0, 2], 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    numbers = np.asarray(indices)
    if numbers.dtype.kind not in "iu":
        raise InputError(f"indices must be integers, got {numbers.dtype}")
    count = _class_count(numbers, classes)
    check_indices(numbers, count)
    if not -numbers.ndim - 1 <= axis <= numbers.ndim:
        raise InputError(f"axis must be from {-numbers.ndim - 1} to {numbers.ndim}, got {axis}")
    place = axis % (numbers.ndim + 1)
    rows = np.zeros((*numbers.shape[:place], count, *numbers.shape[place:]), dtype)
    np.put_along_axis(rows, np.expand_dims(numbers, place), 1, place)
    return rows


def _class_count(indices: np.ndarray, classes: int | None) -> int:
    if classes is None:
        if indices.size == 0:
            raise InputError("there are no indices to tell the number of classes from; give classes")
        return max(int(indices.max()) + 1, 1)
    try:
        count = operator.index(classes)
    except TypeError:
        count = 0
    if count < 1:
        raise InputError(f"classes must be a positive whole number, got {classes!r}")
    return count


def check_indices(indices: np.ndarray, classes: int) -> None:
    """Raise `InputError` for the first index that is no class."""
    if indices.size and (indices.min() < 0 or indices.max() >= classes):
        at = tuple(int(i) for i in np.argwhere((indices < 0) | (indices >= classes))[0])
        position = at[0] if len(at) == 1 else at
        raise InputError(f"class indices must be from 0 to {classes - 1}, got {indices[at]} at position {position}")
