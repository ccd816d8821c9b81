"""Matched gains against the published values and the fixed point of SELU."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import nonlin as nl
from nonlin.facts.gain import matched_gain
from nonlin.facts.quadrature import normal_expectation
from nonlin.primitives import exp, sqrt

# 1 / sqrt(E f(z)^2): closed forms for relu, leaky_relu and gelu; high-precision quadrature for the rest.
GAINS = {
    "relu": 2**0.5,
    "leaky_relu": (2 / (1 + 0.01**2)) ** 0.5,
    "tanh": 1.5925374197,
    "sigmoid": 1.8462285453,
    "selu": 1.0,
    "elu": 1.2451983007,
    "gelu": (1 / 3 + 1 / (2 * np.pi * 3**0.5)) ** -0.5,
    "silu": 1.6765324703,
    "softplus": 1.0418668355,
    "identity": 1.0,
}


@pytest.mark.parametrize(("name", "gain"), GAINS.items())
def test_gain(name, gain):
    assert nl.get(name).gain == pytest.approx(gain, abs=2e-10)


def test_gain_follows_the_parameter():
    assert matched_gain(nl.leaky_relu, negative_slope=1.0) == pytest.approx(1.0, abs=1e-12)


def test_selu_keeps_mean_zero_and_variance_one():
    """Klambauer et al. 2017: (0, 1) is a fixed point of the map of mean and variance."""
    assert normal_expectation(nl.selu, nl.selu.kinks) == pytest.approx(0, abs=1e-12)
    assert normal_expectation(lambda z: nl.selu(z) ** 2, nl.selu.kinks) == pytest.approx(1, abs=1e-12)


# 1 / sqrt(Var f(z)): closed forms, and high-precision quadrature for the rest.
CENTERED = {
    "relu": (0.5 - 1 / (2 * np.pi)) ** -0.5,
    "identity": 1.0,
    "tanh": 1.5925374197,
    "step": 2.0,
    "sigmoid": 4.80131337,
    "selu": 1.0,
    "elu": 1.27084342,
    "gelu": (1 / 3 + 1 / (2 * np.pi * 3**0.5) - 1 / (4 * np.pi)) ** -0.5,
    "silu": 1.78718722,
    "softplus": 1.91912598,
}


@pytest.mark.parametrize(("name", "gain"), CENTERED.items())
def test_centered_gain(name, gain):
    assert nl.get(name).centered_gain == pytest.approx(gain, abs=1e-8)


def test_gains_of_an_own_function_with_kinks(own):
    """A hat: its moments are integrals of x^n times the normal density, by adaptive quadrature split at its kinks."""

    def moment(power):
        return quad(lambda z: max(1 - abs(z - 0.3), 0) ** power * norm.pdf(z), -0.7, 1.3, points=[0.3], epsabs=1e-13)[0]

    assert own.hat.gain == pytest.approx(moment(2) ** -0.5, rel=1e-11)
    assert own.hat.centered_gain == pytest.approx((moment(2) - moment(1) ** 2) ** -0.5, rel=1e-11)


def test_gains_of_an_odd_function_are_one():
    """LeCun et al. 1998, Efficient BackProp: 1.7159 tanh(2 x / 3); its mean is 0."""

    @nl.activation()
    def lecun_tanh(x):
        return 1.7159 * nl.tanh(2 * x / 3)

    mean_square = quad(lambda z: (1.7159 * np.tanh(2 * z / 3)) ** 2 * norm.pdf(z), -40, 40, points=[0], epsabs=1e-13)[0]
    assert lecun_tanh.gain == lecun_tanh.centered_gain == pytest.approx(mean_square**-0.5, rel=1e-11)


def test_no_gain_is_told_in_one_sentence():
    @nl.activation()
    def root(x):
        return sqrt(x)

    @nl.activation()
    def explosive(x):
        return exp(x * x)

    with pytest.raises(nl.InputError, match=r"root has no gain, because .* is no number"):
        _ = root.gain
    with pytest.raises(nl.InputError, match=r"explosive has no gain, because .* is infinite"):
        _ = explosive.centered_gain
    with pytest.raises(nl.InputError, match="relu has no parameter 'alpha'"):
        matched_gain(nl.relu, alpha=1)


def test_a_formula_that_changes_has_new_facts():
    @nl.activation()
    def changing(x):
        return 2 * x

    assert changing.gain == pytest.approx(0.5, rel=1e-14)
    changing.kernel(_four_times)
    assert changing.gain == pytest.approx(0.25, rel=1e-14)


def _four_times(x):
    return 4 * x
