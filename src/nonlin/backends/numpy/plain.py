"""A short way for the plainest calls on NumPy arrays, in hardly more than the time of NumPy's own functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ...definition import Activation, Pooled, Row
from ...definition.records import made_from_definitions
from .bfloat16 import NUMPYS_OWN
from .elements import ELEMENT_OF, ELEMENTS
from .parameters import checked
from .row_kernels import rows_ufunc
from .short_groups import groups_ufunc
from .strips import strips_ufunc
from .ufuncs import ufunc


def plain_elementwise(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The result of a plain call of an elementwise function, `NotImplemented` for any other.

    That is one of an array of a dtype of NumPy's own, with parameters as numbers, and `out` of the same dtype.
    Raises `TypeError` or `ValueError` for what NumPy or the function refuses, but not in our words.
    """
    x = inputs[0]
    if x.itemsize == 2 and x.dtype.num >= NUMPYS_OWN:  # one look at nearly all arrays
        return NotImplemented
    if not options:
        return _with_numbers(record, part)(x)
    numbers, into = options, {}
    if "out" in options:
        numbers = dict(options)
        into["out"] = out = numbers.pop("out")
        if type(out) is not np.ndarray or out.dtype is not x.dtype:
            return NotImplemented
    return _with_numbers(record, part, *numbers.items())(x, **into) if _only_numbers(numbers) else NotImplemented


@lru_cache(maxsize=4096)
def _with_numbers(record: Activation, part: str, *given: tuple[str, float]) -> Callable[..., Any]:
    """What computes an elementwise part; raises `InputError` for unknown or forbidden parameters."""
    function = ufunc(record, part)
    numbers = [np.array(number) for number in checked(record, dict(given)).values()]  # floats are converted each time
    if not numbers:
        return function
    if len(numbers) == 1:
        only = numbers[0]
        return lambda x, **into: function(x, only, **into)
    return lambda x, **into: function(x, *numbers, **into)


def _only_numbers(options: Mapping[str, Any]) -> bool:
    """Whether options may be remembered: floats, but not 0.0, which is equal to -0.0."""
    return not options or ({*map(type, options.values())} == {float} and 0.0 not in options.values())


def plain_along(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """The result of a plain call of a function along an axis, `NotImplemented` for any other.

    That is one of C-contiguous arrays of one dtype along the last axis, with default parameters, and such an `out`.
    Raises `TypeError` or `ValueError` for what NumPy refuses, but not in our words.
    """
    x = inputs[0]
    if not x.flags.c_contiguous:
        return NotImplemented
    if not options and len(inputs) == 1:
        function = _along(record, part, x.dtype)
        return NotImplemented if function is None else function(x)
    return _along_with(record, part, inputs, dict(options))


def _along_with(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What `plain_along` gives for several arrays, or with options."""
    x, *others = inputs
    axis, pieces, out = options.pop("axis", -1), options.pop("pieces", 2), options.pop("out", None)
    if options or type(axis) is not int or type(pieces) is not int or axis not in (-1, x.ndim - 1):
        return NotImplemented
    function = _along(record, part, x.dtype, pieces)
    if function is None or len(inputs) != function.nin:
        return NotImplemented
    second, result = _lengths(record, part, pieces)
    if not all(_fits(x, y, second) for y in others) or not (out is None or _fits(x, out, result)):
        return NotImplemented
    return function(*inputs, out=out)


@cache
def _along(record: Activation, part: str, dtype: np.dtype, pieces: int = 2) -> np.ufunc | None:
    """The ufunc of a part along the last axis of arrays of one dtype, or None where there is none."""
    if not dtype.isnative or ELEMENT_OF.get(dtype.name) not in ELEMENTS:
        return None
    if isinstance(record, Pooled):
        return groups_ufunc(record, part, pieces, dtype) if pieces > 0 else None
    return (rows_ufunc if isinstance(record, Row) else strips_ufunc)(record, part, dtype)


@cache
def _lengths(record: Activation, part: str, pieces: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """How long that axis is in a second input and in the result: times the first, over the second number."""
    if isinstance(record, Pooled):
        return (1, pieces), (1, pieces) if part == "value" else (1, 1)
    if isinstance(record, Row):
        return (1, 1), (1, 1)
    return (1, 1), (ufunc(record, part).nout, len(record.inputs))


def _fits(x: np.ndarray, y: Any, length: tuple[int, int]) -> bool:
    """Whether y is a C-contiguous array like x, the last axis as many times as long as a fraction says."""
    times, over = length
    return (
        type(y) is np.ndarray
        and y.dtype is x.dtype
        and y.flags.c_contiguous
        and y.shape[:-1] == x.shape[:-1]
        and y.ndim == x.ndim
        and over * y.shape[-1] == times * x.shape[-1]
    )


made_from_definitions += [_with_numbers.cache_clear, _along.cache_clear, _lengths.cache_clear]
