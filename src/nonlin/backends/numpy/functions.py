"""What the records call: definitions on NumPy arrays and everything that follows the ufunc protocol."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from ...definition import Activation, Definition, Elementwise, Gated, Row
from ...definition.records import made_from_definitions
from .elementwise import ELEMENTS, ufunc_loops
from .jit import compile_ir
from .ufunc import make_ufunc

DTYPES = {"half": "float16", "float": "float32", "double": "float64"}
_UFUNC_OPTIONS = ("out", "where", "dtype", "casting", "order", "subok")
PARALLEL_SIZE = 1 << 18  # elements from which a second thread pays for itself


@cache
def _floating_point_environment() -> None:
    """Let compiled loops find C's feclearexcept, which NumPy's own loops use too."""
    name = "ucrtbase" if sys.platform == "win32" else ctypes.util.find_library("m")
    library = ctypes.CDLL(name)
    llvm.add_symbol("feclearexcept", ctypes.cast(library.feclearexcept, ctypes.c_void_p).value)


@cache
def ufunc(record: Definition, part: str) -> np.ufunc:
    """The ufunc of a part of an elementwise or gated definition: inputs, then parameters as doubles."""
    _floating_point_environment()
    outputs, parameters = record.expressions(part), tuple(record.parameters)
    addresses = compile_ir(ufunc_loops(outputs, record.inputs, parameters), *(f"loop_{e}" for e in ELEMENTS))
    loops = []
    for element, address in zip(ELEMENTS, addresses, strict=True):
        dtype = DTYPES[element]
        loops.append((address, [dtype] * len(record.inputs) + ["float64"] * len(parameters) + [dtype] * len(outputs)))
    name = record.name if part == "value" else f"{record.name}_{part}"
    return make_ufunc(name, record.__doc__ or "", loops, len(record.inputs) + len(parameters), len(outputs))


made_from_definitions.append(ufunc.cache_clear)


def call(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Compute a part of an activation on arrays."""
    if isinstance(record, Elementwise):
        return _elementwise(record, part, inputs[0], options)
    if isinstance(record, Gated):
        from .gated import call_gated

        return call_gated(record, part, inputs, **options)
    assert isinstance(record, Row)
    from .rows import call_row

    return call_row(record, part, inputs, **options)


def call_loss(record: Any, part: str, inputs: tuple[Any, Any], options: dict[str, Any]) -> Any:
    """Compute a part of a loss on arrays."""
    from .losses import call_loss

    return call_loss(record, part, *inputs, **options)


def _elementwise(record: Elementwise, part: str, x: Any, options: dict[str, Any]) -> Any:
    function = ufunc(record, part)
    if not record.parameters and not options:
        return spread(function, (x,)) if type(x) is np.ndarray and x.size >= PARALLEL_SIZE else function(x)
    of_ufunc = {name: value for name, value in options.items() if name in _UFUNC_OPTIONS}
    numbers = record.check_parameters({name: value for name, value in options.items() if name not in of_ufunc})
    x = _promoted(x, numbers)
    if type(x) is np.ndarray and x.size >= PARALLEL_SIZE and not of_ufunc.keys() - {"out"}:
        return spread(function, (x,), tuple(numbers.values()), of_ufunc.get("out"))
    if "dtype" in of_ufunc:  # parameters are doubles whatever the dtype of the rest
        dtype = np.dtype(of_ufunc.pop("dtype"))
        of_ufunc["signature"] = (dtype, *[np.dtype(float)] * len(numbers), *[dtype] * function.nout)
    return function(x, *numbers.values(), **of_ufunc)


def _promoted(x: Any, numbers: Mapping[str, Any]) -> Any:
    """X in the dtype that NumPy's rules give it together with array parameters; plain numbers are weak."""
    dtypes = [dtype for dtype in (getattr(value, "dtype", None) for value in numbers.values()) if dtype is not None]
    mine = getattr(x, "dtype", x)
    if not dtypes or not all(isinstance(dtype, np.dtype | float | int) for dtype in (mine, *dtypes)):
        return x
    dtype = np.result_type(mine, *dtypes)
    return x.astype(dtype) if hasattr(x, "astype") else np.asarray(x, dtype)


@cache
def threads() -> ThreadPoolExecutor:
    """One worker per core that this process may use."""
    return ThreadPoolExecutor(core_count(), thread_name_prefix="nonlin")


@cache
def core_count() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=threads.cache_clear)  # threads do not survive a fork


def in_pieces(work: Callable[[slice], None], length: int, step: int = 1) -> None:
    """work(slice) for one piece of `length` a core, at the same time; pieces begin at multiples of `step`."""
    count = core_count()
    edges = [min(length, -(-length * i // (count * step)) * step) for i in range(count)] + [length]
    pieces = [slice(first, last) for first, last in pairwise(edges) if first < last]
    try:
        done = threads().map(work, pieces)
    except RuntimeError:  # the interpreter is shutting down and starts no threads any more
        done = map(work, pieces)
    for _ in done:
        pass


def spread(function: np.ufunc, arrays: Sequence[np.ndarray], numbers: Sequence[Any] = (), out: Any = None) -> Any:
    """A ufunc on arrays of one shape; large ones are cut along their longest axis, a piece a core.

    Ufuncs release the GIL, and each entry is computed in the same way wherever the cuts lie.
    """
    given = {} if out is None else {"out": out}
    outputs: Any = out if isinstance(out, tuple) else (out,) * function.nout
    if not _can_be_cut(arrays, numbers, outputs):
        return function(*arrays, *numbers, **given)
    if out is None:
        dtype = np.result_type(*arrays)
        outputs = tuple(np.empty_like(arrays[0], dtype=dtype, subok=False) for _ in range(function.nout))
    axis = int(np.argmax(arrays[0].shape))

    def piece(part: slice) -> None:
        place = (slice(None),) * axis + (part,)
        function(*(array[place] for array in arrays), *numbers, out=tuple(output[place] for output in outputs))

    in_pieces(piece, arrays[0].shape[axis], step=16)
    return outputs[0] if len(outputs) == 1 else outputs


def _can_be_cut(arrays: Sequence[np.ndarray], numbers: Sequence[Any], outputs: Sequence[Any]) -> bool:
    """Whether pieces are worth it and mean the same: plain arrays of one shape, single numbers."""
    shape = arrays[0].shape
    return (
        arrays[0].size >= PARALLEL_SIZE
        and core_count() > 1
        and all(array.dtype.isnative and array.dtype.name in DTYPES.values() for array in arrays)
        and all(array.shape == shape for array in arrays)
        and all(np.ndim(number) == 0 for number in numbers)
        and all(output is None or _can_be_written(output, arrays) for output in outputs)
    )


def _can_be_written(output: Any, arrays: Sequence[np.ndarray]) -> bool:
    """Whether pieces of an output can be written at the same time: no piece may overlap the input of another."""
    return (
        type(output) is np.ndarray
        and output.shape == arrays[0].shape
        and all(
            not np.may_share_memory(output, array)
            or (output.ctypes.data, output.strides) == (array.ctypes.data, array.strides)
            for array in arrays
        )
    )
