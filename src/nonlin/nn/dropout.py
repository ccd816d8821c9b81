"""Dropout (Srivastava et al. 2014, JMLR 15:1929) with masks that follow from their place, not from what came before.

Every pair of columns takes one number of 64 bits from SplitMix64 (Steele, Lea and Flood 2014,
doi:10.1145/2660193.2660195), counted from a state that key and step give; each column compares its half of it. So
masks are the same for every width of vectors, number format and thread.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from llvmlite import ir

from nonlin.nn.shuffling import FIRST, GOLDEN, SECOND
from nonlin.nn.vectors import DOUBLE, INT, Kernel, Value, spread


@cache
def dropout_kernel(dtype: np.dtype) -> int:
    """The address of `void dropout(values, masks, rows, width, stride, key, step, double keep)`.

    Masks become 1 / keep with probability `keep`, else 0, and values are multiplied by them. 0 < keep <= 1.
    """
    kernel = Kernel(ir.Module(), "dropout", dtype, "ppiiiiid")
    b = kernel.builder
    values, masks, rows, width, stride, key, step, keep = kernel.function.args
    state = _scrambled(kernel, b.add(key, _scrambled(kernel, step)))
    pairs = b.ashr(b.add(width, INT(1)), INT(1))
    share = b.fmul(b.fsub(DOUBLE(1.0), keep), DOUBLE(2.0**32))
    dropped = spread(b, b.fptoui(share, ir.IntType(32)), kernel.lanes)
    kept = kernel.splat(b.fdiv(DOUBLE(1.0), keep))
    half = kernel.lanes // 2
    counts = ir.Constant(ir.VectorType(INT, half), [_signed(i * GOLDEN) for i in range(half)])
    with kernel.loop(INT(0), rows, 1) as row:
        start, first = b.mul(row, stride), b.mul(row, pairs)
        with kernel.loop(INT(0), stride, kernel.lanes) as column:
            place = b.add(start, column)
            count = b.mul(b.add(first, b.ashr(column, INT(1))), INT(_signed(GOLDEN)))
            numbers = _scrambled(kernel, b.add(spread(b, b.add(state, count), half), counts))
            halves = b.bitcast(numbers, dropped.type)
            mask = b.select(b.icmp_unsigned("<", halves, dropped), kernel.zero(), kept)
            kernel.store(mask, masks, place)
            kernel.store(b.fmul(kernel.load(values, place), mask), values, place)
    return kernel.address()


@cache
def multiply_kernel(dtype: np.dtype) -> int:
    """The address of `void multiply(errors, masks, count)`, the way back: errors *= masks, whole vectors."""
    kernel = Kernel(ir.Module(), "multiply", dtype, "ppi")
    errors, masks, count = kernel.function.args
    with kernel.loop(INT(0), count, kernel.lanes) as place:
        product = kernel.builder.fmul(kernel.load(errors, place), kernel.load(masks, place))
        kernel.store(product, errors, place)
    return kernel.address()


def _scrambled(kernel: Kernel, state: Value) -> Value:
    """The output function of SplitMix64, of a number or of a vector of them."""
    b = kernel.builder
    for shift, factor in ((30, FIRST), (27, SECOND), (31, 1)):
        state = b.mul(b.xor(state, b.lshr(state, _like(state, shift))), _like(state, factor))
    return state


def _like(value: Value, number: int) -> Value:
    """A constant of the type of `value`, in all lanes where that has some."""
    count = getattr(value.type, "count", None)
    return ir.Constant(value.type, _signed(number) if count is None else [_signed(number)] * count)


def _signed(number: int) -> int:
    """The 64-bit number with the same bits that LLVM writes."""
    return (number + 2**63) % 2**64 - 2**63
