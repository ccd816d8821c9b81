"""Dropout: its masks are SplitMix64's bits, whatever the block, and of the probability asked for."""

import ctypes

import numpy as np
import pytest
from scipy.stats import binom, chi2

from nonlin.nn import vectors
from nonlin.nn.dropout import dropout_kernel, multiply_kernel

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
DROPOUT = ctypes.CFUNCTYPE(None, *7 * [ctypes.c_int64], ctypes.c_double)
MULTIPLY = ctypes.CFUNCTYPE(None, *3 * [ctypes.c_int64])

every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


@pytest.fixture(params=[16, 32, 64])
def vector_bytes(request, monkeypatch):
    """A processor with vectors of another width."""
    monkeypatch.setattr(vectors, "vector_bytes", lambda: request.param)
    dropout_kernel.cache_clear()
    yield request.param
    dropout_kernel.cache_clear()


def drop(values, key, step, keep):
    """The values after dropout and their masks, both with their padding."""
    rows, width = values.shape
    stride = vectors.padded(width, values.dtype) + vectors.lanes(values.dtype)
    block, masks = np.zeros((rows, stride), values.dtype), np.full((rows, stride), np.nan, values.dtype)
    block[:, :width] = values
    DROPOUT(dropout_kernel(values.dtype))(block.ctypes.data, masks.ctypes.data, rows, width, stride, key, step, keep)
    return block, masks


def masks(rows, width, key=1, step=0, keep=0.5, dtype=DTYPES[0]):
    return drop(np.ones((rows, width), dtype), key, step, keep)[1][:, :width]


def scramble(state):
    """The function mix64 of Steele, Lea and Flood 2014 with the constants of java.util.SplittableRandom."""
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
    return state ^ state >> 31


def test_the_reference_is_splitmix64():
    """The first numbers from seed 1234567, of the generator's published test vector."""
    states = [(1234567 + i * 0x9E3779B97F4A7C15) % 2**64 for i in (1, 2)]
    assert [scramble(state) for state in states] == [6457827717110365317, 3203168211198807973]


@every_dtype
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_masks_are_the_bits_of_splitmix64_on_every_processor(dtype, keep, vector_bytes):
    rows, width, key, step = 5, 37, 2**62 + 12345, 7
    state, limit = scramble((key + scramble(step)) % 2**64), int((1 - keep) * 2**32)
    expected = np.empty((rows, width), dtype)
    for row, column in np.ndindex(rows, width):
        number = scramble((state + (row * 19 + column // 2) * 0x9E3779B97F4A7C15) % 2**64)
        bits = number >> 32 if column % 2 else number % 2**32
        expected[row, column] = 0 if bits < limit else 1 / keep
    np.testing.assert_array_equal(masks(rows, width, key, step, keep, dtype), expected)


@every_dtype
def test_values_are_multiplied_and_padding_stays_zero(dtype):
    values = np.random.default_rng(0).standard_normal((9, 21)).astype(dtype)
    block, made = drop(values, 3, 4, 0.75)
    np.testing.assert_array_equal(block[:, :21], values * made[:, :21])
    assert not block[:, 21:].any()
    assert np.isfinite(made).all()


@every_dtype
def test_errors_are_multiplied_on_the_way_back(dtype):
    count = 3 * vectors.lanes(dtype)
    errors, made = np.random.default_rng(0).standard_normal((2, count)).astype(dtype)
    expected = errors * made
    MULTIPLY(multiply_kernel(dtype))(errors.ctypes.data, made.ctypes.data, count)
    np.testing.assert_array_equal(errors, expected)


@pytest.mark.parametrize("keep", [1.0, 0.999, 0.5, 0.1])
def test_the_share_that_is_kept_is_the_probability(keep):
    made = masks(1000, 1001, keep=keep)
    low, high = binom.ppf([1e-6, 1 - 1e-6], made.size, keep)
    assert low <= np.count_nonzero(made) <= high
    assert set(np.unique(made)) <= {np.float32(0), np.float32(1 / keep)}


def test_neighbours_steps_and_keys_are_independent():
    """Of two masks that should be independent, each of the four cases takes its quarter (chi-squared test)."""
    base = masks(500, 500) > 0
    others = {"next column": base[:, 1:], "next pair": base[:, 2:], "next row": base[1:]}
    others |= {"next step": masks(500, 500, step=1) > 0, "next key": masks(500, 500, key=2) > 0}
    for name, other in others.items():
        first = base[: other.shape[0], : other.shape[1]]
        counts = np.bincount((2 * first + other).ravel(), minlength=4)
        statistic = np.sum((counts - other.size / 4) ** 2) / (other.size / 4)
        assert statistic < chi2.ppf(1 - 1e-5, 3), name
