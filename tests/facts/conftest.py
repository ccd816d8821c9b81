"""Functions as a user may define them, for facts with known answers."""

from types import SimpleNamespace

import pytest

import nonlin as nl
from nonlin.definition import primitives as p


@pytest.fixture
def own():
    """A hat, a cosine, a decaying exponential, a square, the error function and a scaled tanh; no fact is declared."""

    @nl.activation()
    def hat(x):
        return p.maximum(1 - abs(x - 0.3), 0)

    @hat.derivative
    def _(x):
        return p.where(abs(x - 0.3) < 1, -p.sign(x - 0.3), 0)

    @nl.activation()
    def own_cosine(x):
        return p.cos(x)

    @own_cosine.derivative
    def _(x):
        return -p.sin(x)

    @nl.activation()
    def decay(x):
        return p.exp(-x)

    @decay.derivative
    def _(x):
        return -p.exp(-x)

    @nl.activation()
    def own_square(x):
        return x * x

    @own_square.derivative
    def _(x):
        return 2 * x

    @nl.activation()
    def own_erf(x):
        return p.erf(x)

    @own_erf.derivative
    def _(x):
        return p.sqrt(1 / p.arctan(1)) * p.exp(-x * x)  # 2 / sqrt(pi), since arctan(1) is pi / 4

    @nl.activation()
    def scaled_tanh(x, *, alpha=1.0, beta=1.0):
        return alpha * p.tanh(beta * x)

    @scaled_tanh.derivative
    def _(x, *, alpha=1.0, beta=1.0):
        return alpha * beta * nl.tanh.derivative(beta * x)

    return SimpleNamespace(
        hat=hat, cosine=own_cosine, decay=decay, square=own_square, erf=own_erf, scaled_tanh=scaled_tanh
    )
