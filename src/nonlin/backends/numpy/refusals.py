"""Why NumPy refused a call, in one sentence that names what was given and the mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import InputError
from .elements import DTYPES
from .parameters import is_computed, is_real, shortened

_MENDS = {
    "c": "take its .real part or np.abs() of it first",
    "O": "convert it with .astype(float) first",
    "U": "convert it with .astype(float) first",
    "S": "convert it with .astype(float) first",
    "M": "subtract a date and divide by a unit such as np.timedelta64(1, 's') first",
    "m": "divide it by a unit such as np.timedelta64(1, 's') first",
}


def refusal(name: str, inputs: Sequence[Any], options: Mapping[str, Any], error: Exception) -> Exception:
    """The error to raise in place of NumPy's for a call of the function `name`; NumPy's own if it says it best."""
    for x in inputs:
        try:
            check_numbers(name, x)
        except (TypeError, InputError) as better:
            return better
    shapes = [np.shape(x) for x in inputs]
    try:
        check_outputs(name, options.get("out"), np.broadcast_shapes(*shapes))
    except (TypeError, ValueError) as better:
        return better if isinstance(better, TypeError | InputError) else InputError(_apart(name, shapes))
    if "dtype" in options:
        return TypeError(f"dtype of {name} must be one of {_dtypes()}, got {shortened(options['dtype'])}")
    return error if isinstance(error, TypeError) else InputError(f"{name}: {error}")


def check_numbers(name: str, x: Any) -> None:
    """Raise `TypeError` or `InputError` for what is no array of real numbers."""
    try:
        dtype = getattr(x, "dtype", None)
        dtype = dtype if isinstance(dtype, np.dtype) else np.asarray(x).dtype
    except ValueError:
        raise InputError(
            f"{name} needs an array, got lists of different lengths: {shortened(x)}; make them equally long, or call "
            "it for each"
        ) from None
    if not is_real(dtype):
        got = f"an array of {dtype}" if hasattr(x, "dtype") else shortened(x)
        mend = _MENDS[dtype.kind] if dtype.kind in _MENDS and hasattr(x, "dtype") else "give an array of numbers"
        raise TypeError(f"{name} needs real numbers, got {got}; {mend}")
    if dtype.kind == "f" and not is_computed(dtype):
        raise TypeError(
            f"{name} computes in {_dtypes()}, got an array of {dtype}; convert it with .astype(float) first"
        )


def check_outputs(name: str, out: Any, shape: tuple[int, ...], *, broadcast: bool = True) -> None:
    """Raise where `out` cannot take a floating-point result of a shape, or of a larger one that it broadcasts to."""
    for array in out if isinstance(out, tuple) else (out,):
        if array is None:
            continue
        if not isinstance(array, np.ndarray):
            raise TypeError(f"out of {name} must be a NumPy array to write to, got {shortened(array)}")
        fits = array.shape == shape or (broadcast and _broadcasts(shape, array.shape))
        if not fits:
            raise InputError(
                f"out of {name} must have the result's shape {shape}, got {array.shape}; make it with np.empty({shape})"
            )
        if array.dtype.kind not in "fc" and not is_computed(array.dtype):
            raise TypeError(
                f"out of {name} must hold floating-point numbers, got an array of {array.dtype}; make it "
                f"with np.empty({shape})"
            )
        if not array.flags.writeable:
            raise InputError(f"out of {name} must be writeable, got a read-only array; give a copy of it")


def broadcast_shape(name: str, arrays: Sequence[Any]) -> tuple[int, ...]:
    """The shape that the arrays of the function `name` broadcast to; raises `InputError` where there is none."""
    shapes = [np.shape(x) for x in arrays]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise InputError(_apart(name, shapes)) from None


def _broadcasts(shape: tuple[int, ...], larger: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, larger) == larger
    except ValueError:
        return False


def _apart(name: str, shapes: Sequence[tuple[int, ...]]) -> str:
    return f"the arrays of {name} must broadcast to one shape, got {' and '.join(map(str, shapes))}"


def _dtypes() -> str:
    *others, last = DTYPES.values()
    return f"{', '.join(others)} or {last}"
