"""Python functions as machine code: the few statements and numbers that the training loop is written in.

Functions take and give int64, float64, bool, and arrays and records of them; those that they call become part of them.
They do not hold Python's lock. The text of LLVM that comes of it is compiled and kept on disk as that of all kernels is
(`compile_ir`). For the training loop that takes a tenth of a second; Numba took four, and 0.3 from its own cache.
What is not known here is refused with its line.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import update_wrapper
from itertools import count
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from nonlin.backends.numpy.jit import compile_ir
from nonlin.nn.instructions import BOOL, INT, NUMBER, TYPES, UNSIGNED, Array, Code, Record, Scalar
from nonlin.nn.translating import inlined

_NATIVE = {INT: ctypes.c_int64, UNSIGNED: ctypes.c_uint64, NUMBER: ctypes.c_double, BOOL: ctypes.c_bool}


class _ArrayKind(NamedTuple):
    """What there is to know of an array when a function is compiled."""

    dtype: np.dtype
    dimensions: int


class Compiled:
    """A function that is compiled at its first call with arguments of some types; it does not hold Python's lock.

    `python` is the function as it was written.
    """

    def __init__(self, function: Callable[..., Any]):
        self.python = function
        self._made: dict[tuple[Any, ...], Callable[..., Any]] = {}
        update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Call the compiled function; arrays are contiguous."""
        values: list[Any] = []
        key = _pass(arguments, values)
        function = self._made.get(key)
        if function is None:
            function = self._made[key] = _compile(self.python, key)
        return function(*values)


def compiled(function: Callable[..., Any]) -> Any:
    """Decorator: the function as machine code."""
    return Compiled(function)


def _pass(argument: Any, values: list[Any]) -> Any:
    """What kind an argument is of; what is passed for it is added to `values`."""
    if isinstance(argument, tuple):
        return tuple([_pass(part, values) for part in argument])
    if isinstance(argument, np.ndarray):
        if not argument.flags.c_contiguous:
            raise ValueError("compiled functions take contiguous arrays")
        values += argument.ctypes.data, *argument.shape
        return _ArrayKind(argument.dtype, argument.ndim)
    if isinstance(argument, np.void):
        values.append(argument.__array_interface__["data"][0])
        return argument.dtype
    if isinstance(argument, (Integral, np.bool_)):
        values.append(int(argument))
        return UNSIGNED if type(argument) is np.uint64 else INT
    values.append(float(argument))
    return NUMBER


def _compile(function: Callable[..., Any], kinds: tuple[Any, ...]) -> Callable[..., Any]:
    """The function at the address of its code, for arguments of these kinds."""
    code, parameters, native, names = Code(), [], [], count()

    def parameter(kind: str, ctype: Any) -> str:
        name = f"%p{next(names)}"
        parameters.append(f"{kind} {name}")
        native.append(ctype)
        return name

    def received(kind: Any) -> Any:
        if kind in _NATIVE:
            return Scalar(kind, parameter(TYPES[kind], _NATIVE[kind]))
        if type(kind) is tuple:
            return tuple(map(received, kind))
        address = parameter("ptr", ctypes.c_void_p)
        if not isinstance(kind, _ArrayKind):
            return Record(kind, address)
        lengths = [parameter("i64", ctypes.c_int64) for _ in range(kind.dimensions)]
        return Array(kind.dtype, address, tuple(Scalar(INT, length) for length in lengths))

    result = inlined(code, function, [received(kind) for kind in kinds])
    if isinstance(result, Scalar):
        code.put(f"ret {result.typed}")
        kind = result.typed.split()[0]
    else:
        code.put("ret void")
        kind = "void"
    name = function.__name__
    (address,) = compile_ir(code.function(name, kind, parameters), name)
    return ctypes.CFUNCTYPE(_NATIVE[result.kind] if isinstance(result, Scalar) else None, *native)(address)
