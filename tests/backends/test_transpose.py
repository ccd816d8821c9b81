"""Copies with an axis turned to the end, against NumPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonlin.backends.numpy.transpose import by_rows, copy_turned, rows_along


@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.data())
def test_rows_along_any_axis(shape, data):
    axis = data.draw(st.integers(0, len(shape) - 1))
    dtype = data.draw(st.sampled_from(["float32", "float64", "float16", "int64"]))
    x = (np.arange(np.prod(shape)) % 1000).reshape(shape).astype(dtype)
    turned = rows_along(x, axis)
    assert turned.flags.c_contiguous
    np.testing.assert_array_equal(turned, np.moveaxis(x, axis, -1))
    back = np.zeros_like(x)
    view = by_rows(back, axis)
    copy_turned(turned.reshape(view.shape), view)
    np.testing.assert_array_equal(back, x)


@pytest.mark.parametrize("step", [slice(1, 6), slice(3, 4)])
def test_a_stretch_of_a_turned_view(step):
    x = np.random.default_rng(0).normal(size=(37, 50)).astype(np.float32)
    source = by_rows(x, 0)[step]
    found = np.empty(source.shape, np.float32)
    copy_turned(source, found)
    np.testing.assert_array_equal(found, x.T[step])


def test_arrays_that_are_not_contiguous_are_copied_too():
    x = np.random.default_rng(0).normal(size=(6, 10, 8))[::2, :, ::2]
    np.testing.assert_array_equal(rows_along(x, 1), np.moveaxis(x, 1, -1))
