"""Functions whose shape is learned with the weights."""

from math import inf

from ..definition import Parameter, activation
from ..definition.primitives import exp, sign, where
from .scaling import scaled
from .sigmoids import tanh

__all__ = ["dyt", "pau"]


@activation(
    aliases=("dynamic_tanh", "dynamictanh"),
    reference="Zhu, Chen, He, LeCun & Liu 2025, arXiv:2503.10622",
    range=(-1, 1),
    monotone=True,
    smoothness=inf,
    parameters={
        "alpha": Parameter(0.5, learnable=True, text="the factor of the input, one for a layer"),
        "weight": Parameter(
            1.0, learnable=True, text="the factor of the result, one for a channel; gamma in the paper"
        ),
        "bias": Parameter(0.0, learnable=True, text="what is added to it, one for a channel; beta in the paper"),
    },
)
def dyt(x, *, alpha=0.5, weight=1.0, bias=0.0):
    """weight tanh(alpha x) + bias: Dynamic Tanh, used in place of layer normalization."""
    return weight * tanh(alpha * x) + bias


@dyt.kernel
def _(x, *, alpha=0.5, weight=1.0, bias=0.0):
    y = weight * tanh(scaled(x, alpha))
    return where(abs(bias) <= 0, y, y + bias)  # -0.0 + 0.0 would be 0.0


@dyt.derivative
def _(x, *, alpha=0.5, weight=1.0, bias=0.0):
    return weight * alpha * tanh.derivative(scaled(x, alpha))


@dyt.derivative(with_respect_to="alpha")
def _(x, *, alpha=0.5, weight=1.0, bias=0.0):
    h = exp(-abs(alpha * x))
    e = h * h
    return weight * (4 * (x * h) * h / (1 + e) ** 2)


@dyt.derivative(with_respect_to="weight")
def _(x, *, alpha=0.5, weight=1.0, bias=0.0):
    return tanh(scaled(x, alpha))


@dyt.derivative(with_respect_to="bias")
def _(x, *, alpha=0.5, weight=1.0, bias=0.0):
    return 1


# The rational function P(x) / Q(x) of order (5, 4). Beyond |x| = 1 its powers may overflow: there everything is written
# in z = 1 / x, with P over x^5 and Q over x^4.


def _folded(x):
    """x, and 1 / x beyond 1."""
    near = abs(x) < 1
    return where(near, x, 1 / where(near, 1, x))


def _inner(x, b1, b2, b3, b4):
    """b1 + b2 x + b3 x^2 + b4 x^3, which times x is between the bars of Q; beyond |x| = 1 over x^3."""
    near, z = abs(x) < 1, _folded(x)
    tail = where(near, b2, b3) + z * (where(near, b3, b2) + z * where(near, b4, b1))
    return where(near, b1, b4) + z * tail


def _side(x, b1, b2, b3, b4):
    """The sign of what is between the bars of Q."""
    return sign(where(abs(x) < 1, sign(x), 1) * _inner(x, b1, b2, b3, b4))


def _denominator(x, b1, b2, b3, b4):
    """Q(x), at least 1; beyond |x| = 1 over x^4."""
    near, z = abs(x) < 1, _folded(x)
    inner = _inner(x, b1, b2, b3, b4)
    return where(near, 1, z**4) + abs(where(near, z, 1) * inner)


def _numerator(x, a0, a1, a2, a3, a4, a5):
    """P(x); beyond |x| = 1 over x^5."""
    near, z = abs(x) < 1, _folded(x)
    tail = where(near, a3, a2) + z * (where(near, a4, a1) + z * where(near, a5, a0))
    return where(near, a0, a5) + z * (where(near, a1, a4) + z * (where(near, a2, a3) + z * tail))


@activation(
    aliases=("rational", "pade", "safe_pau"),
    reference="Molina, Schramowski & Kersting 2020, arXiv:1907.06732",
    monotone=True,
    smoothness=inf,
    parameters={
        "a0": Parameter(0.0271, learnable=True, text="value at 0"),
        "a1": Parameter(0.6, learnable=True, text="coefficient of x in P"),
        "a2": Parameter(1.3361, learnable=True, text="coefficient of x^2 in P"),
        "a3": Parameter(2.3881, learnable=True, text="coefficient of x^3 in P"),
        "a4": Parameter(0.7531, learnable=True, text="coefficient of x^4 in P"),
        "a5": Parameter(0.1811, learnable=True, text="coefficient of x^5 in P"),
        "b1": Parameter(0.0, learnable=True, text="coefficient of x in Q"),
        "b2": Parameter(3.9802, learnable=True, text="coefficient of x^2 in Q"),
        "b3": Parameter(0.0, learnable=True, text="coefficient of x^3 in Q"),
        "b4": Parameter(0.3018, learnable=True, text="coefficient of x^4 in Q"),
    },
    same_as={"rational-activations": "Rational(version='B')"},
)
def pau(
    x, *, a0=0.0271, a1=0.6, a2=1.3361, a3=2.3881, a4=0.7531, a5=0.1811, b1=0.0, b2=3.9802, b3=0.0, b4=0.3018
):  # fmt: skip
    """P / Q with P = a0 + ... + a5 x^5 and Q = 1 + |b1 x + ... + b4 x^4|: the safe Pade activation unit.

    It starts as the least-squares fit of leaky_relu with slope 0.2 on [-3, 3], within 0.03 of it. By the symmetry of
    |x|, the Q of that fit is even and has no kink; the paper's own coefficients have kinks where the sum in the bars
    is 0.
    """
    numerator = a0 + x * (a1 + x * (a2 + x * (a3 + x * (a4 + x * a5))))
    return numerator / (1 + abs(x * (b1 + x * (b2 + x * (b3 + x * b4)))))


@pau.kernel
def _(x, *, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    ratio = _numerator(x, a0, a1, a2, a3, a4, a5) / _denominator(x, b1, b2, b3, b4)
    return where(abs(x) < 1, ratio, x * ratio)


@pau.derivative
def _(x, *, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    # P' / Q - (P / Q) Q' / Q, where the powers of x cancel; Q' is d times the sign of what is between the bars.
    near = abs(x) < 1
    q = _denominator(x, b1, b2, b3, b4)
    n = _numerator(x, a0, a1, a2, a3, a4, a5)
    p = _numerator(
        x,
        where(near, a1, 0),
        where(near, 2 * a2, a1),
        where(near, 3 * a3, 2 * a2),
        where(near, 4 * a4, 3 * a3),
        where(near, 5 * a5, 4 * a4),
        where(near, 0, 5 * a5),
    )
    d = _inner(x, b1, 2 * b2, 3 * b3, 4 * b4)
    return (p - _side(x, b1, b2, b3, b4) * d * (n / q)) / q


@pau.derivative(with_respect_to="a0")
def _(x, *, b1, b2, b3, b4, **_):
    z = _folded(x)
    return where(abs(x) < 1, 1, z**4) / _denominator(x, b1, b2, b3, b4)


@pau.derivative(with_respect_to="a1")
def _(x, *, b1, b2, b3, b4, **_):
    z = _folded(x)
    return where(abs(x) < 1, x, z**3) / _denominator(x, b1, b2, b3, b4)


@pau.derivative(with_respect_to="a2")
def _(x, *, b1, b2, b3, b4, **_):
    z = _folded(x)
    return z * z / _denominator(x, b1, b2, b3, b4)


@pau.derivative(with_respect_to="a3")
def _(x, *, b1, b2, b3, b4, **_):
    z = _folded(x)
    return where(abs(x) < 1, x**3, z) / _denominator(x, b1, b2, b3, b4)


@pau.derivative(with_respect_to="a4")
def _(x, *, b1, b2, b3, b4, **_):
    return where(abs(x) < 1, x**4, 1) / _denominator(x, b1, b2, b3, b4)


@pau.derivative(with_respect_to="a5")
def _(x, *, b1, b2, b3, b4, **_):
    return where(abs(x) < 1, x**5, x) / _denominator(x, b1, b2, b3, b4)


def _pull(x, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    """-P / Q^2 times the side, which all derivatives in b share; beyond |x| = 1 times x^3."""
    q = _denominator(x, b1, b2, b3, b4)
    return -_side(x, b1, b2, b3, b4) * (_numerator(x, a0, a1, a2, a3, a4, a5) / q) / q


@pau.derivative(with_respect_to="b1")
def _(x, *, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    z = _folded(x)
    return where(abs(x) < 1, x, z * z) * _pull(x, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4)


@pau.derivative(with_respect_to="b2")
def _(x, *, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    z = _folded(x)
    return where(abs(x) < 1, x * x, z) * _pull(x, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4)


@pau.derivative(with_respect_to="b3")
def _(x, *, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    return where(abs(x) < 1, x**3, 1) * _pull(x, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4)


@pau.derivative(with_respect_to="b4")
def _(x, *, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4):
    return where(abs(x) < 1, x**4, x) * _pull(x, a0, a1, a2, a3, a4, a5, b1, b2, b3, b4)
