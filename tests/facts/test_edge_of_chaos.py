"""The mean-field theory of random networks against the literature, closed forms and a random network."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nonlin as nl
from nonlin.facts import chi, critical_initialization, edge_of_chaos, variance_fixed_point, variance_map


def test_rectifiers():
    """He et al. 2015, equation 14: sigma_w = sqrt(2 / (1 + a^2)) for a leaky relu of slope a, with no bias."""
    assert nl.relu.critical_initialization() == (pytest.approx(math.sqrt(2), rel=1e-14), 0)
    for slope in (0.01, 0.25, -1.0):
        sigma_w, _ = nl.leaky_relu.critical_initialization(negative_slope=slope)
        assert sigma_w == pytest.approx(math.sqrt(2 / (1 + slope**2)), rel=1e-13)


def test_functions_through_zero_with_slope():
    """At sigma_b = 0: sigma_w = 1 / |f'(0)|, and the variance tends to 0 (Hayou et al. 2019, arXiv:1902.06853)."""
    assert edge_of_chaos(nl.tanh) == pytest.approx((1, 0, 0, 1), abs=1e-14)
    assert nl.gelu.critical_initialization() == pytest.approx((2, 0), abs=1e-14)
    assert nl.mish.critical_initialization() == pytest.approx((5 / 3, 0), abs=1e-14)


@pytest.mark.parametrize("sigma_b", [1e-3, 1e-5, 1e-8])
def test_small_biases(sigma_b):
    """By their series at 0, q = sqrt(pi / 2) sigma_b for gelu, and 4 q^3 / 3 = sigma_b^2 for tanh."""
    assert edge_of_chaos(nl.gelu, sigma_b).variance == pytest.approx(
        math.sqrt(math.pi / 2) * sigma_b, rel=5 * sigma_b + 1e-6
    )
    q = (0.75 * sigma_b**2) ** (1 / 3)
    assert edge_of_chaos(nl.tanh, sigma_b).variance == pytest.approx(q, rel=3 * q)


def test_tanh_of_ten_thousand_layers():
    """Xiao et al. 2018, arXiv:1806.05393: sigma_w^2 = 1.05, sigma_b^2 = 2.01e-5."""
    point = edge_of_chaos(nl.tanh, sigma_b=math.sqrt(2.01e-5))
    assert point.sigma_w**2 == pytest.approx(1.05, abs=1e-4)


def test_half_stable_points():
    """Roberts, Yaida & Hanin 2022, arXiv:2106.10165, section 5.3: where the slope of the variance map is 1 too."""
    point = edge_of_chaos(nl.silu, sigma_b=math.sqrt(0.55514))
    assert point.sigma_w**2 == pytest.approx(1.98800, abs=1e-5)
    assert point.variance == pytest.approx(14.32017, rel=1e-4)
    assert point.slope == pytest.approx(1, abs=1e-6)
    point = edge_of_chaos(nl.gelu, sigma_b=math.sqrt(0.17292))
    assert point.sigma_w**2 == pytest.approx(1.98305, abs=2e-5)
    assert point.slope == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("sigma_b", [0.05, 0.2, 1.0])
def test_error_function_in_closed_form(own, sigma_b):
    """E erf(sqrt(q) z)^2 = 2 / pi asin(2 q / (1 + 2 q)) (Williams 1998), of the slope 4 / (pi sqrt(1 + 4 q))."""
    sigma_w, _, q, _ = edge_of_chaos(own.erf, sigma_b)
    assert sigma_w**2 * 4 / (math.pi * math.sqrt(1 + 4 * q)) == pytest.approx(1, rel=1e-11)
    assert sigma_w**2 * 2 / math.pi * math.asin(2 * q / (1 + 2 * q)) + sigma_b**2 == pytest.approx(q, rel=1e-11)


@pytest.mark.parametrize("sigma_b", [0.0, 0.3])
def test_exponential_in_closed_form(own, sigma_b):
    """E exp(-2 sqrt(q) z) = exp(2 q) for value and slope, so q = 1 + sigma_b^2, where the variance map has slope 2."""
    q = 1 + sigma_b**2
    assert edge_of_chaos(own.decay, sigma_b) == pytest.approx((math.exp(-q), sigma_b, q, 2), rel=1e-9)


def test_a_cosine_in_closed_form(own):
    """E cos(sqrt(q) z)^2 = (1 + exp(-2 q)) / 2: the condition is q = coth(q) for sigma_b = 0."""
    _, _, q, slope = edge_of_chaos(own.cosine)
    assert q * math.tanh(q) == pytest.approx(1, rel=1e-11)
    assert slope == pytest.approx(-2 * math.exp(-2 * q) / (1 - math.exp(-2 * q)), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "sigma_b", "message"),
    [
        ("step", 0.0, "step has no edge of chaos: it jumps"),
        ("relu", 0.1, "relu has no edge of chaos at sigma_b = 0.1: .*; take sigma_b = 0, where there is one"),
        ("softplus", 0.0, "softplus has no edge of chaos at sigma_b = 0: for no sigma_w"),
        ("tanh", -1.0, "sigma_b must be a finite number at least 0, got -1.0"),
        ("tanh", math.nan, "sigma_b must be a finite number at least 0, got nan"),
    ],
)
def test_none_is_told_in_one_sentence(name, sigma_b, message):
    with pytest.raises(nl.InputError, match=message):
        nl.get(name).critical_initialization(sigma_b)


@settings(max_examples=20)
@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.03, 2))
def test_scaling(alpha, beta, sigma_b):
    """Scaling outputs by a divides sigma_w by a; scaling inputs by b divides sigma_w, sigma_b and sqrt(q) by b."""

    @nl.activation()
    def scaled(x, *, alpha=1.0, beta=1.0):
        return alpha * nl.tanh(beta * x)

    @scaled.derivative
    def _(x, *, alpha=1.0, beta=1.0):
        return alpha * beta * nl.tanh.derivative(beta * x)

    plain = edge_of_chaos(nl.tanh, sigma_b)
    found = edge_of_chaos(scaled, sigma_b / beta, alpha=alpha, beta=beta)
    assert found.sigma_w == pytest.approx(plain.sigma_w / alpha / beta, rel=1e-9)
    assert found.variance == pytest.approx(plain.variance / beta**2, rel=1e-9)
    assert found.slope == pytest.approx(plain.slope, rel=1e-9)


@pytest.mark.parametrize(("name", "sigma_w", "sigma_b"), [("tanh", 1.5, 0.3), ("elu", 1.0, 0.2), ("gelu", 1.2, 0.5)])
def test_a_wide_random_network(name, sigma_w, sigma_b):
    """The variance that thirty layers of 800 random units settle at, and the growth of a small difference there."""
    f, random, width = nl.get(name), np.random.default_rng(5), 800
    h = random.normal(size=width)
    tangent = random.normal(size=width)
    variances, growth = [], []
    for _ in range(30):
        weights = random.normal(0, sigma_w / math.sqrt(width), (width, width))
        before = np.linalg.norm(tangent)
        tangent = weights @ (f.derivative(h) * tangent)
        growth.append((np.linalg.norm(tangent) / before) ** 2)
        h = weights @ f(h) + random.normal(0, sigma_b, width)
        variances.append(h.var())
    q = variance_fixed_point(f, sigma_w, sigma_b)
    assert np.mean(variances[-15:]) == pytest.approx(q, rel=0.1)
    assert np.mean(growth[-15:]) == pytest.approx(chi(f, q, sigma_w), rel=0.1)


def test_fixed_points_of_the_variance():
    assert variance_fixed_point(nl.selu, 1.0) == pytest.approx(1, abs=1e-12)  # Klambauer et al. 2017
    assert variance_fixed_point(nl.selu, 1.0, start=3.0) == pytest.approx(1, abs=1e-12)
    assert variance_fixed_point(nl.relu, math.sqrt(2), start=7.0) == 7  # any
    assert variance_fixed_point(nl.relu, 1.0, 0.5) == pytest.approx(0.5, rel=1e-12)  # q = q / 2 + 1 / 4
    assert variance_fixed_point(nl.relu, 1.0) == 0
    assert variance_fixed_point(nl.relu, 1.5) == math.inf
    assert variance_fixed_point(nl.tanh, 0.9) == 0
    assert variance_fixed_point(nl.step, 2.0, 1.0) == pytest.approx(3, rel=1e-12)


def test_the_critical_point_is_where_the_layers_stay():
    sigma_w, sigma_b = critical_initialization(nl.tanh, 0.2)
    q = variance_fixed_point(nl.tanh, sigma_w, sigma_b)
    assert variance_map(nl.tanh, q, sigma_w, sigma_b) == pytest.approx(q, rel=1e-12)
    assert chi(nl.tanh, q, sigma_w) == pytest.approx(1, rel=1e-10)


def test_chi_of_a_jump_is_infinite():
    assert chi(nl.step, 1.0, 1.0) == math.inf
    with pytest.raises(nl.InputError, match="sigma_w must be a finite number at least 0, got inf"):
        chi(nl.relu, 1.0, math.inf)
