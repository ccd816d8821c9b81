"""x times a gate: other libraries' values, limits, identities between the functions, and learnable parameters."""

import mpmath
import numpy as np
import pytest
from scipy import special

import nonlin as nl
from nonlin.testing import exact_values

INF = np.inf
SLOPES = {  # derivative at inf
    "silu": 1, "swish_beta": 1, "quick_gelu": 1, "gelu": 1, "gelu_tanh": 1, "mish": 1, "serf": 1, "smish": 0.6,
    "logish": np.log(2), "aptx": 1, "telu": 1,
}  # fmt: skip
# The gate of x = -40 is this many times exp(-40): what its textbook form tends to.
TAILS = {"silu": 1, "swish_beta": 1, "mish": 1, "serf": 2 / np.sqrt(np.pi), "smish": 1, "logish": 1, "telu": 1}


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_infinities_give_the_limits(name, dtype):
    record = nl.get(name)
    x = np.array([-INF, INF], dtype)
    np.testing.assert_array_equal(record(x), np.array([0, INF], dtype))
    np.testing.assert_array_equal(record.derivative(x), np.array([0, SLOPES[name]], dtype))
    largest = np.finfo(dtype).max
    np.testing.assert_allclose(record(np.array([-largest, largest])) / largest, [0, SLOPES[name]], rtol=1e-6)


@pytest.mark.parametrize("name", SLOPES)
def test_they_begin_as_a_line_through_the_signed_zero(name):
    slope = nl.get(name).derivative(0.0)
    x = np.array([-0.0, 0.0, -4e-310, 4e-310])
    np.testing.assert_array_equal(np.signbit(nl.get(name)(x)), np.signbit(x))
    np.testing.assert_allclose(nl.get(name)(x), slope * x, rtol=1e-12)


@pytest.mark.parametrize("name", TAILS)
@pytest.mark.parametrize("x", [-40.0, -710.0, -740.0])
def test_tails_reach_the_smallest_numbers(name, x):
    expected = float(x * TAILS[name] * mpmath.exp(x))
    assert nl.get(name)(x) == pytest.approx(expected, rel=1e-15, abs=1e-323)
    slope = float((1 + x) * TAILS[name] * mpmath.exp(x))
    assert nl.get(name).derivative(x) == pytest.approx(slope, rel=1e-15, abs=1e-323)


@pytest.mark.parametrize(
    ("name", "parameters", "formula"),
    [
        ("silu", {}, lambda torch, F, x: F.silu(x)),
        ("swish_beta", {"beta": 1.7}, lambda torch, F, x: x * torch.sigmoid(1.7 * x)),
        ("swish_beta", {"beta": -0.3}, lambda torch, F, x: x * torch.sigmoid(-0.3 * x)),
        ("swish_beta", {"beta": 0.0}, lambda torch, F, x: x * torch.sigmoid(0 * x)),
        ("quick_gelu", {}, lambda torch, F, x: x * torch.sigmoid(1.702 * x)),
        ("gelu", {}, lambda torch, F, x: F.gelu(x)),
        ("gelu_tanh", {}, lambda torch, F, x: F.gelu(x, approximate="tanh")),
        ("gelu_clipped", {}, lambda torch, F, x: torch.clip(F.gelu(x), -10, 10)),
        ("gelu_clipped", {"min_val": -0.1, "max_val": 2.0}, lambda torch, F, x: torch.clip(F.gelu(x), -0.1, 2)),
        ("mish", {}, lambda torch, F, x: F.mish(x)),
        ("serf", {}, lambda torch, F, x: x * torch.erf(F.softplus(x))),
        ("smish", {}, lambda torch, F, x: x * torch.tanh(torch.log1p(torch.sigmoid(x)))),
        ("logish", {}, lambda torch, F, x: x * torch.log1p(torch.sigmoid(x))),
        ("aptx", {}, lambda torch, F, x: (1 + torch.tanh(x)) * x / 2),
        ("aptx", {"alpha": 1.5, "beta": -0.4, "gamma": 2.0},
         lambda torch, F, x: (1.5 + torch.tanh(-0.4 * x)) * 2 * x),
        ("telu", {}, lambda torch, F, x: x * torch.tanh(torch.exp(x))),
    ],
)  # fmt: skip
def test_agreement_with_pytorch(torch, name, parameters, formula):
    x = np.concatenate([np.linspace(-5, 5, 101), [8.0, 12.0, 30.0]])
    value, derivative = torch(formula, x)
    np.testing.assert_allclose(nl.get(name)(x, **parameters), value, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(nl.get(name).derivative(x, **parameters), derivative, rtol=1e-11, atol=1e-13)


def test_gelu_tanh_is_the_default_of_jax(jax):
    x = np.linspace(-4, 4, 81, dtype=np.float32)
    value, derivative = jax(lambda np, nn, x: nn.gelu(x), x)
    np.testing.assert_allclose(nl.gelu_tanh(x), value, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(nl.gelu_tanh.derivative(x), derivative, rtol=1e-4, atol=1e-6)


def test_the_approximations_of_gelu_are_as_good_as_is_said():
    x = np.linspace(-8, 8, 160_001)
    exact = x * special.ndtr(x)
    assert np.abs(nl.gelu_tanh(x) - exact).max() == pytest.approx(4.73e-4, rel=1e-3)
    assert np.abs(nl.quick_gelu(x) - exact).max() == pytest.approx(2.03e-2, rel=1e-2)


def test_functions_that_are_one_and_the_same():
    x = np.linspace(-700, 700, 2801)
    np.testing.assert_array_equal(nl.swish_beta(x), nl.silu(x))
    np.testing.assert_array_equal(nl.swish_beta(x, beta=1.702), nl.quick_gelu(x))
    np.testing.assert_allclose(nl.aptx(x), nl.silu(2 * x) / 2, rtol=1e-15, atol=1e-323)
    np.testing.assert_array_equal(nl.swish_beta(x, beta=0.0), x / 2)


def test_a_beta_of_zero_or_of_the_other_sign_at_infinity():
    x = np.array([-INF, INF])
    np.testing.assert_array_equal(nl.swish_beta(x, beta=0.0), x)
    np.testing.assert_array_equal(nl.swish_beta.derivative(x, beta=0.0), [0.5, 0.5])
    np.testing.assert_array_equal(nl.swish_beta(x, beta=-2.0), [-INF, 0])
    np.testing.assert_array_equal(nl.swish_beta.derivative(x, beta=-2.0), [1, 0])
    np.testing.assert_array_equal(nl.aptx.derivative(x, beta=0.0), [0.5, 0.5])


@pytest.mark.parametrize(
    ("name", "parameter", "given"),
    [
        ("swish_beta", "beta", {"beta": 1.3}),
        ("swish_beta", "beta", {"beta": -0.2}),
        *(("aptx", parameter, {"alpha": 0.9, "beta": 1.2, "gamma": 0.7}) for parameter in ("alpha", "beta", "gamma")),
    ],
)
def test_learnable_parameters_by_differences(name, parameter, given):
    """Five points in 60-digit arithmetic; their error is of the fourth order in 2^-20."""
    record, x, step = nl.get(name), np.concatenate([np.linspace(-6, 6, 49), [-30.0, 30.0]]), 2.0**-20
    at = {
        k: exact_values(record, "definition", x, parameters={**given, parameter: given[parameter] + k * step})
        for k in (-2, -1, 1, 2)
    }
    expected = ((8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step)).astype(float)
    got = record.derivative(x, with_respect_to=parameter, **given)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-22)


def test_what_is_not_learnable_is_refused():
    with pytest.raises(nl.InputError, match="no learnable parameter 'alpha'"):
        nl.swish_beta.derivative(1.0, with_respect_to="alpha")
