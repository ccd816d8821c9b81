"""Losses of many numbers, reduced: a block of float32 numbers at a time, compiled.

Where a formula is short, its values are computed, added and gradients multiplied in one pass. Where it is not, the
ufunc of the loss, which has shorter functions, goes before. Sums are in float64; NumPy's own would copy first.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from ....definition import Loss
from ....definition.expression import Expression, nodes_of, parameter, symbol
from ....definition.primitives import row_sum, where
from ....definition.records import made_from_definitions
from ..nan_passing import passes_nan
from ..parallel import run_parallel
from ..row_kernels import ROW, never_negative, row_kernel
from ..row_plan import is_made_simply
from ..ufunc import floating_point_environment

_ROW = 1 << 11  # numbers that are added together: few enough for the nearest cache
_PIECE = 8  # rows of a piece of work
_FACTOR = "the factor"  # of gradients
_FLOAT = np.dtype(np.float32)


def total(numbers: np.ndarray) -> float:
    """The sum of contiguous numbers in float64."""
    if numbers.dtype != _FLOAT:
        return float(numbers.sum(dtype=np.float64))
    return sum_of(symbol("x"), numbers)


def sum_of(formula: Expression, numbers: np.ndarray) -> float:
    """The sum of a formula of x over contiguous float32 numbers, in float64."""
    sums = np.empty(-(-numbers.size // _ROW))
    _run(_sum_kernel(formula), [numbers], [sums])
    return float(sums.sum())


def squares_of(record: Loss, inputs: Sequence[np.ndarray], numbers: Sequence[float]) -> float:
    """The sum of the squared values of a loss of contiguous float32 numbers, in float64."""
    sums = np.empty(-(-inputs[0].size // _ROW))
    _run(_squares_kernel(record), inputs, [sums], numbers)
    return float(sums.sum())


def slopes_of_squares(
    record: Loss, inputs: Sequence[np.ndarray], numbers: Sequence[float], result: np.ndarray, factor: float
) -> None:
    """Write the values of a loss times their gradients times a factor."""
    _run(_slopes_kernel(record), inputs, [result], [*numbers, factor])


def row_sums(matrix: np.ndarray) -> np.ndarray:
    """The sums of the rows of a matrix in float64."""
    if matrix.dtype != _FLOAT or not matrix.flags.c_contiguous or matrix.size == 0:
        return matrix.sum(axis=-1, dtype=np.float64)
    sums, columns = np.empty(len(matrix)), matrix.shape[-1]
    context = (ctypes.c_int64 * 3)(matrix.ctypes.data, sums.ctypes.data, columns)
    run_parallel(_sum_kernel(symbol("x")), context, len(matrix), max(1, _ROW * _PIECE // columns))
    return sums


def scale(numbers: np.ndarray, factor: float) -> None:
    """Multiply contiguous numbers, where they are."""
    if factor == 1:
        return
    if numbers.dtype != _FLOAT:
        np.multiply(numbers, factor, out=numbers, casting="same_kind")
    else:
        _run(_scale_kernel(), [numbers], [numbers], [factor])


@cache
def in_one_pass(record: Loss) -> bool:
    """Whether value and gradients of a loss are short enough to be summed and multiplied as they are computed.

    All of them: a gradient has the same bits whether it is computed alone or not.
    """
    gradients = ["gradient", *(f"gradient_{name}" for name in record.inputs[1:])]
    parts = ["value", *filter(record.has, gradients)]
    formulas = [record.trace(part, *map(symbol, record.inputs), **_parameters(record))[0] for part in parts]
    return is_made_simply(formulas) and not any(node.operation == "exp" for node in nodes_of(formulas))


def compute(
    record: Loss,
    inputs: Sequence[np.ndarray],
    numbers: Sequence[float],
    results: Mapping[str, np.ndarray],
    wants_sum: bool,
    factor: float,
) -> float:
    """Write the parts named in `results`, gradients times a factor; return the sum of the values if it is wanted."""
    names = (*results, "value") if wants_sum else tuple(results)
    kernel = _loss_kernel(record, names, wants_sum)
    sums = np.zeros(-(-inputs[0].size // _ROW))
    _run(kernel, inputs, [*results.values(), *([sums] if wants_sum else [])], [*numbers, factor])
    return float(sums.sum())


def _run(
    kernel: int, inputs: Sequence[np.ndarray], results: Sequence[np.ndarray], numbers: Sequence[float] = ()
) -> None:
    """All rows, and what is left as a shorter one. Results are as long as the inputs, or have a number for each row."""
    size = inputs[0].size
    rows, rest = divmod(size, _ROW)
    bits = np.array(numbers, np.float64).view(np.int64).tolist()
    steps = [array.itemsize * (_ROW if array.size == size and size > 1 else 1) for array in (*inputs, *results)]
    for first, count, columns in ((0, rows, _ROW), (rows, 1, rest)):
        if count and columns:
            places = [a.ctypes.data + first * step for a, step in zip((*inputs, *results), steps, strict=True)]
            context = (ctypes.c_int64 * (len(places) + len(bits) + 1))(*places, *bits, columns)
            run_parallel(kernel, context, count, _PIECE)


@cache
def _sum_kernel(formula: Expression) -> int:
    return row_kernel([row_sum(formula)], [True], {"x": ROW}, [], _FLOAT, [], as_doubles=True)


@cache
def _scale_kernel() -> int:
    return row_kernel([symbol("x") * parameter(_FACTOR)], [False], {"x": ROW}, [_FACTOR], _FLOAT, [])


@cache
def _squares_kernel(record: Loss) -> int:
    floating_point_environment()
    (error,) = record.trace("value", *map(symbol, record.inputs), **_parameters(record))
    inputs, parameters = dict.fromkeys(record.inputs, ROW), list(record.parameters)
    return row_kernel([row_sum(error * error)], [True], inputs, parameters, _FLOAT, [], as_doubles=True)


@cache
def _slopes_kernel(record: Loss) -> int:
    floating_point_environment()
    symbols, numbers = [symbol(name) for name in record.inputs], _parameters(record)
    error, slope = (record.trace(part, *symbols, **numbers)[0] for part in ("value", "gradient"))
    inputs, parameters = dict.fromkeys(record.inputs, ROW), [*record.parameters, _FACTOR]
    return row_kernel([error * slope * parameter(_FACTOR)], [False], inputs, parameters, _FLOAT, [])


@cache
def _loss_kernel(record: Loss, names: tuple[str, ...], wants_sum: bool) -> int:
    """A kernel of some parts of a loss, the last of them summed if a sum is wanted."""
    floating_point_environment()
    formulas: list[Expression] = []
    for name in names:
        (formula,) = record.trace(name, *map(symbol, record.inputs), **_parameters(record))
        for missed in (symbol(x) for x in record.inputs if not passes_nan(formula, x)):
            formula = where(abs(missed) >= 0, formula, missed)
        formulas.append(formula if name == "value" else formula * parameter(_FACTOR))
    if wants_sum:
        formulas[-1] = row_sum(formulas[-1])
    per_row = [wants_sum and place == len(names) - 1 for place in range(len(names))]
    parameters = [*record.parameters, _FACTOR]
    positive = [*never_negative(record, [*record.parameters]), _FACTOR]
    inputs = dict.fromkeys(record.inputs, ROW)
    return row_kernel(formulas, per_row, inputs, parameters, _FLOAT, positive, as_doubles=True)


def _parameters(record: Loss) -> dict[str, Expression]:
    return {name: parameter(name) for name in record.parameters}


made_from_definitions += [
    function.cache_clear for function in (_loss_kernel, _squares_kernel, _slopes_kernel, in_one_pass)
]
