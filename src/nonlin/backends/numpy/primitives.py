"""The primitives of the definitions as instructions: the table that binds a formula to this backend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .arithmetic import Native
from .elementary import exp, expm1, log, log1p, maximum, minimum, sign, tanh
from .error_functions import erf, erfc, erfcx
from .trigonometric import arctan, cos, sin

_FUNCTIONS = (exp, expm1, log, log1p, tanh, erf, erfc, erfcx, sin, cos, arctan, maximum, minimum, sign)


def table(a: Native) -> dict[str, Callable[..., Any]]:
    """The primitives of the definitions, emitting instructions in the given arithmetic."""
    return {
        "number": a.number,
        "constant": a.constant,
        "add": a.add,
        "subtract": a.subtract,
        "multiply": a.multiply,
        "divide": a.divide,
        "negative": a.negative,
        "abs": a.abs,
        "less": a.less,
        "less_equal": a.less_equal,
        "where": a.where,
        "sqrt": a.sqrt,
        **{function.__name__: lambda *x, function=function: function(a, *x) for function in _FUNCTIONS},
    }
