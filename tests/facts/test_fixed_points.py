"""Fixed points with famous names, and where functions are the identity."""

import math

import pytest
from scipy.special import lambertw

import nonlin as nl
from nonlin.facts import Interval, fixed_points


def test_famous_ones(own):
    assert own.cosine.fixed_points[-1:] == pytest.approx((0.7390851332151607,), rel=1e-15)  # Dottie's number
    assert own.decay.fixed_points == pytest.approx((lambertw(1).real,), rel=1e-15)  # the omega constant
    assert own.square.fixed_points == (0, 1)


@pytest.mark.parametrize("name", ["tanh", "gelu", "silu", "mish"])
def test_zero_only(name):
    """gelu(x) is x to the last bit beyond 9, yet it is no fixed point."""
    assert nl.get(name).fixed_points == (0,)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu"])
def test_the_positive_half(name):
    assert nl.get(name).fixed_points == (Interval(0, math.inf),)


def test_everywhere_or_nowhere():
    assert nl.identity.fixed_points == (Interval(-math.inf, math.inf),)
    assert nl.softplus.fixed_points == ()
    assert fixed_points(nl.leaky_relu, negative_slope=1) == nl.identity.fixed_points


def test_selu_has_one_below_zero():
    """x = scale alpha (exp(x) - 1) has the solution x = -c - W(-c exp(-c)), with c = scale alpha."""
    c = 1.0507009873554805 * 1.6732632423543772
    expected = -c - lambertw(-c * math.exp(-c), 0).real
    assert nl.selu.fixed_points == pytest.approx((expected, 0), abs=1e-14)


def test_touching_points_of_a_periodic_function_within_reach():
    """x + sin(x)^2 is x at the multiples of pi, which it does not cross."""
    from nonlin.definition.primitives import sin

    @nl.activation()
    def own_snake(x):
        return x + sin(x) ** 2

    @own_snake.derivative
    def _(x):
        return 1 + sin(2 * x)

    expected = [k * math.pi for k in range(-12, 13)]
    assert own_snake.fixed_points == pytest.approx(expected, abs=1e-7)


def test_a_hat_and_a_jump(own):
    assert own.hat.fixed_points == pytest.approx((0.65,), abs=1e-15)  # 1 - (x - 0.3) = x
    assert nl.step.fixed_points == (0, 1)
