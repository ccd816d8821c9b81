"""Shrinkage functions: PyTorch's and ONNX' values and kinks, and tanhshrink where it cancels."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import nonlin as nl
from nonlin.testing import ulp_error

NAMES = ["hardshrink", "shrink", "softshrink", "tanhshrink"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@given(st.floats(min_value=0, max_value=60000, width=16))
def test_they_are_odd_down_to_the_sign_of_zero(name, dtype, x):
    record, x = nl.get(name), np.array(x, dtype)
    assert str(record(-x)) == str(-record(x))
    assert record.derivative(-x) == record.derivative(x)


@pytest.mark.parametrize(
    ("name", "parameters", "formula"),
    [
        ("hardshrink", {}, lambda torch, F, x: F.hardshrink(x)),
        ("hardshrink", {"lambd": 2.0}, lambda torch, F, x: F.hardshrink(x, 2.0)),
        ("softshrink", {}, lambda torch, F, x: F.softshrink(x)),
        ("softshrink", {"lambd": 2.0}, lambda torch, F, x: F.softshrink(x, 2.0)),
        ("softshrink", {"lambd": 0.0}, lambda torch, F, x: F.softshrink(x, 0.0)),
        ("shrink", {"lambd": 2.0, "bias": 2.0}, lambda torch, F, x: F.softshrink(x, 2.0)),
        ("shrink", {}, lambda torch, F, x: F.hardshrink(x)),
        ("tanhshrink", {}, lambda torch, F, x: F.tanhshrink(x)),
    ],
)
def test_values_and_kinks_are_pytorchs(torch, name, parameters, formula):
    x = np.linspace(-8, 8, 161)  # with 0, 0.5, 2 and their negatives
    value, derivative = torch(formula, x)
    np.testing.assert_allclose(nl.get(name)(x, **parameters), value, rtol=1e-13)
    np.testing.assert_allclose(nl.get(name).derivative(x, **parameters), derivative, rtol=1e-13)


def test_shrink_of_onnx_own_examples():
    """The hard and the soft example of the operator Shrink."""
    x = np.arange(-2.0, 2.1, dtype=np.float32)
    np.testing.assert_array_equal(nl.shrink(x, lambd=1.5), [-2, 0, 0, 0, 2])
    np.testing.assert_array_equal(nl.shrink(x, lambd=1.5, bias=1.5), [-0.5, 0, 0, 0, 0.5])


def test_a_negative_threshold_is_refused():
    with pytest.raises(nl.InputError, match="lambd must be at least 0, got -1"):
        nl.softshrink(1.0, lambd=-1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tanhshrink_is_exact_where_both_of_its_forms_meet(dtype):
    """Both sides of 1/2, where the continued fraction ends, and down to where the cube is tiny."""
    steps = np.arange(-200, 200) * np.finfo(dtype).eps
    x = np.concatenate([0.5 * (1 + steps), 0.5 + 3e-3 * np.arange(-160, 160), np.logspace(-12, -1, 200)]).astype(dtype)
    with mp.workdps(80):
        exact = np.frompyfunc(lambda v: mpmath.mpf(float(v)) - mpmath.tanh(mpmath.mpf(float(v))), 1, 1)(x)
        slope = np.frompyfunc(lambda v: mpmath.tanh(mpmath.mpf(float(v))) ** 2, 1, 1)(x)
    assert ulp_error(nl.tanhshrink(x), exact).max() <= 1
    assert ulp_error(nl.tanhshrink.derivative(x), slope).max() <= 1
