"""Layer and batch normalization of a block: forward, at prediction, and backward.

All kernels of a direction have the same form, whatever the kind; the trainer calls them by address. Blocks are
(rows, stride), zero in the columns from `width` on, and stay zero there; gamma, its gradient, mean, variance, and the
deviations of batch normalization are `stride` long. Forward, and at prediction:

    void normalize(z, gamma, normalized, deviations, mean, variance, rows, width, stride, epsilon, momentum)

`normalized` becomes (z - mean) times `deviations`, which become one over the standard deviation, and z becomes gamma
times `normalized`. Backward:

    void backward(errors, gamma, gamma_gradient, normalized, deviations, rows, width, stride)

`errors` are dL/d(gamma * normalized) and become dL/dz; `gamma_gradient` becomes their column sums times `normalized`.
Layer normalization: Ba, Kiros and Hinton 2016, arXiv:1607.06450. Batch normalization: Ioffe and Szegedy 2015,
arXiv:1502.03167, with running statistics as PyTorch has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from llvmlite import ir

from nonlin.nn.vectors import DOUBLE, INT, LANE, Kernel, Value

_FORWARD, _BACKWARD = 6 * "p" + 3 * "i" + 2 * "d", 5 * "p" + 3 * "i"
_TOGETHER = 4  # rows, or columns of vectors, that are worked on together: their sums do not wait for one another


@cache
def forward_kernel(kind: str, dtype: np.dtype) -> int:
    """The address of `normalize` in training: "layer" normalizes each row, "batch" each column.

    "batch" moves the running mean and variance by `momentum`, the variance to that without bias; a single row has
    none, and leaves it. "layer" touches neither.
    """
    return _compiled({"layer": _layer_forward, "batch": _batch_forward}[kind], dtype, _FORWARD)


@cache
def fixed_kernel(kind: str, dtype: np.dtype) -> int:
    """The address of `normalize` at prediction: "batch" takes mean and variance as they are.

    It changes nothing but z, unless the kind is "layer", which does the same as in training.
    """
    return _compiled({"layer": _layer_forward, "batch": _batch_fixed}[kind], dtype, _FORWARD)


@cache
def backward_kernel(kind: str, dtype: np.dtype) -> int:
    """The address of `backward`."""
    return _compiled({"layer": _layer_backward, "batch": _batch_backward}[kind], dtype, _BACKWARD)


def _compiled(write: Callable[[Kernel], None], dtype: np.dtype, arguments: str) -> int:
    kernel = Kernel(ir.Module(), "normalize", dtype, arguments)
    write(kernel)
    return kernel.address()


def _layer_forward(kernel: Kernel) -> None:
    b = kernel.builder
    z, gamma, normalized, deviations, _, _, rows, width, stride, epsilon, _ = kernel.function.args
    share = b.fdiv(DOUBLE(1.0), b.sitofp(width, DOUBLE))
    for together in _rows(kernel, rows):
        starts = [b.mul(row, stride) for row in together]
        totals, squares = ([kernel.variable(kernel.zero()) for _ in together] for _ in range(2))
        with kernel.loop(INT(0), stride, kernel.lanes) as column:
            for start, total in zip(starts, totals, strict=True):
                kernel.add(kernel.load(z, b.add(start, column)), total)
        means = [kernel.splat(b.fmul(_row_sum(kernel, kernel.read(total)), share)) for total in totals]
        for column, within in _across(kernel, width, stride):
            for start, mean, slot in zip(starts, means, squares, strict=True):
                centred = within(b.fsub(kernel.load(z, b.add(start, column)), mean))
                b.store(kernel.multiply_add(centred, centred, kernel.read(slot)), slot)
        variances = [b.fmul(_row_sum(kernel, kernel.read(slot)), share) for slot in squares]
        scales = [_inverse_root(kernel, kernel.splat(b.fadd(variance, epsilon))) for variance in variances]
        for row, scale in zip(together, scales, strict=True):
            kernel.store(b.extract_element(scale, LANE(0)), deviations, row)
        for column, within in _across(kernel, width, stride):
            scaling = kernel.load(gamma, column)
            for start, mean, scale in zip(starts, means, scales, strict=True):
                place = b.add(start, column)
                value = within(b.fmul(b.fsub(kernel.load(z, place), mean), scale))
                kernel.store(value, normalized, place)
                kernel.store(b.fmul(scaling, value), z, place)


def _layer_backward(kernel: Kernel) -> None:
    """dL/dz = deviation (e - mean(e) - xhat mean(e xhat)), where e = gamma E: means are over the row."""
    b = kernel.builder
    errors, gamma, gamma_gradient, normalized, deviations, rows, width, stride = kernel.function.args
    share = b.fdiv(DOUBLE(1.0), b.sitofp(width, DOUBLE))
    with kernel.loop(INT(0), stride, kernel.lanes) as column:
        kernel.store(kernel.zero(), gamma_gradient, column)
    for together in _rows(kernel, rows):
        starts = [b.mul(row, stride) for row in together]
        totals, alongs = ([kernel.variable(kernel.zero()) for _ in together] for _ in range(2))
        with kernel.loop(INT(0), stride, kernel.lanes) as column:
            scaling, gradient = kernel.load(gamma, column), kernel.load(gamma_gradient, column)
            for start, total, along in zip(starts, totals, alongs, strict=True):
                place = b.add(start, column)
                error, value = kernel.load(errors, place), kernel.load(normalized, place)
                gradient = kernel.multiply_add(error, value, gradient)
                scaled = b.fmul(error, scaling)
                kernel.add(scaled, total)
                b.store(kernel.multiply_add(scaled, value, kernel.read(along)), along)
            kernel.store(gradient, gamma_gradient, column)
        means, slopes = (
            [kernel.splat(b.fmul(_row_sum(kernel, kernel.read(slot)), share)) for slot in slots]
            for slots in (totals, alongs)
        )
        scales = [kernel.splat(kernel.load(deviations, row, vector=False)) for row in together]
        for column, within in _across(kernel, width, stride):
            scaling = kernel.load(gamma, column)
            for start, mean, slope, scale in zip(starts, means, slopes, scales, strict=True):
                place = b.add(start, column)
                rest = b.fsub(b.fmul(kernel.load(errors, place), scaling), mean)
                rest = b.fsub(rest, b.fmul(kernel.load(normalized, place), slope))
                kernel.store(within(b.fmul(scale, rest)), errors, place)


def _rows(kernel: Kernel, rows: Value) -> Iterator[list[Value]]:
    """Rows that are worked on together: several, then what is left one by one."""
    counter = kernel.variable(INT(0))
    for together in (_TOGETHER, 1):
        with kernel.run_while(counter, rows, together) as row:
            yield [kernel.builder.add(row, INT(i)) for i in range(together)]


def _batch_forward(kernel: Kernel) -> None:
    """The mean is found twice, the second time from what the first left over: a sum of many rows is off by itself."""
    b = kernel.builder
    z, gamma, normalized, deviations, mean, variance, rows, _, stride, epsilon, momentum = kernel.function.args
    count = b.sitofp(rows, DOUBLE)
    several = b.icmp_signed(">", rows, INT(1))
    unbiased = kernel.splat(b.select(several, b.fdiv(count, b.fsub(count, DOUBLE(1.0))), DOUBLE(0.0)))
    share, tiny = kernel.splat(b.fdiv(DOUBLE(1.0), count)), kernel.splat(epsilon)
    pace, pace_of_variance = kernel.splat(momentum), kernel.splat(b.select(several, momentum, DOUBLE(0.0)))

    for columns in _strips(kernel, stride):
        totals = _column_sums(kernel, rows, stride, columns, lambda place, _: (kernel.load(z, place),), 1)
        centres = [b.fmul(total, share) for (total,) in totals]

        def centred(place: Value, i: int, centres: list[Value] = centres) -> tuple[Value, ...]:
            difference = b.fsub(kernel.load(z, place), centres[i])
            return difference, b.fmul(difference, difference)

        sums = _column_sums(kernel, rows, stride, columns, centred, 2)
        shifts, scales = [], []
        for column, centre, (left, squares) in zip(columns, centres, sums, strict=True):
            shift = b.fmul(left, share)
            spread = b.fsub(b.fmul(squares, share), b.fmul(shift, shift))
            spread = b.select(b.fcmp_ordered("<", spread, kernel.zero()), kernel.zero(), spread)  # rounding; NaN stays
            scale = _inverse_root(kernel, b.fadd(spread, tiny))
            kernel.store(scale, deviations, column)
            _approach(kernel, mean, column, b.fadd(centre, shift), pace)
            _approach(kernel, variance, column, b.fmul(spread, unbiased), pace_of_variance)
            shifts.append(shift)
            scales.append(scale)
        scalings = [kernel.load(gamma, column) for column in columns]
        for place, i in _down(kernel, rows, stride, columns):
            difference = b.fsub(b.fsub(kernel.load(z, place), centres[i]), shifts[i])
            value = b.fmul(difference, scales[i])
            kernel.store(value, normalized, place)
            kernel.store(b.fmul(scalings[i], value), z, place)


def _batch_fixed(kernel: Kernel) -> None:
    b = kernel.builder
    z, gamma, _, _, mean, variance, rows, _, stride, epsilon, _ = kernel.function.args
    tiny = kernel.splat(epsilon)
    for columns in _strips(kernel, stride):
        means = [kernel.load(mean, column) for column in columns]
        scales = [
            b.fmul(kernel.load(gamma, column), _inverse_root(kernel, b.fadd(kernel.load(variance, column), tiny)))
            for column in columns
        ]
        for place, i in _down(kernel, rows, stride, columns):
            kernel.store(b.fmul(b.fsub(kernel.load(z, place), means[i]), scales[i]), z, place)


def _batch_backward(kernel: Kernel) -> None:
    """dL/dz = gamma deviation (E - mean(E) - xhat mean(E xhat)): means are over the column."""
    b = kernel.builder
    errors, gamma, gamma_gradient, normalized, deviations, rows, _, stride = kernel.function.args
    share = kernel.splat(b.fdiv(DOUBLE(1.0), b.sitofp(rows, DOUBLE)))

    def terms(place: Value, _: int) -> tuple[Value, ...]:
        error = kernel.load(errors, place)
        return error, b.fmul(error, kernel.load(normalized, place))

    for columns in _strips(kernel, stride):
        sums = _column_sums(kernel, rows, stride, columns, terms, 2)
        for column, (_, along) in zip(columns, sums, strict=True):
            kernel.store(along, gamma_gradient, column)
        means, slopes = ([b.fmul(total, share) for total in kind] for kind in zip(*sums, strict=True))
        scales = [b.fmul(kernel.load(gamma, column), kernel.load(deviations, column)) for column in columns]
        for place, i in _down(kernel, rows, stride, columns):
            rest = b.fsub(kernel.load(errors, place), means[i])
            rest = b.fsub(rest, b.fmul(kernel.load(normalized, place), slopes[i]))
            kernel.store(b.fmul(scales[i], rest), errors, place)


def _strips(kernel: Kernel, stride: Value) -> Iterator[list[Value]]:
    """Columns of vectors that are worked on together: several, then what is left one by one."""
    counter = kernel.variable(INT(0))
    for together in (_TOGETHER, 1):
        with kernel.run_while(counter, stride, together * kernel.lanes) as column:
            yield [kernel.builder.add(column, INT(i * kernel.lanes)) for i in range(together)]


def _down(kernel: Kernel, rows: Value, stride: Value, columns: list[Value]) -> Iterator[tuple[Value, int]]:
    """Every row's place in each of the columns, and which column it is."""
    with kernel.loop(INT(0), rows, 1) as row:
        start = kernel.builder.mul(row, stride)
        for i, column in enumerate(columns):
            yield kernel.builder.add(start, column), i


def _column_sums(
    kernel: Kernel,
    rows: Value,
    stride: Value,
    columns: list[Value],
    terms: Callable[[Value, int], tuple[Value, ...]],
    count: int,
) -> list[list[Value]]:
    """For each column the sums over its rows of the `count` terms of a place in that column."""
    slots = [[kernel.variable(kernel.zero()) for _ in range(count)] for _ in columns]
    for place, i in _down(kernel, rows, stride, columns):
        for slot, term in zip(slots[i], terms(place, i), strict=True):
            kernel.add(term, slot)
    return [[kernel.read(slot) for slot in column] for column in slots]


def _across(kernel: Kernel, width: Value, stride: Value) -> Iterator[tuple[Value, Callable[[Value], Value]]]:
    """Columns of vectors up to `stride`, each with what makes a vector zero from `width` on."""
    b = kernel.builder
    counter = kernel.variable(INT(0))
    with kernel.run_while(counter, width, kernel.lanes) as column:
        yield column, lambda vector: vector
    with kernel.run_while(counter, stride, kernel.lanes) as column:
        inside = kernel.first_lanes(b.sub(width, column))
        yield column, lambda vector: b.select(inside, vector, kernel.zero())


def _row_sum(kernel: Kernel, vector: Value) -> Value:
    """The sum over the lanes as a double, half onto half: a row's sum is waited for."""
    b = kernel.builder
    count = kernel.lanes
    while count > 1:
        count //= 2
        turned = ir.Constant(ir.VectorType(LANE, kernel.lanes), [i ^ count for i in range(kernel.lanes)])
        vector = b.fadd(vector, b.shuffle_vector(vector, vector, turned))
    return kernel.as_double(b.extract_element(vector, LANE(0)))


def _approach(kernel: Kernel, running: Value, column: Value, value: Value, pace: Value) -> None:
    """Move a running statistic towards that of a batch."""
    b = kernel.builder
    before = kernel.load(running, column)
    kernel.store(kernel.multiply_add(pace, b.fsub(value, before), before), running, column)


def _inverse_root(kernel: Kernel, vector: Value) -> Value:
    return kernel.builder.fdiv(ir.Constant(kernel.vector, [1.0] * kernel.lanes), kernel.intrinsic("sqrt", vector))
