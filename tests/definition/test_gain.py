"""Matched gains against the published values and the fixed point of SELU."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.definition.gain import matched_gain, normal_expectation

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
