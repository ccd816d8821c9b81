"""The kernels of backpropagation that are no matrix product: once over a block, everything done on the way."""

from __future__ import annotations

from functools import cache

import numpy as np
from llvmlite import ir

from nonlin.backends.numpy.jit import compile_ir
from nonlin.nn.vectors import DOUBLE, INT, Kernel


@cache
def slope_kernel(dtype: np.dtype) -> int:
    """`double slope(E, D, bias_gradient, largest, rows, columns)`: dL/da becomes dL/dz, in place.

    E *= D, where D holds f'(z); bias_gradient becomes the column sums of E; `largest` grows to the largest
    |f'(z)| met in each column, from which dead units are told; returned is the sum of E^2, for the gradient norm.
    """
    kernel = Kernel(ir.Module(), "slope", dtype, "ppppii", DOUBLE)
    b = kernel.builder
    errors, slopes, bias_gradient, largest, rows, columns = kernel.function.args
    squares = kernel.variable(kernel.zero())
    with kernel.loop(INT(0), columns, kernel.lanes) as column:
        total = kernel.variable(kernel.zero())
        peak = kernel.variable(kernel.load(largest, column))
        with kernel.loop(INT(0), rows, 1) as row:
            place = b.add(b.mul(row, columns), column)
            slope = kernel.load(slopes, place)
            error = b.fmul(kernel.load(errors, place), slope)
            kernel.store(error, errors, place)
            kernel.add(error, total)
            b.store(kernel.multiply_add(error, error, kernel.read(squares)), squares)
            size, before = kernel.intrinsic("fabs", slope), kernel.read(peak)
            b.store(b.select(b.fcmp_ordered(">", size, before), size, before), peak)
        kernel.store(kernel.read(total), bias_gradient, column)
        kernel.store(kernel.read(peak), largest, column)
    return kernel.address(kernel.sum(kernel.read(squares)))


@cache
def dead_kernel(dtype: np.dtype) -> int:
    """`double dead(largest, width, limit)`: how many of the first `width` numbers are at most `limit`; then zeros."""
    kernel = Kernel(ir.Module(), "dead", dtype, "pid", DOUBLE)
    b = kernel.builder
    largest, width, limit = kernel.function.args
    count = kernel.variable(DOUBLE(0.0))
    with kernel.loop(INT(0), width, 1) as unit:
        peak = kernel.as_double(kernel.load(largest, unit, vector=False))
        kernel.add(b.uitofp(b.fcmp_ordered("<=", peak, limit), DOUBLE), count)
        kernel.store(ir.Constant(kernel.scalar, 0.0), largest, unit)
    return kernel.address(kernel.read(count))


@cache
def theta_kernel(dtype: np.dtype) -> int:
    """`void theta_sums(E, S, gradient, count, block, used)`: the gradient of an activation's learnable parameters.

    gradient[k] becomes the sum of E times the k-th block of S, which holds df / dtheta_k; blocks are `block` numbers
    apart, of which `used` are in use, whole vectors. Sums are of doubles: those of a batch may cancel.
    """
    kernel = Kernel(ir.Module(), "theta_sums", dtype, "pppiii")
    b = kernel.builder
    errors, slopes, gradient, count, block, used = kernel.function.args
    with kernel.loop(INT(0), count, 1) as k:
        wide = ir.VectorType(DOUBLE, kernel.lanes)
        total = kernel.variable(ir.Constant(wide, [0.0] * kernel.lanes))
        start = b.mul(k, block)
        with kernel.loop(INT(0), used, kernel.lanes) as place:
            product = b.fmul(kernel.load(errors, place), kernel.load(slopes, b.add(start, place)))
            product = b.fpext(product, wide) if dtype.itemsize == 4 else product
            kernel.add(product, total)
        result = kernel.sum(kernel.read(total))
        result = b.fptrunc(result, kernel.scalar) if dtype.itemsize == 4 else result
        kernel.store(result, gradient, k)
    return kernel.address()


@cache
def total_kernel(dtype: np.dtype) -> int:
    """`double total(x, count)`: the sum of so many numbers, in double."""
    kernel = Kernel(ir.Module(), "total", dtype, "pi", DOUBLE)
    numbers, count = kernel.function.args
    total = kernel.variable(DOUBLE(0.0))
    with kernel.loop(INT(0), count, 1) as place:
        kernel.add(kernel.as_double(kernel.load(numbers, place, vector=False)), total)
    return kernel.address(kernel.read(total))


@cache
def bias_kernel(dtype: np.dtype) -> int:
    """`void add_bias(Z, bias, slopes, rows, width, columns, ...)`: the last layer's "activation", none.

    The form is that of an activation kernel; the slopes stay as they are, all one.
    """
    kernel = Kernel(ir.Module(), "add_bias", dtype, "pppiiippi")
    b = kernel.builder
    values, bias, _, rows, _, columns, *_ = kernel.function.args
    with kernel.loop(INT(0), columns, kernel.lanes) as column:
        shift = kernel.load(bias, column)
        with kernel.loop(INT(0), rows, 1) as row:
            place = b.add(b.mul(row, columns), column)
            kernel.store(b.fadd(kernel.load(values, place), shift), values, place)
    return kernel.address()


@cache
def transpose_kernel(dtype: np.dtype) -> int:
    """`void transpose(T, W, rows, columns)`: T = W', both sides whole vectors, square tiles turned in registers."""
    kernel = Kernel(ir.Module(), "transpose", dtype, "ppii")
    b = kernel.builder
    turned, matrix, rows, columns = kernel.function.args
    with kernel.loop(INT(0), rows, kernel.lanes) as row, kernel.loop(INT(0), columns, kernel.lanes) as column:
        places = [b.add(b.mul(b.add(row, INT(i)), columns), column) for i in range(kernel.lanes)]
        tile = kernel.turn([kernel.load(matrix, place) for place in places])
        for i, vector in enumerate(tile):
            kernel.store(vector, turned, b.add(b.mul(b.add(column, INT(i)), rows), row))
    return kernel.address()


_GATHER_IR = """
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
define void @gather(ptr %to, ptr %from, ptr %order, i64 %rows, i64 %bytes) {
entry:
  br label %head
head:
  %row = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp slt i64 %row, %rows
  br i1 %more, label %body, label %done
body:
  %entry_of_order = getelementptr i64, ptr %order, i64 %row
  %chosen = load i64, ptr %entry_of_order
  %skip = mul i64 %chosen, %bytes
  %offset = mul i64 %row, %bytes
  %source = getelementptr i8, ptr %from, i64 %skip
  %target = getelementptr i8, ptr %to, i64 %offset
  call void @llvm.memcpy.p0.p0.i64(ptr %target, ptr %source, i64 %bytes, i1 false)
  %next = add i64 %row, 1
  br label %head
done:
  ret void
}
"""


@cache
def gather_kernel() -> int:
    """`void gather(to, from, order, rows, bytes)`: rows `order` of a table, each of so many bytes, side by side."""
    return compile_ir(_GATHER_IR, "gather")[0]
