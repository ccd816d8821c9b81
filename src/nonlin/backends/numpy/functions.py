"""What the records call: definitions on NumPy arrays and everything that follows the ufunc protocol."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from ...definition import Activation, Definition, Elementwise, Gated, Row
from .elementwise import ELEMENTS, ufunc_loops
from .jit import compile_ir
from .ufunc import make_ufunc

DTYPES = {"half": "float16", "float": "float32", "double": "float64"}
_UFUNC_OPTIONS = ("out", "where", "dtype", "casting", "order", "subok")
PARALLEL_SIZE = 1 << 18  # elements from which a second thread pays for itself


@cache
def _floating_point_environment() -> None:
    """Let compiled loops find C's feclearexcept, which NumPy's own loops use too."""
    library = ctypes.CDLL(ctypes.util.find_library("m") or None)
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


def call(record: Activation, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Compute a part of an activation on arrays."""
    if isinstance(record, Elementwise):
        return _elementwise(record, part, inputs[0], options)
    if isinstance(record, Gated):
        from .gated import call_gated

        return call_gated(record, part, inputs[0], **options)
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
        return parallel(function, x) if type(x) is np.ndarray and x.size >= PARALLEL_SIZE else function(x)
    of_ufunc = {name: value for name, value in options.items() if name in _UFUNC_OPTIONS}
    numbers = record.check_parameters({name: value for name, value in options.items() if name not in of_ufunc})
    x = _promoted(x, numbers)
    if type(x) is np.ndarray and x.size >= PARALLEL_SIZE and not of_ufunc:
        return parallel(function, x, *numbers.values())
    return function(x, *numbers.values(), **of_ufunc)


def _promoted(x: Any, numbers: Mapping[str, Any]) -> Any:
    """X in the dtype that NumPy's rules give it together with array parameters; plain numbers are weak."""
    arrays = [value for value in numbers.values() if hasattr(value, "dtype")]
    if not arrays or not hasattr(x, "dtype"):
        return x
    return x.astype(np.result_type(x.dtype, *(value.dtype for value in arrays)), copy=False)


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


def parallel(function: np.ufunc, x: np.ndarray, *numbers: Any) -> Any:
    """A ufunc on a large array, in one contiguous piece per core; ufuncs release the GIL."""
    contiguous = x.flags.c_contiguous and all(np.ndim(number) == 0 for number in numbers)
    if core_count() == 1 or not contiguous or x.dtype.name not in DTYPES.values():
        return function(x, *numbers)
    flat = x.reshape(-1)
    outputs = [np.empty(x.shape, x.dtype) for _ in range(function.nout)]
    edges = np.linspace(0, flat.size // 64, core_count() + 1).astype(np.intp) * 64  # pieces end on cache lines
    edges[-1] = flat.size

    def piece(index: int) -> None:
        part = slice(edges[index], edges[index + 1])
        function(flat[part], *numbers, out=tuple(output.reshape(-1)[part] for output in outputs))

    list(threads().map(piece, range(core_count())))
    return outputs[0] if len(outputs) == 1 else tuple(outputs)
