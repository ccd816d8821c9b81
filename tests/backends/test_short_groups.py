"""Groups of a few neighbours, many at a time."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.backends.numpy.short_groups import groups_ufunc


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("pieces", [1, 2, 3, 5, 16, 17])
@pytest.mark.parametrize("groups", [1, 15, 16, 17, 100])
def test_maxout_is_numpys_maximum_of_each_group(groups, pieces, dtype):
    x = np.random.default_rng(groups).standard_normal((3, groups * pieces)).astype(dtype)
    x[0, 0], x[1, -1] = np.nan, -np.inf
    expected = x.reshape(3, groups, pieces).max(-1)
    np.testing.assert_array_equal(nl.maxout(x, pieces=pieces), expected)
    np.testing.assert_array_equal(nl.maxout(x.T, axis=0, pieces=pieces), expected.T)


def test_signs_of_zero_are_those_of_the_largest():
    assert np.signbit(nl.maxout(np.array([-0.0, -0.0], np.float32))[0])
    assert not np.signbit(nl.maxout(np.array([-0.0, 0.0], np.float32))[0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("pieces", [1, 2, 3, 5, 16, 17])
@pytest.mark.parametrize("groups", [1, 15, 16, 17, 100])
def test_the_first_largest_of_each_group_gets_the_cotangent(groups, pieces, dtype):
    random = np.random.default_rng(groups)
    x = random.integers(-2, 3, (3, groups * pieces)).astype(dtype)  # many are equal
    x[0, 0], x[1, -1], x[2, -1] = np.nan, -np.inf, np.nan
    cotangent = random.standard_normal((3, groups)).astype(dtype)
    first = x.reshape(3, groups, pieces).argmax(-1)[..., None]  # of NaN too the first
    expected = np.where(np.arange(pieces) == first, cotangent[..., None], 0).reshape(x.shape)
    np.testing.assert_array_equal(nl.maxout.vjp(x, cotangent, pieces=pieces), expected)
    np.testing.assert_array_equal(nl.maxout.vjp(x.T, cotangent.T, axis=0, pieces=pieces), expected.T)


def test_functions_that_compute_are_left_to_the_row_kernels():
    @nl.Pooled
    def mean_square(x):
        return nl.primitives.row_sum(x * x) / 2

    assert groups_ufunc(mean_square, "value", 2, np.dtype(np.float32)) is None
    assert mean_square(np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [2.5, 12.5]


@pytest.mark.parametrize("pieces", [2, 20])
def test_a_function_that_reduces_nothing_is_refused_whatever_the_length(pieces):
    @nl.Pooled
    def same(x):
        return -x

    with pytest.raises(nl.InputError, match="one number for a row"):
        same(np.ones(40, np.float32), pieces=pieces)
