"""Row functions and row losses on arrays: one compiled function per formula and element type."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ...definition import Row
from ...definition.expression import Expression, evaluate, symbol
from ...definition.records import Definition
from ...errors import InputError
from .elementary import table
from .elementwise import rounded, working_arithmetic
from .emitter import Emitter, Value
from .functions import DTYPES, core_count, threads
from .jit import compile_ir
from .loops import Columns, counted, module, over_columns, row_of
from .reductions import RowReader, is_per_row, split

_PARALLEL_SIZE = 1 << 16  # entries from which a second thread pays for itself


def row_module(outputs: Sequence[Expression], inputs: Sequence[str], element: str) -> str:
    """A module with `void kernel(inputs..., outputs..., int64 rows, int64 cols)` over contiguous rows.

    An output that is one number per row is written to an array of `rows` numbers.
    """
    emit = Emitter()
    a = working_arithmetic(emit, element)
    passes, finals = split(outputs)
    results = [f"%out{j}" for j in range(len(finals))]

    def one_row(index: Value) -> None:
        rows = {name: row_of(emit, f"%in{j}", element, index, "%cols") for j, name in enumerate(inputs)}
        reader = RowReader(a, element, rows, "%cols", {})
        for step in passes:
            reader.run(step)
        scalars = [is_per_row(output) for output in finals]

        def write(place: Columns) -> None:
            for number, pointer, scalar in zip(reader.at(place, finals), results, scalars, strict=True):
                if not scalar:
                    place.store(row_of(emit, pointer, element, index, "%cols"), rounded(a, element, a.leading(number)))

        if not all(scalars):
            over_columns(a, element, "%cols", write)
        for output, pointer, scalar in zip(finals, results, scalars, strict=True):
            if scalar:
                _write_scalar(a, reader, output, element, pointer, index)

    counted(emit, "%rows", 1, one_row)
    pointers = [f"ptr %in{j}" for j in range(len(inputs))] + [f"ptr {pointer}" for pointer in results]
    return module(emit, emit.function(f"void @kernel({', '.join(pointers)}, i64 %rows, i64 %cols)"))


def _write_scalar(a: Any, reader: RowReader, output: Expression, element: str, pointer: str, index: Value) -> None:
    emit = a.emit
    lanes = rounded(a, element, a.leading(evaluate((output,), table(a), reader.numbers)[0]))
    scalar = emit.pure(element, f"extractelement {lanes.type} {lanes.text}, i32 0")
    place = emit.effect("ptr", f"getelementptr {element}, ptr {pointer}, i64 {index.text}")
    emit.do(f"store {element} {scalar.text}, ptr {place.text}")


@cache
def _kernel(record: Definition, part: str, numbers: tuple[tuple[str, float], ...], element: str) -> Any:
    inputs = record._inputs_of(part)
    outputs = record.trace(part, *map(symbol, inputs), **dict(numbers))
    (address,) = compile_ir(row_module(outputs, inputs, element), "kernel")
    pointers = [ctypes.c_void_p] * (len(inputs) + len(outputs))
    return ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64, ctypes.c_int64)(address)


def working_dtype(*arrays: np.ndarray) -> np.dtype:
    """The floating dtype of a result, by the rules of NumPy's own ufuncs such as `np.exp`."""
    dtype = np.result_type(*arrays)
    if dtype.kind not in "fiub":
        raise TypeError(f"expected real numbers, got an array of {dtype}")
    found = np.exp(np.zeros(1, dtype)).dtype
    if found.name not in DTYPES.values():
        raise TypeError(f"expected float16, float32 or float64, got {found}")
    return found


def run_rows(
    record: Definition, part: str, arrays: Sequence[np.ndarray], numbers: dict[str, float], per_row: Sequence[bool]
) -> list[np.ndarray]:
    """Apply a row kernel to contiguous matrices of one shape and dtype, rows spread over the cores."""
    element = next(name for name, dtype in DTYPES.items() if dtype == arrays[0].dtype.name)
    function = _kernel(record, part, tuple(numbers.items()), element)
    rows, cols = arrays[0].shape
    outputs = [np.empty(rows if scalar else (rows, cols), arrays[0].dtype) for scalar in per_row]
    pieces = core_count() if rows * cols >= _PARALLEL_SIZE else 1
    edges = np.linspace(0, rows, pieces + 1).astype(int)

    def piece(index: int) -> None:
        part_of = slice(edges[index], edges[index + 1])
        function(*(array[part_of].ctypes.data for array in (*arrays, *outputs)), edges[index + 1] - edges[index], cols)

    if pieces == 1:
        piece(0)
    else:
        list(threads().map(piece, range(pieces)))
    return outputs


def as_rows(x: np.ndarray, axis: int, dtype: np.dtype) -> np.ndarray:
    """An array as a contiguous matrix whose rows run along an axis."""
    moved = np.moveaxis(x, axis, -1)
    return np.ascontiguousarray(moved, dtype=dtype).reshape(-1, moved.shape[-1])


def check_axis(x: np.ndarray, axis: int) -> int:
    """The axis as a non-negative number; raises `InputError` when the array has no such axis."""
    if x.ndim == 0:
        raise InputError("a row function needs at least one axis, got a single number")
    if not -x.ndim <= axis < x.ndim:
        raise InputError(f"axis must be between {-x.ndim} and {x.ndim - 1} for an array of shape {x.shape}, got {axis}")
    return axis % x.ndim


def call_row(record: Row, part: str, inputs: tuple[Any, ...], *, axis: int = -1, **options: Any) -> Any:
    """Compute a part of a row activation along an axis."""
    arrays = [np.asarray(x) for x in inputs]
    axis = check_axis(arrays[0], axis)
    dtype = working_dtype(*arrays)
    arrays = list(np.broadcast_arrays(*arrays))
    shape = np.moveaxis(arrays[0], axis, -1).shape
    if arrays[0].size == 0:
        return np.empty(arrays[0].shape, dtype)
    numbers = record.check_parameters(options)
    (result,) = run_rows(record, part, [as_rows(x, axis, dtype) for x in arrays], numbers, [False])
    return np.moveaxis(result.reshape(shape), -1, axis)
