"""C = A B for the small matrices of a layer, on whole vector registers.

One kernel serves the three products of backpropagation, because A is read through two steps (from row to row and
from column to column, so a transposed A costs nothing) and the rows of B and C are padded to whole vectors:

    forward    Z = X W        weights    G = X' E        backward    E = E W'   (from a transposed copy of W)

Every element of C is summed in the order of k = 0, 1, ..., whatever the blocking: results do not depend on it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise

import numpy as np
from llvmlite import ir

from nonlin.backends.numpy.jit import compile_ir
from nonlin.nn.vectors import INT, Kernel, Value, padded, vector_bytes

# Blocks of C held in registers: {vectors wide: rows high, then the heights for what is left}.
# 8 or more independent sums hide the latency of the multiply-add; 32 registers (AVX-512) allow 24 and more.
BLOCKS_OF_32_REGISTERS = {4: (6, 2, 1), 2: (8, 4, 1), 1: (8, 4, 1)}
BLOCKS_OF_16_REGISTERS = {2: (6, 4, 1), 1: (8, 4, 1)}

# Above this many numbers in B, by the width of the registers: BLAS, whose packing keeps the caches in order where our
# plain order of loops does not. Measured on Zen 5 in float32 at 200 rows: ours is 2.2 times OpenBLAS (AVX2 kernels) at
# 512 x 512 and 1.8 times at 1024 x 1024 with 64-byte registers; equal up to 768 x 768, half at 1024 x 1024 with 32.
BLAS_ABOVE = {64: 1024 * 1024, 32: 512 * 512, 16: 256 * 256}


def product_ir(dtype: np.dtype) -> str:
    """The LLVM IR of `void product(C, A, B, rows, columns, depth, row_step, column_step)`.

    C is (rows, columns), B (depth, columns), both contiguous with `columns` whole vectors;
    A[r, k] is at A + r * row_step + k * column_step, counted in numbers.
    """
    module = ir.Module()
    blocks = BLOCKS_OF_32_REGISTERS if vector_bytes() == 64 else BLOCKS_OF_16_REGISTERS
    panels = {width: panel(module, dtype, width, heights) for width, heights in blocks.items()}
    kernel = Kernel(module, "product", dtype, "pppiiiii")
    columns = kernel.function.args[4]
    column = kernel.variable(INT(0))
    for width, function in panels.items():
        with kernel.run_while(column, columns, width * kernel.lanes) as start:
            kernel.builder.call(function, [*kernel.function.args, start])
    kernel.builder.ret_void()
    return str(module)


def panel(module: ir.Module, dtype: np.dtype, width: int, heights: tuple[int, ...]) -> ir.Function:
    """A function that computes `width` vectors of every row of C, from a given column on."""
    kernel = Kernel(module, f"panel_{width}", dtype, "pppiiiiii")
    kernel.function.linkage = "internal"
    rows = kernel.function.args[3]
    row = kernel.variable(INT(0))
    for height in heights:
        with kernel.run_while(row, rows, height) as start:
            _block(kernel, start, height, width)
    kernel.builder.ret_void()
    return kernel.function


def _block(kernel: Kernel, row: Value, height: int, width: int) -> None:
    """`height` rows by `width` vectors of C: the sum over k of a column of A times a row of B, in registers."""
    b = kernel.builder
    c, a, matrix, _, columns, depth, row_step, column_step, column = kernel.function.args
    starts = [b.mul(b.add(row, INT(r)), row_step) for r in range(height)]
    offsets = [b.add(column, INT(v * kernel.lanes)) for v in range(width)]
    sums = [[kernel.variable(kernel.zero()) for _ in offsets] for _ in starts]
    with kernel.loop(INT(0), depth, 1) as k:
        line = b.mul(k, columns)
        vectors = [kernel.load(matrix, b.add(line, offset)) for offset in offsets]
        for start, row_sums in zip(starts, sums, strict=True):
            factor = kernel.splat(kernel.load(a, b.add(start, b.mul(k, column_step)), vector=False))
            for vector, total in zip(vectors, row_sums, strict=True):
                b.store(kernel.multiply_add(factor, vector, kernel.read(total)), total)
    for r, row_sums in enumerate(sums):
        line = b.mul(b.add(row, INT(r)), columns)
        for offset, total in zip(offsets, row_sums, strict=True):
            kernel.store(kernel.read(total), c, b.add(line, offset))


# `product` by BLAS's gemm. BLAS counts by columns, so it is asked for C' = B' A', which in memory is C = A B.
# The address of gemm is bound at run time, not written into the text: it differs from process to process,
# and the text is the key of the compiled code on disk.
_BLAS_IR = """
@gemm = internal global ptr null
define void @bind(ptr %address) {
  store ptr %address, ptr @gemm
  ret void
}
define void @blas_product(ptr %c, ptr %a, ptr %b, i64 %rows, i64 %columns, i64 %depth, i64 %rstep, i64 %cstep) {
  %plain = alloca i8
  %form = alloca i8
  %m = alloca i32
  %n = alloca i32
  %k = alloca i32
  %lead = alloca i32
  %one = alloca T
  %zero = alloca T
  %dense = icmp eq i64 %cstep, 1
  %apart = icmp sge i64 %rstep, %depth  ; not so in the transpose of a single column
  %straight = and i1 %dense, %apart
  %letter = select i1 %straight, i8 78, i8 84  ; N or T
  %step = select i1 %straight, i64 %rstep, i64 %cstep
  %m32 = trunc i64 %columns to i32
  %n32 = trunc i64 %rows to i32
  %k32 = trunc i64 %depth to i32
  %lead32 = trunc i64 %step to i32
  store i8 78, ptr %plain
  store i8 %letter, ptr %form
  store i32 %m32, ptr %m
  store i32 %n32, ptr %n
  store i32 %k32, ptr %k
  store i32 %lead32, ptr %lead
  store T 1.0, ptr %one
  store T 0.0, ptr %zero
  %f = load ptr, ptr @gemm
  call void %f(ptr %plain, ptr %form, ptr %m, ptr %n, ptr %k, ptr %one, ptr %b, ptr %m, ptr %a, ptr %lead,
               ptr %zero, ptr %c, ptr %m)
  ret void
}
"""


def product_kernel(dtype: np.dtype, numbers: int) -> int:
    """The address of the kernel for a weight matrix of so many numbers: our own, or BLAS for wide layers."""
    return _blas_kernel(dtype) if uses_blas(numbers) else _own_kernel(dtype)


def uses_blas(numbers: int) -> bool:
    """Whether a weight matrix of so many numbers is left to BLAS.

    >>> uses_blas(64 * 64), uses_blas(2048 * 2048)
    (False, True)
    """
    return numbers > BLAS_ABOVE[vector_bytes()]


def any_uses_blas(sizes: Sequence[int], dtype: np.dtype) -> bool:
    """Whether a network with layers of these widths leaves a product to BLAS.

    >>> any_uses_blas((64, 64, 10), np.dtype("f4")), any_uses_blas((64, 2048, 2048, 10), np.dtype("f4"))
    (False, True)
    """
    widths = [sizes[0], *(padded(size, dtype) for size in sizes[1:])]
    return any(uses_blas(before * after) for before, after in pairwise(widths))


@cache
def _own_kernel(dtype: np.dtype) -> int:
    return compile_ir(product_ir(dtype), "product")[0]


@cache
def _blas_kernel(dtype: np.dtype) -> int:
    name, scalar = ("sgemm", "float") if dtype.itemsize == 4 else ("dgemm", "double")
    text = _BLAS_IR.replace(" T", f" {scalar}")
    product, bind = compile_ir(text, "blas_product", "bind")
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(bind)(_blas_address(name))
    return product


def _blas_address(name: str) -> int:
    """The address of a function of SciPy's BLAS, out of what it offers to modules compiled by Cython."""
    offered = import_module("scipy.linalg.cython_blas").__pyx_capi__
    signature_of, pointer_of = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    signature_of.restype, signature_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return pointer_of(offered[name], signature_of(offered[name]))
