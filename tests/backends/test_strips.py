"""Halves and results side by side along the last axis: short and long strips, one row and many."""

import numpy as np
import pytest

import nonlin as nl

SHAPES = [
    (1, 2),
    (16,),
    (3, 14),
    (300, 16),
    (1000, 6),
    (40, 2, 130),
    (5, 4096),
    (3, 9000),
    (2, 1 << 20),
    (0, 4),
    (3, 0),
]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_strips_are_numpys_slices(shape, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    first, second = np.split(x, 2, axis=-1)
    np.testing.assert_array_equal(nl.bilinear(x), first * second)
    np.testing.assert_array_equal(nl.bilinear.derivative(x), np.concatenate([second, first], axis=-1))
    np.testing.assert_array_equal(nl.crelu(x), np.maximum(np.concatenate([x, -x], axis=-1), 0))
    expected = np.concatenate([x > 0, -1.0 * (x < 0)], axis=-1)
    np.testing.assert_array_equal(nl.crelu.derivative(x), expected)


@pytest.mark.parametrize("function", [nl.glu, nl.swiglu], ids=lambda function: function.name)
@pytest.mark.parametrize("rows", [1, 2, 500])
def test_the_gate_is_in_the_half_that_the_definition_says(function, rows):
    x = np.random.default_rng(rows).standard_normal((rows, 12)).astype(np.float32)
    halves = (x[:, 6:], x[:, :6]) if function is nl.glu else (x[:, :6], x[:, 6:])
    sigmoid = 1 / (1 + np.exp(-halves[0].astype(float)))
    expected = halves[1] * sigmoid * (halves[0] if function is nl.swiglu else 1)
    np.testing.assert_allclose(function(x), expected, rtol=1e-6)
    np.testing.assert_array_equal(function(x), function(*halves))
    slopes = function.derivative(*halves)
    np.testing.assert_array_equal(function.derivative(x), np.hstack(slopes[::-1] if function is nl.glu else slopes))


@pytest.mark.parametrize("function", [nl.bilinear.derivative, nl.softmax], ids=["derivative", "softmax"])
def test_the_result_may_be_written_over_what_is_read(function):
    x = np.random.default_rng(1).standard_normal((100, 8)).astype(np.float32)
    expected = function(x)
    assert function(x, out=x) is x
    np.testing.assert_array_equal(x, expected)
    memory = np.random.default_rng(2).standard_normal(900).astype(np.float32)
    x, out = memory[:800].reshape(100, 8), memory[5:805].reshape(100, 8)
    expected = function(x)
    np.testing.assert_array_equal(function(x, out=out), expected)


def test_an_out_of_another_shape_is_refused_not_written_beyond():
    x = np.ones((4, 8), np.float32)
    for shape in [(4, 3), (4, 5), (4, 8), (5, 4), (1, 4), (4,), (2, 4, 4)]:
        with pytest.raises(nl.InputError, match=r"out of bilinear must have the result's shape \(4, 4\)"):
            nl.bilinear(x, out=np.empty(shape, np.float32))
    for pieces in (-2, 0, 3):
        with pytest.raises(nl.InputError, match=r"pieces of maxout|a multiple of 3"):
            nl.maxout(x, pieces=pieces)
