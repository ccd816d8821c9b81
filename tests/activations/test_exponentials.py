"""Exponential units and what is used in their place: other libraries' values, tails and parameters."""

import mpmath
import numpy as np
import pytest
from scipy import special

import nonlin as nl
from nonlin.testing import exact_values, ulp_error

INF = np.inf


@pytest.mark.parametrize("name", ["celu", "isrlu", "bent_identity", "xielu", "elish"])
def test_zero_and_the_smallest_numbers_are_kept(name):
    slope = nl.get(name).derivative(0.0)
    x = np.array([-0.0, 0.0, -4e-310, 4e-310])
    value = nl.get(name)(x)
    np.testing.assert_array_equal(np.signbit(value), np.signbit(x))
    np.testing.assert_allclose(value, slope * x, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "parameters", "formula"),
    [
        ("elu", {"alpha": 1.7}, lambda torch, F, x: F.elu(x, 1.7)),
        ("selu", {}, lambda torch, F, x: F.selu(x)),
        ("celu", {}, lambda torch, F, x: F.celu(x)),
        ("celu", {"alpha": 0.25}, lambda torch, F, x: F.celu(x, 0.25)),
        ("exponential", {}, lambda torch, F, x: torch.exp(x)),
        ("softplus", {"beta": 0.4}, lambda torch, F, x: F.softplus(x, 0.4, 1000)),
        ("softplus", {"beta": 3.0}, lambda torch, F, x: F.softplus(x, 3, 1000)),
        ("sqrtsoftplus", {}, lambda torch, F, x: F.softplus(x, 1, 1000).sqrt()),
        ("squareplus", {"b": 2.5}, lambda torch, F, x: (x + (x * x + 2.5).sqrt()) / 2),
        ("isrlu", {"alpha": 3.0}, lambda torch, F, x: torch.where(x < 0, x * torch.rsqrt(1 + 3 * x * x), x)),
        ("bent_identity", {}, lambda torch, F, x: ((x * x + 1).sqrt() - 1) / 2 + x),
        ("gaussian", {}, lambda torch, F, x: torch.exp(-x * x)),
        ("elish", {}, lambda torch, F, x: torch.where(x < 0, torch.expm1(x), x) * torch.sigmoid(x)),
        ("xielu", {"alpha_p": 0.6, "alpha_n": 1.1, "beta": 0.2},
         lambda torch, F, x: torch.where(x > 0, 0.6 * x * x, 1.1 * (torch.expm1(x) - x)) + 0.2 * x),
    ],
)  # fmt: skip
def test_agreement_with_pytorch(torch, name, parameters, formula):
    x = np.linspace(-6, 6, 121)
    value, derivative = torch(formula, x)
    np.testing.assert_allclose(nl.get(name)(x, **parameters), value, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(nl.get(name).derivative(x, **parameters), derivative, rtol=1e-11, atol=1e-14)


def test_squareplus_agrees_with_jax(jax):
    x = np.linspace(-20, 20, 401)
    value, derivative = jax(lambda np, nn, x: nn.squareplus(x, 3.0), x)
    np.testing.assert_allclose(nl.squareplus(x, b=3.0), value, rtol=1e-4)  # its own error for negative x
    np.testing.assert_allclose(nl.squareplus.derivative(x, b=3.0), derivative, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("beta", [0.1, 1.0, 20.0])
def test_softplus_has_no_threshold(beta):
    x = np.linspace(-40, 40, 801)
    np.testing.assert_allclose(nl.softplus(x, beta=beta), special.softplus(beta * x) / beta, rtol=1e-13)
    np.testing.assert_array_equal(nl.softplus([-INF, -1e308, 1e308, INF], beta=beta), [0, 0, 1e308, INF])


@pytest.mark.parametrize("b", [1e-12, 4.0, 1e12])
def test_squareplus_neither_cancels_nor_overflows(b):
    """For very negative x it is b / (4 |x|)."""
    np.testing.assert_allclose(
        nl.squareplus([-1.5e308, -1e30], b=b), [b / 6 * 1e-308, b / 4e30], rtol=1e-9, atol=1e-323
    )
    np.testing.assert_array_equal(nl.squareplus([1e200, 1.5e308], b=b), [1e200, 1.5e308])
    assert nl.squareplus(0.0, b=b) == np.sqrt(b) / 2


def test_tails_reach_the_smallest_numbers():
    """sqrt(softplus(x)) is exp(x / 2) far out, where exp(x) has long been 0."""
    x = np.array([-800.0, -1400.0])
    expected = [float(mpmath.exp(v / 2)) for v in x]
    np.testing.assert_allclose(nl.sqrtsoftplus(x), expected, rtol=1e-15)
    np.testing.assert_allclose(nl.sqrtsoftplus.derivative(x), np.array(expected) / 2, rtol=1e-15)
    assert nl.gaussian(-27.2) == pytest.approx(float(mpmath.exp(-(mpmath.mpf(27.2) ** 2))), rel=1e-6)
    assert nl.elish(-740.0) == pytest.approx(-float(mpmath.exp(-740)), rel=0.1)


@pytest.mark.parametrize("beta", [0.0, 1.1])
def test_xielu_whose_linear_parts_cancel(beta):
    """With alpha_n = beta it is alpha_n (exp(x) - 1) for negative x; with beta = 0 it begins with x^2."""
    parameters = {"alpha_n": 1.1, "beta": beta}
    x = np.concatenate([-(2.0 ** np.arange(-300, 9)), np.linspace(-0.02, 0, 41)])
    exact = exact_values(nl.xielu, "definition", x, parameters=parameters)
    assert ulp_error(nl.xielu(x, **parameters), exact).max() <= 1
    assert nl.xielu(-INF, **parameters) == (-1.1 if beta else INF)


def test_xielu_of_hugging_face(torch):
    """Its parameters pass through a softplus, the second one with beta added."""

    def theirs(torch, F, x):
        alpha_p, alpha_n = F.softplus(torch.tensor(0.3)), 0.5 + F.softplus(torch.tensor(-0.7))
        return torch.where(x > 0, alpha_p * x * x, alpha_n * (torch.expm1(x) - x)) + 0.5 * x

    x = np.linspace(-5, 5, 101)
    ours = nl.xielu(x, alpha_p=nl.softplus(0.3), alpha_n=0.5 + nl.softplus(-0.7), beta=0.5)
    np.testing.assert_allclose(ours, torch(theirs, x)[0], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("parameter", ["alpha_p", "alpha_n", "beta"])
def test_xielu_in_its_parameters_by_differences(parameter):
    given, step = {"alpha_p": 0.7, "alpha_n": 1.3, "beta": 0.4}, 2.0**-3  # it is linear in them
    x = np.concatenate([np.linspace(-4, 4, 33), [-1 / 64, -1e-3]])
    high, low = (
        exact_values(nl.xielu, "definition", x, parameters={**given, parameter: given[parameter] + change})
        for change in (step, -step)
    )
    got = nl.xielu.derivative(x, with_respect_to=parameter, **given)
    np.testing.assert_allclose(got, ((high - low) / (2 * step)).astype(float), rtol=1e-14, atol=1e-18)


@pytest.mark.parametrize(
    ("name", "parameter"),
    [("celu", "alpha"), ("softplus", "beta"), ("squareplus", "b"), ("isrlu", "alpha"), ("xielu", "alpha_n")],
)
def test_parameters_that_make_no_function_are_refused(name, parameter):
    for wrong in (0, -0.5):
        with pytest.raises(nl.InputError, match=f"{parameter} must be larger than 0, got {wrong}"):
            nl.get(name)(1.0, **{parameter: wrong})
