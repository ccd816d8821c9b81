"""Calls from Numba to kernels by address: nothing is compiled anew for another kernel, and Numba's cache works."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _lower(result: types.Type) -> Any:
    """The code generator of a call of a function at a given address that returns `result`."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, arguments = values
        arguments = cgutils.unpack_tuple(builder, arguments, len(signature.args[1]))
        kind = ir.FunctionType(context.get_value_type(result), [argument.type for argument in arguments])
        function = builder.inttoptr(address, kind.as_pointer())
        value = builder.call(function, arguments)
        return context.get_dummy_value() if result == types.void else value

    return generate


def _call(typing_context: Any, address: Any, arguments: Any) -> Any:
    """Call the function at `address` with a tuple of int64 (pointers too) and float64 arguments."""
    return types.void(types.int64, arguments), _lower(types.void)


def _call_for_number(typing_context: Any, address: Any, arguments: Any) -> Any:
    """Call the function at `address`, which returns a double, with a tuple of int64 and float64 arguments."""
    return types.float64(types.int64, arguments), _lower(types.float64)


call: Any = intrinsic(_call)
call_for_number: Any = intrinsic(_call_for_number)


def fields(integers: str, numbers: str = "") -> np.dtype:
    """The type of a record in compiled code: fields of int64 (addresses too) and float64, named by two lists of words.

    >>> fields("rows address", "rate").names
    ('rows', 'address', 'rate')
    """
    names = [(name, np.int64) for name in integers.split()] + [(name, np.float64) for name in numbers.split()]
    return np.dtype(names, align=True)
