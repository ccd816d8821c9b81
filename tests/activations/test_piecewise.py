"""Hard versions of smooth functions: PyTorch's and JAX' values, their kinks, infinities and extremes."""

import numpy as np
import pytest

import nonlin as nl

INF = np.inf
LIMITS = {  # value at -inf and inf, derivative at -inf and inf
    "hardtanh": (-1, 1, 0, 0),
    "hardsigmoid": (0, 1, 0, 0),
    "hardswish": (0, INF, 0, 1),
    "hard_mish": (0, INF, 0, 1),
    "sparse_plus": (0, INF, 0, 1),
    "sparse_sigmoid": (0, 1, 0, 0),
    "hard_elish": (0, INF, 0, 1),
}


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_infinities_and_the_largest_numbers_give_the_limits(name, dtype):
    record, (low, high, slope_low, slope_high) = nl.get(name), LIMITS[name]
    largest = np.finfo(dtype).max
    x = np.array([-INF, INF, -largest, largest], dtype)
    np.testing.assert_array_equal(record(x), [low, high, low, min(high, largest)])
    np.testing.assert_array_equal(record.derivative(x), [slope_low, slope_high] * 2)


@pytest.mark.parametrize("name", ["hardtanh", "hardswish", "hard_mish", "hard_elish"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_zero_keeps_its_sign(name, dtype):
    result = nl.get(name)(np.array([-0.0, 0.0], dtype))
    assert list(np.signbit(result)) == [True, False]
    assert not result.any()


@pytest.mark.parametrize(
    ("name", "parameters", "formula"),
    [
        ("hardtanh", {}, lambda torch, F, x: F.hardtanh(x)),
        ("hardtanh", {"min_val": -3, "max_val": 2}, lambda torch, F, x: F.hardtanh(x, -3, 2)),
        ("hardsigmoid", {}, lambda torch, F, x: F.hardsigmoid(x)),
        ("hardswish", {}, lambda torch, F, x: F.hardswish(x)),
        ("hard_mish", {}, lambda torch, F, x: 0.5 * x * (x + 2).clamp(0, 2)),  # timm's
    ],
)
def test_values_and_kinks_are_pytorchs(torch, name, parameters, formula):
    x = np.linspace(-8, 8, 161)  # with 0, 1, 2, 3 and their negatives
    value, derivative = torch(formula, x.astype(np.float32))
    x = x.astype(np.float32)
    np.testing.assert_allclose(nl.get(name)(x, **parameters), value, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(nl.get(name).derivative(x, **parameters), derivative, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["sparse_plus", "sparse_sigmoid"])
def test_sparse_functions_are_jax(jax, name):
    x = np.linspace(-8, 8, 161, dtype=np.float32)
    value, derivative = jax(lambda np, nn, given: getattr(nn, name)(given), x)
    np.testing.assert_allclose(nl.get(name)(x), value, rtol=1e-6, atol=1e-7)
    between = abs(x) != 1  # at its kinks JAX takes half the slope of sparse_sigmoid
    np.testing.assert_allclose(nl.get(name).derivative(x)[between], derivative[between], rtol=1e-6, atol=1e-7)
    assert not nl.sparse_sigmoid.derivative([-1.0, 1.0]).any()


def test_sparse_plus_and_sigmoid_are_twins_of_softplus_and_sigmoid():
    """Blondel et al. 2019: both kinds satisfy f(x) - f(-x) = x, and s(x) + s(-x) = 1 for the derivative s."""
    x = np.linspace(0, 2, 33)
    np.testing.assert_allclose(nl.sparse_plus(x) - nl.sparse_plus(-x), x, rtol=1e-15)
    np.testing.assert_allclose(nl.sparse_sigmoid(x) + nl.sparse_sigmoid(-x), 1, rtol=1e-15)


def test_hard_elish_by_hand():
    """x (x + 1) / 2 for positive x, (exp(x) - 1) (x + 1) / 2 for negative ones, between -1 and 1 (equation 14)."""
    x = np.array([-2, -1, -0.5, 0.5, 1, 2])
    expected = [0, 0, np.expm1(-0.5) / 4, 0.375, 1, 2]
    np.testing.assert_allclose(nl.hard_elish(x), expected, rtol=1e-15)
    np.testing.assert_array_equal(nl.hard_elish.derivative([-1.0, 0.0, 1.0]), [0, 0.5, 1])
