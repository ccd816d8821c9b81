"""What is measured inside a network while it trains, layer by layer, at chosen steps.

At such a step the compiled loop calls `before_update` and `after_update`; between them the blocks of the batch are read
once. What the numbers mean is said in `QUANTITIES`.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir

from nonlin.errors import InputError
from nonlin.nn.calls import call, call_for_number
from nonlin.nn.compiling import compiled
from nonlin.nn.updates import gradient_squares_kernel
from nonlin.nn.vectors import DOUBLE, INT, Kernel, Value


class Quantity(NamedTuple):
    """What a recorded number is, its unit, and whether only hidden layers have it."""

    text: str
    unit: str
    hidden: bool


QUANTITIES = {
    "activation_mean": Quantity("mean of f(z) over the layer's units and the batch", "f(z)", True),
    "activation_std": Quantity("standard deviation of f(z) over the layer's units and the batch", "f(z)", True),
    "dead_share": Quantity("share of units whose |f'(z)| is at most 1e-6 of its supremum in all the batch", "1", True),
    "saturated_share": Quantity("share of all |f'(z)| that are below 5 % of the supremum", "1", True),
    "gradient_norm": Quantity("root mean square of dL/dz, L being the loss of one example", "loss / z", False),
    "weight_gradient_norm": Quantity(
        "norm of the gradient of the batch's loss, L2 penalty included, by the weights", "loss / weight", False
    ),
    "update_ratio": Quantity("norm of the step that the weights made over their norm before it", "1", False),
}

SATURATED_OVER_DEAD = 0.05 / 1e-6  # both bounds are shares of the largest slope

RECORD = np.dtype([(name, np.float64) for name in QUANTITIES])  # of one layer at one step

# Addresses of kernels and of the weights kept from before a step, as the compiled loop sees them.
RECORDER = np.dtype([(name, np.int64) for name in ("measure", "keep", "difference", "gradient_squares", "kept")])


@compiled
def before_update(layers, recorder, rows, penalty, share, records):
    """Measure a batch's blocks and gradients into the `records` of a step, one a layer, and keep the weights.

    `penalty` and `share` are those of the update: (gradient + penalty * weights) * share is the mean loss's gradient.
    """
    sums = np.empty(6)
    for i in range(len(layers)):
        this, record, hidden = layers[i], records[i], i < len(layers) - 1
        values, slopes = (this.values, this.slopes) if hidden else (this.errors, this.errors)
        bounds = (SATURATED_OVER_DEAD * this.dead_below, this.dead_below, sums.ctypes.data)
        blocks = (values, slopes, this.errors, rows, this.width, this.stride)
        call(recorder.measure, (*blocks, *bounds))
        count = rows * this.width
        record.gradient_norm = np.sqrt(sums[5] / count)
        mean = sums[1] / count
        record.activation_mean = sums[0] + mean if hidden else np.nan
        record.activation_std = np.sqrt(max(0.0, sums[2] / count - mean * mean)) if hidden else np.nan
        record.dead_share = sums[3] / this.width if hidden else np.nan
        record.saturated_share = sums[4] / count if hidden else np.nan
        weights = this.in_stride * this.stride
        squares = call_for_number(recorder.gradient_squares, (this.weights, this.weight_gradient, weights, penalty))
        record.weight_gradient_norm = share * np.sqrt(squares)
        kept = recorder.kept + (this.weights - layers[0].weights)
        record.update_ratio = np.sqrt(call_for_number(recorder.keep, (this.weights, kept, weights)))  # so far


@compiled
def after_update(layers, recorder, records):
    """Complete what `before_update` began with the size of the step that the weights have made since."""
    for i in range(len(layers)):
        this, record = layers[i], records[i]
        kept = recorder.kept + (this.weights - layers[0].weights)
        squares = call_for_number(recorder.difference, (this.weights, kept, this.in_stride * this.stride))
        record.update_ratio = np.sqrt(squares) / record.update_ratio


class Recorder:
    """Which steps are recorded, and what was.

    `record` is None (nothing), "epoch" (the last step of each), a number n (each n-th step) or the steps themselves,
    counted from 1. `layers` are a network's, in which all weights lie one after another.
    """

    def __init__(self, record: Any, layers: np.ndarray, dtype: np.dtype, steps_per_epoch: int):
        periodic = steps_per_epoch if isinstance(record, str) else record
        self._every = int(periodic) if isinstance(periodic, (int, np.integer)) else 0
        self._listed = np.unique(np.array([] if record is None or self._every else [*record], np.int64))
        self._layers = len(layers)
        self.task = np.zeros(1, RECORDER)
        if self._every or len(self._listed):  # otherwise nothing is compiled
            self._kept = np.zeros(int(np.sum(layers["in_stride"] * layers["stride"])), dtype)
            makers = measure_kernel, keep_kernel, difference_kernel, gradient_squares_kernel
            self.task[0] = (*(make(dtype) for make in makers), self._kept.ctypes.data)
        self._steps = [np.zeros(0, np.int64)]
        self._records = [np.zeros((0, self._layers), RECORD)]

    def plan(self, done: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The steps to record among the `count` after the first `done`, and room for their records.

        Steps are int64 numbers in rising order, the room is (steps, layers) of `RECORD`.
        """
        self.cut(done)
        if self._every:
            first = done + self._every - done % self._every
            steps = np.arange(first, done + count + 1, self._every)
        else:
            steps = self._listed[(self._listed > done) & (self._listed <= done + count)]
        self._steps.append(steps)
        self._records.append(np.zeros((len(steps), self._layers), RECORD))
        return steps, self._records[-1]

    def cut(self, done: int) -> None:
        """Forget what was planned last for steps beyond the first `done`: training did not come to them."""
        taken = int(np.searchsorted(self._steps[-1], done, side="right"))
        self._steps[-1], self._records[-1] = self._steps[-1][:taken], self._records[-1][:taken]

    def arrays(self) -> dict[str, np.ndarray]:
        """What was recorded: "step" (steps,), and each of `QUANTITIES` (steps, hidden layers) or (steps, layers)."""
        self._steps, self._records = [np.concatenate(self._steps)], [np.concatenate(self._records)]
        arrays: dict[str, np.ndarray] = {"step": self._steps[0].copy()}
        for name, quantity in QUANTITIES.items():
            arrays[name] = self._records[0][name][:, : self._layers - quantity.hidden].copy()
        return arrays


def check_record(record: Any) -> None:
    """Raise `InputError` unless `record` is None, "epoch", a number of steps or a list of step numbers.

    >>> check_record("epoch"), check_record(10), check_record([1, 10, 100])
    (None, None, None)
    """
    known = record is None or (isinstance(record, str) and record == "epoch")
    steps = record if isinstance(record, Collection) and not isinstance(record, (str, bytes)) else [record]
    if not known and not all(map(_is_step, steps)):
        raise InputError(
            f"record must be None, 'epoch', a number of steps or a list of step numbers from 1 on, got {record!r}"
        )


def _is_step(step: Any) -> bool:
    return isinstance(step, (int, np.integer)) and not isinstance(step, bool) and 1 <= int(step) < 2**63


@cache
def measure_kernel(dtype: np.dtype) -> int:
    """`void measure(values, slopes, errors, rows, width, stride, saturated_below, dead_below, double* sums)`.

    One pass over the blocks of a layer. `sums` becomes: a shift s, which is the first value; the sums of v - s and of
    (v - s)^2 (a variance from these loses no digits); the number of units none of whose |slopes| exceeds `dead_below`;
    the number of |slopes| below `saturated_below`; the sum of the squares of the errors. Padding is left out.
    """
    kernel = Kernel(ir.Module(), "measure", dtype, "pppiiiddp")
    b = kernel.builder
    values, slopes, errors, rows, width, stride, saturated_below, dead_below, sums = kernel.function.args
    shift = kernel.load(values, INT(0), vector=False)
    shifts, ones = kernel.splat(shift), ir.Constant(kernel.vector, [1.0] * kernel.lanes)
    limit, floor = kernel.splat(saturated_below), kernel.splat(dead_below)
    totals = [kernel.variable(kernel.zero()) for _ in range(5)]
    with kernel.loop(INT(0), stride, kernel.lanes) as column:
        first, second, peak, saturated, squares = (kernel.variable(kernel.zero()) for _ in range(5))
        with kernel.loop(INT(0), rows, 1) as row:
            place = b.add(b.mul(row, stride), column)
            value = b.fsub(kernel.load(values, place), shifts)
            kernel.add(value, first)
            b.store(kernel.multiply_add(value, value, kernel.read(second)), second)
            slope, before = kernel.intrinsic("fabs", kernel.load(slopes, place)), kernel.read(peak)
            b.store(b.select(b.fcmp_ordered(">", slope, before), slope, before), peak)
            kernel.add(b.select(b.fcmp_ordered("<", slope, limit), ones, kernel.zero()), saturated)
            error = kernel.load(errors, place)
            b.store(kernel.multiply_add(error, error, kernel.read(squares)), squares)
        dead = b.select(b.fcmp_ordered("<=", kernel.read(peak), floor), ones, kernel.zero())
        of_column = [kernel.read(first), kernel.read(second), dead, kernel.read(saturated), kernel.read(squares)]
        inside = kernel.first_lanes(b.sub(width, column))
        for total, number in zip(totals, of_column, strict=True):
            kernel.add(b.select(inside, number, kernel.zero()), total)
    results = [kernel.as_double(shift), *(kernel.sum(kernel.read(total)) for total in totals)]
    for i, result in enumerate(results):
        b.store(result, b.gep(sums, [INT(i)], source_etype=DOUBLE))
    return kernel.address()


@cache
def keep_kernel(dtype: np.dtype) -> int:
    """`double keep(x, kept, count)`: `kept` becomes `x`; returned is the sum of its squares."""
    kernel = Kernel(ir.Module(), "keep", dtype, "ppi", DOUBLE)
    x, kept, count = kernel.function.args

    def copied(place: Value) -> Value:
        numbers = kernel.load(x, place)
        kernel.store(numbers, kept, place)
        return numbers

    return kernel.address(kernel.sum_of_squares(count, copied))


@cache
def difference_kernel(dtype: np.dtype) -> int:
    """`double difference_squares(x, y, count)`: the sum of (x - y)^2."""
    kernel = Kernel(ir.Module(), "difference_squares", dtype, "ppi", DOUBLE)
    x, y, count = kernel.function.args

    def difference(place: Value) -> Value:
        return kernel.builder.fsub(kernel.load(x, place), kernel.load(y, place))

    return kernel.address(kernel.sum_of_squares(count, difference))
