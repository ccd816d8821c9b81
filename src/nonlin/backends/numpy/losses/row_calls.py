"""Calls of compiled row losses: what a kernel is made for, and the addresses that it is given."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ....definition import Loss
from ....definition.expression import Expression, parameter, symbol
from ....definition.primitives import row_sum, where
from ....definition.records import made_from_definitions
from ..class_targets import with_index
from ..parallel import run_parallel
from ..row_kernels import NUMBER, ROW, SHARED, TARGET, check_per_row, never_negative, row_kernel
from ..row_plan import plan
from ..transpose import copy_turned
from ..ufunc import floating_point_environment
from .settings import Settings, specialised

PER_ROW = ("value",)  # the parts that are one number a row
ROW_WEIGHT = "row weight"  # what the gradients of a row are multiplied by
_TRIED = 4  # rows and columns
_PIECE = 1 << 14  # entries of a piece of work, about


class RowCall(NamedTuple):
    """A kernel, what its inputs hold, and its numbers; `may_fail_late`: results must not take the place of inputs."""

    kernel: int
    held: dict[str, str]
    numbers: tuple[float, ...]
    dtype: np.dtype
    may_fail_late: bool

    def run(self, inputs: Mapping[str, np.ndarray], results: Mapping[str, np.ndarray]) -> None:
        """Compute all rows of some arrays with rows along the last axis."""
        arrays = [_as_read(inputs[name], self._dtype(held), held) for name, held in self.held.items()]
        rows = next(iter(arrays))
        kinds = {name: self._dtype(NUMBER if name in PER_ROW else ROW) for name in results}
        into = [_contiguous(result, kinds[name]) for name, result in results.items()]
        columns, bits = rows.shape[-1], np.array(self.numbers).view(np.int64).tolist()
        addresses = [array.ctypes.data for array in (*arrays, *into)]
        context = (ctypes.c_int64 * (len(addresses) + len(bits) + 1))(*addresses, *bits, columns)
        run_parallel(self.kernel, context, rows.size // columns, max(1, _PIECE // columns))
        for result, found in zip(results.values(), into, strict=True):
            if found is not result and result.ndim > 1:
                copy_turned(found, result)
            elif found is not result:
                result[...] = found

    def _dtype(self, held: str) -> np.dtype:
        return {NUMBER: np.dtype(np.float64), TARGET: np.dtype(np.int64)}.get(held, self.dtype)


def _as_read(array: np.ndarray, dtype: np.dtype, held: str) -> np.ndarray:
    """An input as a kernel can read it."""
    if held != ROW or array.flags.c_contiguous or array.dtype != dtype:
        return np.ascontiguousarray(array, dtype)
    copy = np.empty(array.shape, dtype)
    copy_turned(array, copy)
    return copy


def _contiguous(result: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The array itself where a kernel can write to it, else one of its shape."""
    return result if result.flags.c_contiguous and result.dtype == dtype else np.empty(result.shape, dtype)


def row_call(loss: Loss, parts: Sequence[str], held: Mapping[str, str], s: Settings, *, may_ignore: bool) -> RowCall:
    """The call of some parts of a loss whose inputs hold what is said; rows of weight 0 may be there to be ignored."""
    record, left = specialised(loss, len(held), s.numbers)
    kernel, late = _kernel(record, tuple(parts), tuple(held.items()), s.working, tuple(left), may_ignore)
    return RowCall(kernel, {**held, ROW_WEIGHT: NUMBER}, tuple(map(float, left.values())), s.working, late)


@cache
def _kernel(
    loss: Loss,
    parts: tuple[str, ...],
    held: tuple[tuple[str, str], ...],
    dtype: np.dtype,
    given: tuple[str, ...],
    may_ignore: bool,
) -> tuple[int, bool]:
    floating_point_environment()
    kinds, per_row = {**dict(held), ROW_WEIGHT: NUMBER}, [part in PER_ROW for part in parts]
    positive = [*never_negative(loss, given), ROW_WEIGHT]
    outputs = _formulas(loss, parts, dict(held), given, may_ignore)
    check_per_row(loss, outputs, per_row)
    call = _call(outputs, kinds, per_row, loss, given, dtype, positive)
    if _hands_on_nan(call, parts):
        return call.kernel, call.may_fail_late
    guarded = _formulas(loss, parts, dict(held), given, may_ignore, _nan_of_row(loss.inputs[0]))
    call = _call(guarded, kinds, per_row, loss, given, dtype, positive)
    return call.kernel, call.may_fail_late


def _call(
    outputs: Sequence[Expression],
    held: dict[str, str],
    per_row: Sequence[bool],
    loss: Loss,
    given: Sequence[str],
    dtype: np.dtype,
    positive: Sequence[str],
) -> RowCall:
    """A kernel of formulas, with the parameters at their defaults."""
    kernel = row_kernel(outputs, per_row, held, given, dtype, positive, as_doubles=True)
    fast = plan(outputs, positive) if dtype == np.float32 else None
    late = fast is not None and fast.may_fail_late
    return RowCall(kernel, held, tuple(loss.parameters[name].default for name in given), dtype, late)


def _nan_of_row(name: str) -> Expression:
    """NaN for a row in which an input is, else 0."""
    entry = symbol(name)
    return row_sum(where(abs(entry) >= 0, 0, entry))


def _hands_on_nan(call: RowCall, parts: Sequence[str]) -> bool:
    """Whether a NaN in a row makes its results NaN, tried at every place: comparisons may leave it out."""
    shape = (_TRIED, _TRIED)
    shapes = {ROW: shape, SHARED: shape[:1], NUMBER: shape[:1], TARGET: shape[:1]}
    inputs = {name: np.full(shapes[held], 0 if held == TARGET else 1 / _TRIED) for name, held in call.held.items()}
    first = next(iter(inputs.values()))
    first += 0.01 * np.arange(_TRIED)
    np.fill_diagonal(first, np.nan)
    results = {part: np.empty(_TRIED if part in PER_ROW else shape) for part in parts}
    call.run(inputs, results)
    found = (result if part in PER_ROW else result.diagonal() for part, result in results.items())
    return all(np.isnan(result).all() for result in found)


def _formulas(
    loss: Loss,
    parts: Sequence[str],
    held: Mapping[str, str],
    given: Sequence[str],
    may_ignore: bool,
    added: Expression | int = 0,
) -> list[Expression]:
    """The parts on the inputs as they are held, with something added; gradients times the weight of the row."""
    symbols = [parameter(name) if kind == NUMBER else symbol(name) for name, kind in held.items()]
    numbers = {name: parameter(name) for name in given}
    outputs = [loss.trace(part, *symbols, **numbers)[0] + added for part in parts]
    weight = parameter(ROW_WEIGHT)
    weighted = [output if part in PER_ROW else output * weight for part, output in zip(parts, outputs, strict=True)]
    if may_ignore:
        weighted = [
            output if part in PER_ROW else where(weight > 0, output, 0)
            for part, output in zip(parts, weighted, strict=True)
        ]
    return with_index(weighted, next((name for name, kind in held.items() if kind == TARGET), ""))


made_from_definitions.append(_kernel.cache_clear)
