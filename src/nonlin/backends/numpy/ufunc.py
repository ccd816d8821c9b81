"""Compiled loops as real NumPy ufuncs, through NumPy's C interface."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

_FROM_FUNC_AND_DATA, _REGISTER_LOOP_FOR_TYPE = 1, 2  # places in NumPy's table of C functions, fixed for ever
_PyUFunc_None = -1
_alive: list[object] = []  # a ufunc keeps pointers to these for ever


def _function(place: int, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of NumPy's table (PyUFunc_...)."""
    capsule = import_module("numpy._core._multiarray_umath")._UFUNC_API
    capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    capsule_pointer.restype, capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(capsule_pointer(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    return ctypes.PYFUNCTYPE(result, *arguments)(table[place])


def make_ufunc(
    name: str, text: str, loops: Sequence[tuple[int, Sequence[str], Any]], inputs: int, outputs: int
) -> np.ufunc:
    """A ufunc of the given loops, tried in this order: address, dtype names of the operands, data (ctypes or None)."""
    functions = (ctypes.c_void_p * len(loops))(*[address for address, _, _ in loops])
    data = (ctypes.c_void_p * len(loops))(*[None if d is None else ctypes.addressof(d) for _, _, d in loops])
    types = bytes(np.dtype(dtype).num for _, dtypes, _ in loops for dtype in dtypes)
    strings = (types, name.encode(), text.encode())
    _alive.extend((functions, data, strings, [d for _, _, d in loops]))
    pointers, numbers, text_type = [ctypes.POINTER(ctypes.c_void_p)] * 2, [ctypes.c_int] * 4, ctypes.c_char_p
    create = _function(
        _FROM_FUNC_AND_DATA,
        ctypes.py_object,
        *pointers,
        text_type,
        *numbers,
        text_type,
        text_type,
        ctypes.c_int,
    )
    return create(functions, data, types, len(loops), inputs, outputs, _PyUFunc_None, strings[1], strings[2], 0)


def add_loop(function: np.ufunc, address: int, dtypes: Sequence[np.dtype]) -> None:
    """Give a ufunc a loop for a dtype that another library has registered with NumPy: the first one of the operands.

    Must come before the first call with that dtype, since NumPy remembers what it chose then.
    """
    numbers = (ctypes.c_int * len(dtypes))(*[dtype.num for dtype in dtypes])  # NumPy takes a copy
    pointer = ctypes.POINTER(ctypes.c_int)
    arguments = (ctypes.py_object, ctypes.c_int, ctypes.c_void_p, pointer, ctypes.c_void_p)
    _function(_REGISTER_LOOP_FOR_TYPE, ctypes.c_int, *arguments)(function, dtypes[0].num, address, numbers, None)
