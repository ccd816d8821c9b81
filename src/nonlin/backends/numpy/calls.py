"""Elementwise definitions on arrays: everything that NumPy's ufuncs take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...definition import Definition, Elementwise
from ...errors import InputError
from .bfloat16 import with_bfloat16
from .parameters import checked
from .refusals import refusal
from .ufuncs import ufunc

_UFUNC_OPTIONS = frozenset(("out", "where", "dtype", "casting", "order", "subok"))


def call_elementwise(record: Elementwise, part: str, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """A part of an elementwise definition, called as a ufunc is; parameters by name, numbers or arrays.

    Raises
    ------
    TypeError, InputError
        For what is no array of real numbers, an `out` that cannot take the result, an unknown or forbidden parameter.
    """
    of_ufunc, given = split_options(options)
    numbers = tuple(checked(record, given).values()) if given or record.parameters else ()
    return call_ufunc(record, part, inputs, numbers, of_ufunc)


def split_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What NumPy's ufuncs take by name, and the rest, which must be parameters."""
    of_ufunc: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for name, value in options.items():
        (of_ufunc if name in _UFUNC_OPTIONS else given)[name] = value
    return of_ufunc, given


def call_ufunc(
    record: Definition, part: str, inputs: tuple[Any, ...], numbers: Sequence[Any], options: Mapping[str, Any]
) -> Any:
    """The ufunc of a part on its inputs and parameters; whatever NumPy refuses is told in our words."""
    function = ufunc(record, part)
    try:
        inputs, options = with_bfloat16(function, record, part, inputs, options)
        if numbers and {*map(type, numbers)} != {float}:
            inputs = _promoted(inputs, numbers)
        if numbers and "dtype" in options:
            return function(*inputs, *numbers, **_with_signature(options, function, len(inputs), len(numbers)))
        return function(*inputs, *numbers, **options)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise refusal(record.name, (*inputs, *numbers), options, error) from None


def _with_signature(options: Mapping[str, Any], function: np.ufunc, inputs: int, numbers: int) -> dict[str, Any]:
    """The options with `dtype` as a signature: parameters are doubles whatever the dtype of the rest."""
    dtype = np.dtype(options["dtype"])
    signature = (dtype,) * inputs + (np.dtype(float),) * numbers + (dtype,) * function.nout
    return {name: value for name, value in options.items() if name != "dtype"} | {"signature": signature}


def _promoted(inputs: tuple[Any, ...], numbers: Sequence[Any]) -> tuple[Any, ...]:
    """The inputs in the dtype that NumPy's rules give them together with array parameters; plain numbers are weak."""
    dtypes = [value.dtype for value in numbers if hasattr(value, "dtype")]
    if not dtypes:
        return inputs
    mine = [getattr(x, "dtype", x) for x in inputs]
    if not all(isinstance(dtype, np.dtype | float | int) for dtype in (*mine, *dtypes)):
        return inputs
    dtype = np.result_type(*mine, *dtypes)
    return tuple(x.astype(dtype) if hasattr(x, "astype") else np.asarray(x, dtype) for x in inputs)
