"""What a call of a loss asks for besides its arrays, checked."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ....definition import Loss
from ....definition.expression import as_expression
from ....definition.records import Formula, made_from_definitions
from ....errors import InputError, unknown
from ..bfloat16 import computed_in
from ..class_targets import with_index
from ..parameters import checked, checked_numbers
from ..rows import plain_array, working_dtype
from .checks import check_weights

_REDUCTIONS = ("mean", "sum", "none")


class Settings(NamedTuple):
    """How a loss is reduced and where results go.

    `dtype` is that of the results. `working` is what is computed in: terms of float16 overflow and so do their sums,
    so that these are computed in float32 and rounded to float16 at the end.
    """

    reduction: str
    numbers: dict[str, Any]
    dtype: np.dtype
    working: np.dtype
    sample_weight: np.ndarray | None
    axis: int | None
    ignore_index: int | None
    out: np.ndarray | None


def settings(loss: Loss, arrays: Mapping[str, np.ndarray], options: Mapping[str, Any]) -> Settings:
    """The settings of a call; raises `InputError` for what cannot be meant."""
    given = dict(options)
    reduction = given.pop("reduction", "mean")
    if reduction not in _REDUCTIONS:
        raise unknown("reduction", reduction, _REDUCTIONS)
    sample_weight = given.pop("sample_weight", None)
    if sample_weight is not None:
        sample_weight = plain_array(sample_weight, "sample_weight")
        check_weights(sample_weight, "sample_weight")
        if reduction == "mean":
            sample_weight = _about_one(sample_weight)
    out = given.pop("out", None)
    ignore_index = given.pop("ignore_index", None) if loss.has_axis or loss.kind == "algorithm" else None
    if ignore_index is not None:
        ignore_index = _whole("ignore_index", ignore_index)
    axis = given.pop("axis", None) if loss.has_axis else None
    dtype = result_dtype(loss, arrays)
    working = computed_in(dtype) if reduction == "none" else np.promote_types(dtype, np.float32)
    if out is not None:
        _check_out(loss, out, arrays, dtype)
    numbers = checked(loss, given) if loss.kind == "elementwise" else checked_numbers(loss, given)
    return Settings(reduction, numbers, dtype, np.dtype(working), sample_weight, axis, ignore_index, out)


def _whole(name: str, number: Any) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise InputError(f"{name} must be a whole number, got {number!r}") from None


def _about_one(weights: np.ndarray) -> np.ndarray:
    """Weights, where the largest is far from 1 times a power of two that takes it there: the mean is the same.

    Products with them and their sum are then within the range.
    """
    _, exponent = np.frexp(np.max(weights, initial=0).astype(np.float64))
    return weights if abs(exponent) < 64 else np.ldexp(weights.astype(np.float64), -exponent)


def result_dtype(loss: Loss, arrays: Mapping[str, np.ndarray]) -> np.dtype:
    """The floating dtype of the predictions, together with the targets where these are compared with them.

    Optional inputs are weights and the like, which change no dtype, as those of samples do not.
    """
    first, needed = loss.inputs[:1], loss.inputs[: len(loss.inputs) - len(loss.optional)]
    decisive = {"row": first, "similarity": first, "algorithm": getattr(loss, "differentiable", ())}
    compared = [arrays[name] for name in decisive.get(loss.kind, needed) if name in arrays]
    found = working_dtype(loss.name, *compared)
    return np.dtype(np.float64) if all(array.dtype.kind in "iub" for array in arrays.values()) else found


def _check_out(loss: Loss, out: Any, arrays: Mapping[str, np.ndarray], dtype: np.dtype) -> None:
    shape = next(iter(arrays.values())).shape
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != dtype or not out.flags.writeable:
        got = f"{out.shape} of {out.dtype}" if isinstance(out, np.ndarray) else type(out).__name__
        raise InputError(f"out of {loss.name} must be a writable array of shape {shape} and {dtype}, got {got}")


def specialised(loss: Loss, count: int, numbers: Mapping[str, Any]) -> tuple[Loss, dict[str, Any]]:
    """A loss as a function of its first inputs and some parameters only, and the numbers that are left to give.

    Optional inputs behind the first ones, and parameters at their defaults, 0 or 1, become part of the formula:
    switches are settled there, and factors of 1 vanish.
    """
    settled = {
        name: float(number)
        for name, number in numbers.items()
        if np.ndim(number) == 0 and number in (loss.parameters[name].default, 0, 1)
    }
    left = {name: number for name, number in numbers.items() if name not in settled}
    return _specialised(loss, count, tuple(settled.items())), left


@cache
def _specialised(loss: Loss, count: int, settled: tuple[tuple[str, float], ...]) -> Loss:
    special = object.__new__(type(loss))  # copies of a record are the record itself
    special.__dict__ |= loss.__dict__
    special.inputs = loss.inputs[:count]
    constants = {name: as_expression(value) for name, value in settled}
    special.parameters = {name: known for name, known in loss.parameters.items() if name not in constants}

    def folded(formula: Formula) -> Formula:
        return lambda *arrays, **options: with_index([as_expression(formula(*arrays, **constants, **options))], "")[0]

    special._formulas = {part: folded(formula) for part, formula in loss._formulas.items()}
    return special


made_from_definitions.append(_specialised.cache_clear)


def rounded(numbers: Any, dtype: np.dtype) -> Any:
    """Numbers as another dtype; what is too large for it becomes infinite."""
    return dtype.type(numbers) if np.ndim(numbers) == 0 else numbers.astype(dtype, copy=False)
