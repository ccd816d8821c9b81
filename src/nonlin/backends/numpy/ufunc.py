"""Compiled loops as real NumPy ufuncs, through NumPy's C interface (PyUFunc_FromFuncAndData)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

_FROM_FUNC_AND_DATA = 1  # its place in NumPy's table of C functions, fixed by the binary interface
_PyUFunc_None = -1
_alive: list[object] = []  # a ufunc keeps pointers to these for ever


def _creator() -> Callable[..., Any]:
    capsule = import_module("numpy._core._multiarray_umath")._UFUNC_API
    capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    capsule_pointer.restype, capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(capsule_pointer(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    prototype = ctypes.PYFUNCTYPE(
        ctypes.py_object,
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_char_p,
        *[ctypes.c_int] * 4,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_int,
    )
    return prototype(table[_FROM_FUNC_AND_DATA])


def make_ufunc(name: str, text: str, loops: Sequence[tuple[int, Sequence[str]]], inputs: int, outputs: int) -> np.ufunc:
    """A ufunc of the given loops, each an address and the dtype names of its operands, tried in this order."""
    functions = (ctypes.c_void_p * len(loops))(*[address for address, _ in loops])
    data = (ctypes.c_void_p * len(loops))()
    types = bytes(np.dtype(dtype).num for _, dtypes in loops for dtype in dtypes)
    strings = (types, name.encode(), text.encode())
    _alive.extend((functions, data, strings))
    return _creator()(functions, data, types, len(loops), inputs, outputs, _PyUFunc_None, strings[1], strings[2], 0)
