"""C = A B where C has few columns: vectors hold rows of C, not columns, so that nothing is computed for padding.

Every element is summed in the same order as in `nonlin.nn.products`, so that the results are the same, to the bit.
"""

from __future__ import annotations

from functools import cache
from math import log2

import numpy as np
from llvmlite import ir

from nonlin.backends.numpy.jit import compile_ir
from nonlin.nn.products import panel
from nonlin.nn.vectors import INT, Kernel, Value, lanes


def is_narrow(width: int, dtype: np.dtype) -> bool:
    """Whether `narrow_kernel` is the faster one for so many columns.

    A square tile of lanes^2 numbers is turned by lanes * log2(lanes) instructions, each column left out saves lanes.

    >>> is_narrow(1, np.dtype("f4")), is_narrow(64, np.dtype("f4"))
    (True, False)
    """
    return width <= lanes(dtype) - log2(lanes(dtype))


@cache
def narrow_kernel(dtype: np.dtype, width: int) -> int:
    """The address of a `product` for one vector of columns, of which the first `width` are in use.

    The other columns of C become zero. One of the two steps through A has to be 1.
    """
    return compile_ir(narrow_product_ir(dtype, width), "product")[0]


def narrow_product_ir(dtype: np.dtype, width: int) -> str:
    """The LLVM IR of `void product(C, A, B, rows, columns, depth, row_step, column_step)`; columns: one vector."""
    module = ir.Module()
    rest = panel(module, dtype, 1, (4, 1))
    kernel = Kernel(module, "product", dtype, "pppiiiii")
    b = kernel.builder
    c, a, matrix, rows, columns, depth, row_step, column_step = kernel.function.args
    row = kernel.variable(INT(0))
    with b.if_else(b.icmp_signed("==", row_step, INT(1))) as (side_by_side, apart):
        with side_by_side:
            for height in (4, 1) if 4 * width <= kernel.lanes else (1,):
                with kernel.run_while(row, rows, height * kernel.lanes) as start:
                    _block(kernel, start, height, width)
        with apart, kernel.run_while(row, rows, kernel.lanes) as start:
            _tiles(kernel, start, width)
    done = kernel.read(row)
    lower_c, lower_a = kernel.at(c, b.mul(done, columns)), kernel.at(a, b.mul(done, row_step))
    b.call(rest, [lower_c, lower_a, matrix, b.sub(rows, done), columns, depth, row_step, column_step, INT(0)])
    b.ret_void()
    return str(module)


def _block(kernel: Kernel, row: Value, height: int, width: int) -> None:
    """`height` vectors of rows by `width` columns of C, where the rows of A lie side by side."""
    b = kernel.builder
    _, a, _, _, _, depth, _, column_step = kernel.function.args
    starts = [b.add(row, INT(h * kernel.lanes)) for h in range(height)]
    sums = [[kernel.variable(kernel.zero()) for _ in range(width)] for _ in starts]
    with kernel.loop(INT(0), depth, 1) as k:
        line = b.mul(k, column_step)
        for start, columns in zip(starts, sums, strict=True):
            _add(kernel, columns, kernel.load(a, b.add(start, line)), k)
    for start, columns in zip(starts, sums, strict=True):
        _store(kernel, columns, start)


def _tiles(kernel: Kernel, row: Value, width: int) -> None:
    """A vector of rows by `width` columns of C, where the columns of A lie side by side: square tiles are turned."""
    b = kernel.builder
    _, a, _, _, _, depth, row_step, _ = kernel.function.args
    lines = [b.mul(b.add(row, INT(i)), row_step) for i in range(kernel.lanes)]
    sums = [kernel.variable(kernel.zero()) for _ in range(width)]
    column = kernel.variable(INT(0))
    with kernel.run_while(column, depth, kernel.lanes) as start:
        tile = kernel.turn([kernel.load(a, b.add(line, start)) for line in lines])
        for i, vector in enumerate(tile):
            _add(kernel, sums, vector, b.add(start, INT(i)))
    with kernel.run_while(column, depth, 1) as k:
        vector = kernel.zero()
        for i, line in enumerate(lines):
            number = kernel.load(a, b.add(line, k), vector=False)
            vector = b.insert_element(vector, number, ir.IntType(32)(i))
        _add(kernel, sums, vector, k)
    _store(kernel, sums, row)


def _add(kernel: Kernel, sums: list[Value], vector: Value, k: Value) -> None:
    """Add a vector from column k of A, times each number of row k of B, to the columns' sums."""
    b = kernel.builder
    line = b.mul(k, INT(kernel.lanes))
    for n, total in enumerate(sums):
        factor = kernel.splat(kernel.load(kernel.function.args[2], b.add(line, INT(n)), vector=False))
        b.store(kernel.multiply_add(factor, vector, kernel.read(total)), total)


def _store(kernel: Kernel, sums: list[Value], row: Value) -> None:
    """Write a vector of rows of C, of which `sums` holds the columns."""
    b = kernel.builder
    columns = [kernel.read(total) for total in sums] + [kernel.zero()] * (kernel.lanes - len(sums))
    for i, line in enumerate(kernel.turn(columns)):
        kernel.store(line, kernel.function.args[0], b.mul(b.add(row, INT(i)), INT(kernel.lanes)))
