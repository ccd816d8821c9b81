"""bfloat16, whose dtype comes from ml_dtypes: loops for it, compiled when an array of it first meets a function.

Nothing here imports ml_dtypes: who has such an array has done so. Results are rounded correctly, except those of row
and pooled functions, which are computed in float32 and rounded to bfloat16 after that.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from ...definition import Definition
from .jit import compile_ir
from .ufunc import add_loop
from .ufunc_loops import ufunc_loops

NUMPYS_OWN = 256  # dtypes with a number below this are NumPy's own


def is_bfloat16(dtype: Any) -> bool:
    """Whether something is the dtype of bfloat16 numbers."""
    return type(dtype).__name__ == "dtype[bfloat16]"


def with_bfloat16(
    function: np.ufunc, record: Definition, part: str, inputs: tuple[Any, ...], options: Mapping[str, Any]
) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """The inputs and options of a call of the ufunc of a part, which has a loop for bfloat16 if they need one.

    Without it NumPy would cast to float32, and say nothing.
    """
    if "ml_dtypes" not in sys.modules:
        return inputs, options
    if "dtype" in options and is_bfloat16(dtype := np.dtype(options["dtype"])):  # NumPy does not cast to it here
        inputs = tuple(np.asarray(x).astype(dtype) for x in inputs)
        options = {name: value for name, value in options.items() if name != "dtype"}
    for x in inputs:
        if is_bfloat16(dtype := np.asarray(x).dtype if isinstance(x, list | tuple) else getattr(x, "dtype", None)):
            _teach(function, record, part, dtype)
    return inputs, options


@cache
def _teach(function: np.ufunc, record: Definition, part: str, dtype: np.dtype) -> None:
    outputs, parameters = record.expressions(part), tuple(record.parameters)
    ir = ufunc_loops(["bfloat"], outputs, [None] * len(outputs), record.inputs, parameters)
    dtypes = [dtype] * len(record.inputs) + [np.dtype(float)] * len(parameters) + [dtype] * len(outputs)
    add_loop(function, compile_ir(ir, "loop_bfloat")[0], dtypes)


def computed_in(dtype: np.dtype) -> np.dtype:
    """The dtype in which functions along an axis are computed for results of a dtype."""
    return np.dtype(np.float32) if is_bfloat16(dtype) else dtype
