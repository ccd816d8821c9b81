"""Row functions and row losses on arrays: one compiled function per formula and element type."""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ...definition import Row
from ...definition.expression import Expression, evaluate, symbol
from ...definition.records import Definition, made_from_definitions
from ...errors import InputError
from .elementary import table
from .elementwise import rounded, working_arithmetic
from .emitter import Emitter, Value
from .functions import DTYPES, core_count, in_pieces
from .jit import compile_ir
from .loops import Columns, counted, module, over_columns, row_of
from .reductions import RowReader, is_per_row, split

_PARALLEL_SIZE = 1 << 16  # entries from which a second thread pays for itself


def row_module(outputs: Sequence[Expression], per_row: Sequence[bool], inputs: Sequence[str], element: str) -> str:
    """A module with `void kernel(inputs..., outputs..., int64 rows, int64 cols)` over contiguous rows.

    An output that is wanted `per_row` is written to an array of `rows` numbers, any other to a matrix like the inputs.
    """
    emit = Emitter()
    a = working_arithmetic(emit, element)
    passes, finals = split(outputs)
    wanted = [(f"%out{j}", output, scalar) for j, (output, scalar) in enumerate(zip(finals, per_row, strict=True))]
    matrices = [(pointer, output) for pointer, output, scalar in wanted if not scalar]

    def one_row(index: Value) -> None:
        rows = {name: row_of(emit, f"%in{j}", element, index, "%cols") for j, name in enumerate(inputs)}
        reader = RowReader(a, element, rows, "%cols", {})
        for step in passes:
            reader.run(step)

        def write(place: Columns) -> None:
            numbers = reader.at(place, [output for _, output in matrices])
            for number, (pointer, _) in zip(numbers, matrices, strict=True):
                place.store(row_of(emit, pointer, element, index, "%cols"), rounded(a, element, a.leading(number)))

        if matrices:
            over_columns(a, element, "%cols", write)
        for pointer, output, scalar in wanted:
            if scalar:
                _write_scalar(a, reader, output, element, pointer, index)

    counted(emit, "%rows", 1, one_row)
    pointers = [f"ptr %in{j}" for j in range(len(inputs))] + [f"ptr {pointer}" for pointer, _, _ in wanted]
    return module(emit, emit.function(f"void @kernel({', '.join(pointers)}, i64 %rows, i64 %cols)"))


def _write_scalar(a: Any, reader: RowReader, output: Expression, element: str, pointer: str, index: Value) -> None:
    emit = a.emit
    lanes = rounded(a, element, a.leading(evaluate((output,), table(a), reader.numbers)[0]))
    scalar = emit.pure(element, f"extractelement {lanes.type} {lanes.text}, i32 0")
    place = emit.effect("ptr", f"getelementptr {element}, ptr {pointer}, i64 {index.text}")
    emit.do(f"store {element} {scalar.text}, ptr {place.text}")


@cache
def _kernel(
    record: Definition, part: str, numbers: tuple[tuple[str, float], ...], element: str, per_row: tuple[bool, ...]
) -> Any:
    inputs = record.inputs_of(part)
    outputs = record.trace(part, *map(symbol, inputs), **dict(numbers))
    check_per_row(record, outputs, per_row)
    (address,) = compile_ir(row_module(outputs, per_row, inputs, element), "kernel")
    pointers = [ctypes.c_void_p] * (len(inputs) + len(outputs))
    return ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64, ctypes.c_int64)(address)


made_from_definitions.append(_kernel.cache_clear)


def check_per_row(record: Definition, outputs: Sequence[Expression], per_row: Sequence[bool]) -> None:
    """Raise `InputError` where a formula that must give one number a row gives one for each entry."""
    if len(outputs) != len(per_row):
        raise InputError(f"the formula of {record.name} gives {len(outputs)} results, {len(per_row)} expected")
    for output, scalar in zip(split(outputs)[1], per_row, strict=True):
        if scalar and not is_per_row(output):
            raise InputError(f"the value of {record.name} must be one number for a row: reduce it with row_sum")


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
    function = _kernel(record, part, tuple(numbers.items()), element, tuple(per_row))
    rows, cols = arrays[0].shape
    outputs = [np.empty(rows if scalar else (rows, cols), arrays[0].dtype) for scalar in per_row]

    def piece(part_of: slice) -> None:
        pointers = (array[part_of].ctypes.data for array in (*arrays, *outputs))
        function(*pointers, part_of.stop - part_of.start, cols)

    if rows * cols >= _PARALLEL_SIZE and core_count() > 1:
        in_pieces(piece, rows)
    else:
        piece(slice(0, rows))
    return outputs


def plain_array(x: Any) -> np.ndarray:
    """Data as a NumPy array; raises `InputError` for a masked one, whose mask would be lost."""
    if isinstance(x, np.ma.MaskedArray):
        raise InputError("masked arrays are not supported here, their mask would be lost; fill it with .filled() first")
    return np.asarray(x)


def as_rows(x: np.ndarray, axis: int, dtype: np.dtype) -> np.ndarray:
    """An array as a contiguous matrix whose rows run along an axis."""
    moved = np.moveaxis(x, axis, -1)
    return np.ascontiguousarray(moved, dtype=dtype).reshape(-1, moved.shape[-1])


def check_axis(x: np.ndarray, axis: int) -> int:
    """The axis as a non-negative number; raises `InputError` when the array has no such axis."""
    if x.ndim == 0:
        raise InputError("a row function needs at least one axis, got a single number")
    try:
        number = operator.index(axis)
    except TypeError:
        raise InputError(f"axis must be a whole number, got {axis!r}") from None
    if not -x.ndim <= number < x.ndim:
        raise InputError(f"axis must be between {-x.ndim} and {x.ndim - 1} for an array of shape {x.shape}, got {axis}")
    return number % x.ndim


def call_row(record: Row, part: str, inputs: tuple[Any, ...], *, axis: int = -1, **options: Any) -> Any:
    """Compute a part of a row activation along an axis."""
    arrays = [plain_array(x) for x in inputs]
    if any(x.shape != arrays[0].shape for x in arrays):
        shapes = " and ".join(str(x.shape) for x in arrays)
        raise InputError(f"{record.name}.{part} needs an array and a cotangent of one shape, got {shapes}")
    axis = check_axis(arrays[0], axis)
    dtype = working_dtype(*arrays)
    shape = np.moveaxis(arrays[0], axis, -1).shape
    numbers = {name: _number(record, name, value) for name, value in record.check_parameters(options).items()}
    if arrays[0].size == 0:
        return np.empty(arrays[0].shape, dtype)
    (result,) = run_rows(record, part, [as_rows(x, axis, dtype) for x in arrays], numbers, [False])
    return np.moveaxis(result.reshape(shape), -1, axis)


def _number(record: Row, name: str, value: Any) -> float:
    if np.ndim(value):
        raise InputError(f"{name} of {record.name} must be a single number, got an array of shape {np.shape(value)}")
    return float(value)
