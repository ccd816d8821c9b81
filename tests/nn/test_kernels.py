"""The compiled kernels, each against NumPy in float64."""

import ctypes
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llvmlite import ir

from nonlin.backends.numpy.jit import compile_ir
from nonlin.nn import passes, products, vectors
from nonlin.nn.narrow_products import is_narrow, narrow_product_ir
from nonlin.nn.products import product_kernel
from nonlin.nn.vectors import lanes

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
OWN, BLAS = 0, 2**40  # sizes of a weight matrix that choose the one and the other


def call(address, *arguments, returns=None):
    kinds = [ctypes.c_double if isinstance(a, float) else ctypes.c_int64 for a in arguments]
    return ctypes.CFUNCTYPE(returns, *kinds)(address)(*arguments)


def address(array):
    return array.ctypes.data


def normal(seed, *shape, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size", [OWN, BLAS], ids=["own", "blas"])
@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 9), st.integers(1, 70), st.booleans(), st.integers(0, 9))
def test_product_is_the_matrix_product_of_a_or_its_transpose(dtype, size, rows, vectors, depth, transposed, seed):
    columns = vectors * lanes(dtype)
    a, b = normal(seed, rows, depth, dtype=dtype), normal(seed + 1, depth, columns, dtype=dtype)
    stored = np.ascontiguousarray(a.T) if transposed else a
    steps = (1, rows) if transposed else (depth, 1)
    guard = np.full((rows + 1, columns), np.nan, dtype)  # the row after the last must stay as it is
    call(product_kernel(dtype, size), *map(address, (guard, stored, b)), rows, columns, depth, *steps)
    exact = a.astype(float) @ b.astype(float)
    bound = 2 * depth * np.finfo(dtype).eps * (abs(a.astype(float)) @ abs(b.astype(float)))
    assert np.all(abs(guard[:-1] - exact) <= bound)
    assert np.isnan(guard[-1]).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_row_of_a_product_has_the_same_bits_in_whatever_block_it_is_computed(dtype):
    a, b = normal(0, 13, 50, dtype=dtype), normal(1, 50, 7 * lanes(dtype), dtype=dtype)
    whole, alone = np.zeros((13, b.shape[1]), dtype), np.zeros((13, b.shape[1]), dtype)
    product = product_kernel(dtype, OWN)
    call(product, *map(address, (whole, a, b)), 13, b.shape[1], 50, 50, 1)
    for row in range(13):
        call(product, address(alone[row]), address(a[row]), address(b), 1, b.shape[1], 50, 50, 1)
    np.testing.assert_array_equal(whole, alone)


@pytest.mark.parametrize("bytes_wide", [16, 32, 64])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_of_few_columns_has_the_same_bits_and_zeros_behind(dtype, bytes_wide, transposed, monkeypatch):
    monkeypatch.setattr(vectors, "vector_bytes", lambda: bytes_wide)
    monkeypatch.setattr(products, "vector_bytes", lambda: bytes_wide)
    columns, (wide,) = lanes(dtype), compile_ir(products.product_ir(dtype), "product")
    widest = max(width for width in range(1, columns + 1) if is_narrow(width, dtype))
    narrow = {width: compile_ir(narrow_product_ir(dtype, width), "product")[0] for width in {1, 2, widest}}
    for width, rows, depth in itertools.product(narrow, (1, 3, 37, 86), (1, 37)):
        a, b = normal(rows, rows, depth, dtype=dtype), normal(1, depth, columns, dtype=dtype)
        b[:, width:] = 0
        stored, steps = (np.ascontiguousarray(a.T), (1, rows)) if transposed else (a, (depth, 1))
        here, there = np.full((2, rows + 1, columns), np.nan, dtype)  # the row after the last must stay as it is
        for product, found in ((wide, here), (narrow[width], there)):
            call(product, *map(address, (found, stored, b)), rows, columns, depth, *steps)
        np.testing.assert_array_equal(here, there)
        assert np.isnan(there[-1]).all()
        assert not there[:-1, width:].any()


@pytest.mark.parametrize("width", [16, 32, 64])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_processors_with_other_vectors_get_the_same_bits(dtype, width, monkeypatch):
    a, b = normal(0, 13, 50, dtype=dtype), normal(1, 50, 5 * 64 // dtype.itemsize, dtype=dtype)
    here, there = np.zeros((13, b.shape[1]), dtype), np.zeros((13, b.shape[1]), dtype)
    call(product_kernel(dtype, OWN), *map(address, (here, a, b)), 13, b.shape[1], 50, 50, 1)
    monkeypatch.setattr(vectors, "vector_bytes", lambda: width)
    monkeypatch.setattr(products, "vector_bytes", lambda: width)
    (product,) = compile_ir(products.product_ir(dtype), "product")
    call(product, *map(address, (there, a, b)), 13, b.shape[1], 50, 50, 1)
    np.testing.assert_array_equal(here, there)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_slope_kernel_backs_through_the_activation_and_sums_what_is_recorded(dtype):
    columns = 3 * lanes(dtype)
    errors, slopes = normal(0, 11, columns, dtype=dtype), normal(1, 11, columns, dtype=dtype)
    bias_gradient = np.zeros(columns, dtype)
    largest = np.linspace(0, 3, columns).astype(dtype)
    expected, peak = errors.astype(float) * slopes, np.maximum(largest, abs(slopes).max(axis=0))
    arrays = map(address, (errors, slopes, bias_gradient, largest))
    squares = call(passes.slope_kernel(dtype), *arrays, 11, columns, returns=ctypes.c_double)
    tolerance = 20 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(errors, expected, rtol=tolerance)
    np.testing.assert_allclose(bias_gradient, expected.sum(axis=0), rtol=tolerance, atol=10 * tolerance)
    np.testing.assert_array_equal(largest, peak)
    assert squares == pytest.approx(np.sum(expected**2), rel=tolerance)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_transpose_turns_a_matrix_of_several_tiles(dtype):
    shape = (2 * lanes(dtype), 3 * lanes(dtype))
    matrix, turned = normal(0, *shape, dtype=dtype), np.zeros(shape[::-1], dtype)
    call(passes.transpose_kernel(dtype), address(turned), address(matrix), *shape)
    np.testing.assert_array_equal(turned, matrix.T)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_bias_is_added_to_every_row_and_nothing_else_is_touched(dtype):
    columns = 2 * lanes(dtype)
    values, bias, slopes = normal(0, 5, columns, dtype=dtype), normal(1, columns, dtype=dtype), np.ones(3, dtype)
    expected = values + bias
    call(passes.bias_kernel(dtype), *map(address, (values, bias, slopes)), 5, columns, columns)
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(slopes, 1)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dead_kernel_counts_small_slopes_and_starts_over(dtype):
    largest = np.array([0, 1e-7, 1e-6, 1.1e-6, 1, 0], dtype)  # the last is padding
    limit = float(dtype.type(1e-6))
    count = call(passes.dead_kernel(dtype), address(largest), 5, limit, returns=ctypes.c_double)
    assert count == 3
    assert not largest.any()


def test_gather_copies_the_chosen_rows():
    table, order, chosen = normal(0, 9, 5), np.array([8, 0, 3, 3]), np.zeros((4, 5))
    call(passes.gather_kernel(), *map(address, (chosen, table, order)), 4, 5 * 8)
    np.testing.assert_array_equal(chosen, table[order])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size", [1e-30, 1e-8, 1.0, 1e15])
def test_quotients_are_right_to_two_units_in_the_last_place(dtype, size):
    kernel = vectors.Kernel(ir.Module(), "divide", dtype, "pppi")
    found, x, y, count = kernel.function.args
    with kernel.loop(vectors.INT(0), count, kernel.lanes) as place:
        kernel.store(kernel.divide(kernel.load(x, place), kernel.load(y, place)), found, place)
    numerators = normal(0, 6400, dtype=dtype)
    divisors = (size * (1 + abs(normal(1, 6400)))).astype(dtype)
    quotients = np.zeros_like(numerators)
    call(kernel.address(), *map(address, (quotients, numerators, divisors)), len(quotients))
    exact = numerators.astype(np.longdouble) / divisors
    assert np.all(abs(quotients - exact) <= 2 * np.spacing(abs(exact).astype(dtype)))
