"""Lipschitz constants, saturation and dead intervals against closed forms."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import norm

import nonlin as nl
from nonlin.facts import Interval, dead, lipschitz, saturation

INF = math.inf
SECH_TENTH = math.acosh(10)  # 1 - tanh(x)^2 is 1 % there

LIPSCHITZ = {
    "identity": 1,
    "relu": 1,
    "leaky_relu": 1,
    "step": INF,
    "sigmoid": 1 / 4,
    "tanh": 1,
    "softplus": 1,
    "elu": 1,
    "selu": 1.0507009873554805 * 1.6732632423543772,
    "gelu": norm.cdf(math.sqrt(2)) + math.sqrt(2) * norm.pdf(math.sqrt(2)),
    "silu": -minimize_scalar(lambda x: -expit(x) * (1 + x * expit(-x)), bounds=(1, 4), options={"xatol": 1e-10}).fun,
}

SATURATION = {
    "tanh": [(-INF, -SECH_TENTH), (SECH_TENTH, INF)],
    "sigmoid": [(-INF, -2 * SECH_TENTH), (2 * SECH_TENTH, INF)],
    "elu": [(-INF, math.log(0.01))],
    "softplus": [(-INF, math.log(1 / 99))],
    "relu": [(-INF, 0)],
    "leaky_relu": [],
    "step": [(-INF, INF)],
    "identity": [],
}

DEAD = {"relu": [(-INF, 0)], "step": [(-INF, INF)], "leaky_relu": [], "gelu": [], "tanh": [], "elu": []}


@pytest.mark.parametrize(("name", "constant"), LIPSCHITZ.items())
def test_lipschitz(name, constant):
    assert nl.get(name).lipschitz == pytest.approx(constant, rel=1e-13)


@pytest.mark.parametrize(("name", "tails"), SATURATION.items())
def test_saturation(name, tails):
    found = nl.get(name).saturation
    assert len(found) == len(tails)
    for interval, expected in zip(found, tails, strict=True):
        assert interval == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("name", "intervals"), DEAD.items())
def test_dead(name, intervals):
    assert list(nl.get(name).dead) == intervals


def test_what_underflows_is_not_dead():
    """gelu's slope at -50 is too small for a float, but it is not zero; a bell's at 1e6 neither."""
    assert nl.gelu.derivative(-50.0) == 0
    assert nl.gelu.dead == nl.silu.dead == nl.mish.dead == ()


def test_kinks_of_an_own_function_need_no_declaration(own):
    low, high = 0.3 - 1, 0.3 + 1
    assert [tuple(interval) for interval in own.hat.dead] == [
        pytest.approx((-INF, low), abs=1e-15),
        pytest.approx((high, INF), abs=1e-15),
    ]
    assert own.hat.lipschitz == 1
    assert [str(interval) for interval in own.hat.saturation] == ["x <= -0.7", "x >= 1.3"]


def test_growth_without_bound(own):
    assert own.square.lipschitz == own.decay.lipschitz == INF
    assert own.square.saturation == ()
    # The root mean square slope is sqrt(E exp(-2 z)) = e; 1 % of it is reached at x = log(100) - 1.
    (tail,) = own.decay.saturation
    assert tail == (pytest.approx(math.log(100) - 1, abs=1e-12), INF)


def test_a_periodic_function_neither_saturates_nor_dies(own):
    assert own.cosine.lipschitz == pytest.approx(1, rel=1e-15)
    assert own.cosine.saturation == own.cosine.dead == ()


@settings(max_examples=20)
@given(st.floats(0.01, 100), st.floats(0.05, 20))
def test_scaling(alpha, beta):
    """The slope of a f(b x) is a b f'(b x), so its tails begin at 1 / b times those of f."""

    @nl.activation()
    def scaled(x, *, alpha=1.0, beta=1.0):
        return alpha * nl.tanh(beta * x)

    @scaled.derivative
    def _(x, *, alpha=1.0, beta=1.0):
        return alpha * beta * nl.tanh.derivative(beta * x)

    assert lipschitz(scaled, alpha=alpha, beta=beta) == pytest.approx(alpha * beta, rel=1e-12)
    ends = [end for tail in saturation(scaled, alpha=alpha, beta=beta) for end in tail]
    assert ends == pytest.approx([-INF, -SECH_TENTH / beta, SECH_TENTH / beta, INF], rel=1e-9)
    assert dead(scaled, alpha=alpha, beta=beta) == ()


def test_parameters_are_respected():
    assert lipschitz(nl.leaky_relu, negative_slope=-3) == 3
    assert dead(nl.leaky_relu, negative_slope=0) == (Interval(-INF, 0),)
    assert lipschitz(nl.elu, alpha=2) == 2


@pytest.mark.parametrize("ask", [lipschitz, saturation, dead])
def test_wrong_parameters_are_refused(ask):
    with pytest.raises(nl.InputError, match="relu has no parameter 'slope'"):
        ask(nl.relu, slope=1)
    with pytest.raises(nl.InputError, match="negative_slope must be a single number here"):
        ask(nl.leaky_relu, negative_slope=[1, 2])


def test_without_a_derivative_what_needs_none_is_known():
    @nl.activation()
    def own_parabola(x):
        return x * x - x

    assert own_parabola.fixed_points == (0, 2)
    assert own_parabola.gain == pytest.approx(0.5, rel=1e-13)  # E (z^2 - z)^2 = 3 + 1
    for fact in ("lipschitz", "saturation", "dead"):
        with pytest.raises(nl.InputError, match="own_parabola has no derivative: define it with"):
            getattr(own_parabola, fact)
