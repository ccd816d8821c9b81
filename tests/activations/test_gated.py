"""The family of gated linear units: which half is the gate, and the formulas of the papers."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.testing import exact_values, ulp_error

X = np.random.default_rng(2).normal(0, 3, (3, 8))

FORMULAS = {  # Shazeer 2020, equations 4 and 5, without the weights: the first half is the gate
    "swiglu": lambda torch, F, a, b: F.silu(a) * b,
    "geglu": lambda torch, F, a, b: F.gelu(a) * b,
    "geglu_tanh": lambda torch, F, a, b: F.gelu(a, approximate="tanh") * b,
    "reglu": lambda torch, F, a, b: F.relu(a) * b,
    "bilinear": lambda torch, F, a, b: a * b,
}


@pytest.mark.parametrize("name", FORMULAS)
def test_shazeers_family_gates_with_the_first_half(torch, name):
    value, derivative = torch(lambda torch, F, x: FORMULAS[name](torch, F, *x.chunk(2, -1)), X)
    record = nl.get(name)
    assert record.gate == "first"
    np.testing.assert_allclose(record(X), value, rtol=1e-11, atol=1e-14)  # torch's gelu loses its tail
    np.testing.assert_allclose(record.derivative(X), derivative, rtol=1e-10, atol=1e-14)
    np.testing.assert_array_equal(record(X[:, :4], X[:, 4:]), record(X))


def test_glu_gates_with_the_second_half_as_pytorchs(torch):
    value, derivative = torch(lambda torch, F, x: F.glu(x), X)
    np.testing.assert_allclose(nl.glu(X), value, rtol=1e-14)
    np.testing.assert_allclose(nl.glu.derivative(X), derivative, rtol=1e-12)
    np.testing.assert_array_equal(nl.glu(X[:, 4:], X[:, :4]), nl.glu(X))  # two arrays: (gate, value)


@pytest.mark.parametrize("call", [nl.glu, nl.glu.derivative])
def test_two_arrays_have_no_axis_to_split(call):
    with pytest.raises(InputError, match="glu of two arrays splits no axis"):
        call(X, X, axis=0)


@pytest.mark.parametrize("name", ["glu", *FORMULAS])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_any_axis_is_halved(name, axis):
    record, x = nl.get(name), np.arange(24.0).reshape(4, 6) / 4 - 3
    moved = np.moveaxis(x, axis, -1)
    np.testing.assert_array_equal(record(x, axis=axis), np.moveaxis(record(moved), -1, axis))
    assert record.derivative(x, axis=axis).shape == x.shape


@pytest.mark.parametrize("name", ["glu", *FORMULAS])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_partial_derivatives_are_exact(name, dtype):
    gate, value = np.random.default_rng(5).normal(0, 8, (2, 400)).astype(dtype)
    record = nl.get(name)
    found = (record(gate, value), *record.derivative(gate, value))
    exact = (exact_values(record, "definition", gate, value), *exact_values(record, "derivative", gate, value))
    for got, truth in zip(found, exact, strict=True):
        assert ulp_error(got, truth).max() <= (1 if dtype == "float32" else 2)


def test_the_gradient_of_the_gate_survives_far_out():
    """From s (1 - s), as in torch, it is 0 in float32 from gate 17 on."""
    gate, value = np.float32([20, -20]), np.float32([1, 1])
    np.testing.assert_allclose(nl.glu.derivative(gate, value)[0], [2.0611536e-09] * 2, rtol=1e-6)
