"""Elementwise losses on arrays: a block at a time, so that the values never need an array of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ....definition import Loss
from ....errors import InputError
from ..functions import ufunc
from .blocks import compute, in_one_pass, scale, total
from .checks import broadcast_weights, check_all_domains, check_domains, check_one_shape
from .settings import Settings, specialised

_BLOCK = 1 << 18  # entries: few enough for the caches, and enough that what a block costs besides is little


def elementwise_loss(loss: Loss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The parts of a loss, by name; what is reduced is in float64."""
    fitted = check_one_shape(loss, arrays)
    shape = fitted[loss.inputs[0]].shape
    names = ["value", "gradient"] if part == "value_and_gradient" else [part]
    flat = {name: array.reshape(-1) for name, array in fitted.items()}
    record, left = specialised(loss, len(fitted), s.numbers)
    numbers = [_flat(loss, name, number, shape) for name, number in left.items()]
    weights = None if s.sample_weight is None else broadcast_weights(s.sample_weight, shape).reshape(-1)
    count = flat[loss.inputs[0]].size
    divisor = _divisor(loss, weights, count) if s.reduction == "mean" else 1.0
    if s.out is not None:  # it may be an input, and an error must leave that as it is
        check_all_domains(loss, fitted)
    results = {
        name: _result(s.dtype, None if name == "value" else s.out, [*flat.values()], [weights, *numbers])
        for name in names
        if name != "value" or s.reduction == "none"
    }
    work = _Work(record, part, names, numbers, s, weights, 1 / divisor)
    sums = []
    for start in range(0, count, _BLOCK):
        block = slice(start, min(start + _BLOCK, count))
        inputs = {name: array[block] for name, array in flat.items()}
        if s.out is None:
            check_domains(loss, inputs, start, shape)
        given = [np.ascontiguousarray(array, s.working) for array in inputs.values()]
        sums.append(work.run(given, {name: result[block] for name, result in results.items()}, block))
    reduced: dict[str, Any] = {name: result.reshape(shape) for name, result in results.items()}
    if len(results) < len(names):
        reduced["value"] = np.sum(sums) / divisor
    return {name: reduced[name] for name in names}


class _Work:
    """What is done to a block."""

    def __init__(
        self,
        record: Loss,
        part: str,
        names: Sequence[str],
        numbers: Sequence[Any],
        s: Settings,
        weights: np.ndarray | None,
        factor: float,
    ) -> None:
        self.record, self.part, self.names, self.numbers = record, part, names, numbers
        self.s, self.weights, self.factor = s, weights, factor
        plain = weights is None and s.dtype == s.working == np.float32 and all(np.ndim(n) == 0 for n in numbers)
        self.at_once = plain and in_one_pass(record)
        self.spare: dict[str, np.ndarray] = {}

    def run(self, inputs: Sequence[np.ndarray], results: Mapping[str, np.ndarray], block: slice) -> float:
        """Compute the results of a block; return the sum of the values if these are not among them."""
        if self.at_once:
            wants_sum = "value" in self.names and "value" not in results
            return compute(self.record, inputs, self.numbers, results, wants_sum, self.factor)
        into = {name: self._place(name, results, len(inputs[0])) for name in self.names}
        numbers = [number[block] if np.ndim(number) else number for number in self.numbers]
        ufunc(self.record, self.part)(*inputs, *numbers, out=tuple(into.values()))
        found = 0.0
        for name, computed in into.items():
            if self.weights is not None:
                _weight(computed, self.weights[block])
            if name not in results:
                found = total(computed)
                continue
            if name != "value":
                scale(computed, self.factor)
            if computed is not results[name]:
                results[name][...] = computed
        return found

    def _place(self, name: str, results: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """Where a part is computed: where it belongs, if numbers are kept there as they are computed."""
        if name in results and results[name].dtype == self.s.working:
            return results[name]
        if name not in self.spare:
            self.spare[name] = np.empty(count, self.s.working)
        return self.spare[name][:count]


def _weight(computed: np.ndarray, weights: np.ndarray) -> None:
    """Multiply numbers by weights; what has the weight 0 counts nothing, were it infinite or NaN."""
    computed *= weights
    if not weights.all():
        computed[weights == 0] = 0


def _divisor(loss: Loss, weights: np.ndarray | None, count: int) -> float:
    """What the sum is divided by for a mean: the entries, or their weights."""
    found = float(count) if weights is None else float(weights.sum(dtype=np.float64))
    if found <= 0:
        raise InputError(f"the weights of {loss.name} sum to 0: there is no mean")
    return found


def _result(dtype: np.dtype, out: np.ndarray | None, inputs: Sequence[np.ndarray], factors: Sequence[Any]) -> Any:
    """Where a part goes: into `out` if that is contiguous and nothing else lies there that is read later."""
    size = inputs[0].size
    if out is None or not out.flags.c_contiguous:
        return np.empty(size, dtype)
    # A block of an input is read before it is written, if each of its entries lies where the result does.
    others = [x for x in inputs if (x.ctypes.data, x.strides) != (out.ctypes.data, (out.itemsize,))]
    is_read = any(np.may_share_memory(out, x) for x in (*others, *factors) if np.ndim(x))
    return np.empty(size, dtype) if is_read else out.reshape(-1)


def _flat(loss: Loss, name: str, number: Any, shape: tuple[int, ...]) -> Any:
    """A parameter as it is or, of an array with one for each of some entries, with one for every entry."""
    if np.ndim(number) == 0:
        return number
    given = np.asarray(number, np.float64)
    try:
        return np.broadcast_to(given, shape).reshape(-1)
    except ValueError:
        raise InputError(
            f"{name} of {loss.name} must be a number or broadcast to the shape {shape}, got {given.shape}"
        ) from None
