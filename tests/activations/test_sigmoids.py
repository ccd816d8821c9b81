"""The S-shaped functions: other libraries' values, tails, and parameters away from their defaults."""

import numpy as np
import pytest
from scipy import special, stats

import nonlin as nl

INF = np.inf


@pytest.mark.parametrize("name", ["softsign", "arctan", "isru"])
def test_odd_functions_are_odd_to_the_sign_of_zero(name):
    x = np.concatenate([[0.0], 2.0 ** np.arange(-1074, 1024)])
    np.testing.assert_array_equal(nl.get(name)(-x), -nl.get(name)(x))
    assert list(np.signbit(nl.get(name)([-0.0, 0.0]))) == [True, False]


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("sigmoid", lambda torch, F, x: torch.sigmoid(x)),
        ("tanh", lambda torch, F, x: torch.tanh(x)),
        ("logsigmoid", lambda torch, F, x: F.logsigmoid(x)),
        ("softsign", lambda torch, F, x: F.softsign(x)),
        ("arctan", lambda torch, F, x: torch.arctan(x)),
        ("isru", lambda torch, F, x: x * torch.rsqrt(1 + x * x)),
    ],
)
def test_agreement_with_pytorch(torch, name, formula):
    x = np.linspace(-9, 9, 361)
    value, derivative = torch(formula, x)
    np.testing.assert_allclose(nl.get(name)(x), value, rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(nl.get(name).derivative(x), derivative, rtol=1e-11, atol=1e-15)


def test_agreement_with_scipy():
    x = np.linspace(-30, 30, 601)
    np.testing.assert_allclose(nl.logsigmoid(x), special.log_expit(x), rtol=1e-15)
    mu, sigma = 0.5, 2.0
    np.testing.assert_allclose(nl.laplace(x, mu=mu, sigma=sigma), stats.norm.cdf(x, mu, sigma), rtol=1e-13)
    np.testing.assert_allclose(nl.laplace.derivative(x, mu=mu, sigma=sigma), stats.norm.pdf(x, mu, sigma), rtol=1e-13)


def test_isru_approaches_one_over_the_root_of_alpha():
    np.testing.assert_array_equal(nl.isru([-INF, -1e308, 1e308, INF], alpha=4.0), [-0.5, -0.5, 0.5, 0.5])
    assert nl.isru(3.0, alpha=1 / 9) == pytest.approx(3 / np.sqrt(2), rel=1e-15)


def test_far_out_the_derivatives_are_those_of_the_tails():
    """1 + x^2 overflows from 1.4e154 on, where 1 / x^2 is still a number."""
    np.testing.assert_allclose(
        nl.arctan.derivative([-3e154, 3e154, 2e160]), [1e-308 / 9, 1e-308 / 9, 2.5e-321], rtol=1e-2
    )
    np.testing.assert_allclose(nl.softsign.derivative([-1e155, 1e8]), [1e-310, 1e-16 * (1 - 2e-8)], rtol=1e-12)
    assert nl.isru.derivative(1e103) == pytest.approx(1e-309, rel=1e-10)
    assert nl.isru.derivative(1e200) == 0


@pytest.mark.parametrize(("name", "parameter"), [("isru", "alpha"), ("laplace", "sigma")])
@pytest.mark.parametrize("wrong", [0, -1.0])
def test_parameters_that_make_no_function_are_refused(name, parameter, wrong):
    with pytest.raises(nl.InputError, match=f"{parameter} must be larger than 0, got {wrong}"):
        nl.get(name)(1.0, **{parameter: wrong})
