"""Compiled loops as real NumPy ufuncs, through NumPy's C interface."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import llvmlite.binding as llvm
import numpy as np

_REGISTER_LOOP_FOR_TYPE, _FROM_FUNC_AND_DATA_AND_SIGNATURE = 2, 31  # in NumPy's table of C functions, fixed for ever
_PyUFunc_None = -1
Loop = tuple[int, Sequence[str], Any]
"""A loop of a ufunc: its address, the dtype names of the operands, its data (ctypes or None)."""
_loops: dict[np.ufunc, Sequence[Loop]] = {}
_alive: list[object] = []  # a ufunc keeps pointers to these for ever


class _UFuncObject(ctypes.Structure):
    """NumPy's PyUFuncObject, from version 2.1 on, as its header ufuncobject.h has it; fields are only ever added."""

    _fields_ = (
        ("head", ctypes.c_char * object.__basicsize__),
        ("counts", ctypes.c_int * 4),
        ("functions_data", ctypes.c_void_p * 2),
        ("types_count", ctypes.c_int * 2),
        ("texts_objects", ctypes.c_void_p * 6),
        ("core_counts", ctypes.c_int * 2),
        ("core_dimensions_to_op_flags", ctypes.c_void_p * 9),
        ("iterator_flags", ctypes.c_uint32),
        ("core_sizes_to_loops", ctypes.c_void_p * 5),
        ("process_core_dims_func", ctypes.c_void_p),
    )


@cache
def floating_point_environment() -> None:
    """Let compiled loops find C's feclearexcept, which NumPy's own loops use too."""
    name = "ucrtbase" if sys.platform == "win32" else ctypes.util.find_library("m")
    library = ctypes.CDLL(name)
    llvm.add_symbol("feclearexcept", ctypes.cast(library.feclearexcept, ctypes.c_void_p).value)


def _function(place: int, result: Any, *arguments: Any) -> Callable[..., Any]:
    """A function of NumPy's table (PyUFunc_...)."""
    capsule = import_module("numpy._core._multiarray_umath")._UFUNC_API
    capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    capsule_pointer.restype, capsule_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(capsule_pointer(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    return ctypes.PYFUNCTYPE(result, *arguments)(table[place])


def make_ufunc(
    name: str,
    text: str,
    loops: Sequence[Loop],
    inputs: int,
    outputs: int,
    signature: str | None = None,
    sizes: int | None = None,
) -> np.ufunc:
    """A ufunc of the given loops, tried in this order; with a signature such as "(n)->(k)", a generalized one.

    `sizes` is then the address of a function that sets the lengths which only outputs have: PyUFunc_ProcessCoreDimsFunc
    in NumPy's documentation.
    """
    functions = (ctypes.c_void_p * len(loops))(*[address for address, _, _ in loops])
    data = (ctypes.c_void_p * len(loops))(*[None if d is None else ctypes.addressof(d) for _, _, d in loops])
    types = bytes(np.dtype(dtype).num for _, dtypes, _ in loops for dtype in dtypes)
    strings = (types, name.encode(), text.encode())
    _alive.extend((functions, data, strings))
    pointers, numbers, text_type = [ctypes.POINTER(ctypes.c_void_p)] * 2, [ctypes.c_int] * 4, ctypes.c_char_p
    create = _function(
        _FROM_FUNC_AND_DATA_AND_SIGNATURE,
        ctypes.py_object,
        *pointers,
        text_type,
        *numbers,
        text_type,
        text_type,
        ctypes.c_int,
        text_type,
    )
    core = None if signature is None else signature.encode()
    made = create(functions, data, types, len(loops), inputs, outputs, _PyUFunc_None, strings[1], strings[2], 0, core)
    if sizes is not None:
        _UFuncObject.from_address(id(made)).process_core_dims_func = sizes
    _loops[made] = loops
    return made


def loop_for(function: np.ufunc, dtype: np.dtype) -> Loop:
    """The loop of a ufunc made here for inputs of a dtype."""
    return next(loop for loop in _loops[function] if loop[1][0] == dtype.name)


def add_loop(function: np.ufunc, address: int, dtypes: Sequence[np.dtype]) -> None:
    """Give a ufunc a loop for a dtype that another library has registered with NumPy: the first one of the operands.

    Must come before the first call with that dtype, since NumPy remembers what it chose then.
    """
    numbers = (ctypes.c_int * len(dtypes))(*[dtype.num for dtype in dtypes])  # NumPy takes a copy
    pointer = ctypes.POINTER(ctypes.c_int)
    arguments = (ctypes.py_object, ctypes.c_int, ctypes.c_void_p, pointer, ctypes.c_void_p)
    _function(_REGISTER_LOOP_FOR_TYPE, ctypes.c_int, *arguments)(function, dtypes[0].num, address, numbers, None)
