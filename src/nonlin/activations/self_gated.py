"""x times a gate that depends on x."""

from math import inf

from ..definition import activation
from ..definition.constants import INVERSE_SQRT_2PI, SQRT_HALF
from ..definition.primitives import erfc, erfcx, exp, tanh, where
from .exponential import softplus
from .sigmoids import sigmoid

__all__ = ["gelu", "mish", "silu"]

# For negative x these functions are x times something tiny. Their kernels write exp(x) as h * h and multiply
# x by one h first, so that the product stays a normal number as long as the result is one.


@activation(
    aliases=("swish",),
    reference="Elfwing, Uchibe & Doya 2017, arXiv:1702.03118",
    range=(-0.27846454276107379, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={
        "torch": "nn.functional.silu",
        "jax": "nn.silu",
        "keras": "activations.silu",
        "tensorflow": "nn.silu",
        "huggingface": "silu",
    },
)
def silu(x):
    """x times sigmoid(x): a smooth, self-gated relu."""
    return x * sigmoid(x)


@silu.kernel
def _(x):
    h = exp(-abs(x) / 2)
    return where(x < 0, x * h * h, x) / (1 + h * h)


@silu.derivative
def _(x):
    h = exp(-abs(x) / 2)
    e = h * h
    gate = 1 + x * (where(x < 0, 1, e) / (1 + e))  # 1 + x sigmoid(-x)
    return where(x < 0, gate * h * h, gate) / (1 + e)


@activation(
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    range=(-0.16997120747990369, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={
        "torch": "nn.functional.gelu",
        "jax": "nn.gelu(x, approximate=False)",
        "keras": "activations.gelu",
        "tensorflow": "nn.gelu",
        "onnx": "Gelu",
    },
)
def gelu(x):
    """x times the probability that a standard normal number is below x (the exact, erf form)."""
    return x * erfc(-x * SQRT_HALF) / 2


@gelu.kernel
def _(x):
    a = abs(x)
    h = exp(-x * x / 4)
    return where(x < 0, -0.0, x) - a * h * erfcx(a * SQRT_HALF) / 2 * h


@gelu.derivative
def _(x):
    # With P the normal distribution and p its density: P(x) + x p(x) for x < 0, and 1 minus that of -x beyond.
    a = abs(x)
    h = exp(-x * x / 4)
    tail = (erfcx(a * SQRT_HALF) / 2 - a * INVERSE_SQRT_2PI) * h * h
    return where(x < 0, tail, 1 - tail)


@activation(
    reference="Misra 2019, arXiv:1908.08681",
    range=(-0.3088434130172504, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={
        "torch": "nn.functional.mish",
        "jax": "nn.mish",
        "keras": "activations.mish",
        "onnx": "Mish",
        "huggingface": "mish",
    },
)
def mish(x):
    """x times tanh(softplus(x))."""
    return x * tanh(softplus(x))


@mish.kernel
def _(x):
    # tanh(softplus(x)) = n / (n + 2) with n = w (w + 2), w = exp(x); for x > 0 both are divided by w^2.
    h = exp(-abs(x) / 2)
    e = h * h
    below = x * h * h * (e + 2) / (e * (e + 2) + 2)
    above = x * (1 + 2 * e) / (1 + 2 * e * (1 + e))
    return where(x < 0, below, above)


@mish.derivative
def _(x):
    # The derivative of x n / (n + 2); for x > 0 numerator and denominator are divided by exp(4 x).
    h = exp(-abs(x) / 2)
    e = h * h
    below = 4 * ((x + 1 + e * (x + 3 / 2 + e * (1 + e / 4))) * h * h) / (e * (e + 2) + 2) ** 2
    above = (1 + 4 * e * (1 + e * (x + 3 / 2 + e * (x + 1)))) / (1 + 2 * e * (1 + e)) ** 2
    return where(x < 0, below, above)
