"""The parameters of a call: numbers, or arrays of them, each in the range that the definition allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from ...definition import Definition, Parameter
from ...errors import InputError
from .elements import DTYPES


def checked(record: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters by name, the defaults filled in.

    Raises
    ------
    InputError
        For an unknown name, for what is no number, and for a number outside the range, also in an array of them.
    """
    numbers = record.check_parameters(given)
    for name, value in given.items():
        if type(value) is not float and type(value) is not int:
            _check_array(record, name, value)
    for name, known in record.parameters.items():
        if known.up_to:
            _check_order(record, name, known.up_to, numbers)
    return numbers


def checked_numbers(record: Definition, given: Mapping[str, Any]) -> dict[str, float]:
    """All parameters by name as single numbers; raises `InputError` for arrays, which a row function does not take."""
    numbers = checked(record, given)
    for name, value in numbers.items():
        if np.ndim(value):
            shape = np.shape(value)
            raise InputError(
                f"{name} of {record.name} must be a single number, got an array of shape {shape}; call it once for each"
            )
    return {name: float(value) for name, value in numbers.items()}


def arrays_among(numbers: Iterable[Any]) -> list[np.ndarray]:
    """The parameters that take part in NumPy's promotion of dtypes; plain numbers are weak and do not."""
    return [np.asarray(number) for number in numbers if hasattr(number, "dtype")]


@lru_cache(maxsize=256)  # the name of a dtype is slow to find
def is_real(dtype: np.dtype) -> bool:
    """Whether arrays of a dtype hold real numbers; bfloat16 is foreign to NumPy."""
    return dtype.kind in "fiub" or is_computed(dtype)


@lru_cache(maxsize=256)
def is_computed(dtype: np.dtype) -> bool:
    """Whether there are kernels for a dtype; others are converted."""
    return dtype.name in DTYPES.values()


def shortened(value: Any) -> str:
    """A value as it may stand in a sentence."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _check_array(record: Definition, name: str, value: Any) -> None:
    try:
        array = np.asarray(value)
    except ValueError:  # lists of different lengths
        array = np.asarray(None)
    if not is_real(array.dtype):
        raise InputError(f"{name} of {record.name} must be a number or an array of numbers, got {shortened(value)}")
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(f"{name} of {record.name} must not be a masked array; fill it with .filled() first")
    known, numbers = record.parameters[name], array.astype(np.float64, copy=False)
    allowed = _allowed(known, numbers)
    if not allowed.all():
        at = np.unravel_index(int(np.argmin(allowed)), array.shape)  # the first one
        place = f" at position {', '.join(map(str, at))}" if array.ndim else ""
        raise InputError(f"{name} of {record.name} must be {known.interval}, got {float(numbers[at])!r}{place}")


def _check_order(record: Definition, low: str, high: str, numbers: Mapping[str, Any]) -> None:
    lows, highs = np.asarray(numbers[low], np.float64), np.asarray(numbers[high], np.float64)
    try:
        lows, highs = np.broadcast_arrays(lows, highs)
    except ValueError:  # the call itself tells of shapes that do not fit
        return
    wrong = lows > highs
    if wrong.any():
        at = np.unravel_index(int(np.argmax(wrong)), wrong.shape)  # the first one
        raise InputError(
            f"{low} of {record.name} must be at most {high}, got {low}={lows[at]:g} and {high}={highs[at]:g}; "
            f"exchange them or give another {high}"
        )


def _allowed(known: Parameter, values: np.ndarray) -> np.ndarray:
    return np.isfinite(values) & (values >= known.low) & (values <= known.high) & (values > known.above)
