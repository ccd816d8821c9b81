"""Functions with one exponential branch, and the smooth relu."""

from math import inf

from ..definition import Parameter, activation
from ..definition.constants import SELU_ALPHA, SELU_SCALE
from ..definition.primitives import exp, expm1, log1p, maximum, minimum, where
from .sigmoids import sigmoid

__all__ = ["elu", "selu", "softplus"]


@activation(
    reference="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    range=(-1, inf),
    monotone=True,
    smoothness=1,
    kinks=(0,),
    parameters={"alpha": Parameter(1.0, text="minus the limit for very negative x")},
    same_as={
        "torch": "nn.functional.elu",
        "jax": "nn.elu",
        "keras": "activations.elu",
        "tensorflow": "nn.elu",
        "onnx": "Elu",
    },
)
def elu(x, *, alpha=1.0):
    """x where it is positive, else alpha (exp(x) - 1). At 0 the derivative is alpha, as in PyTorch."""
    return where(x > 0, x, alpha * expm1(minimum(x, 0)))


@elu.derivative
def _(x, *, alpha=1.0):
    return where(x > 0, 1, alpha * exp(minimum(x, 0)))


@activation(
    reference="Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515",
    range=(-1.7580993408473768, inf),
    monotone=True,
    smoothness=0,
    kinks=(0,),
    same_as={
        "torch": "nn.functional.selu",
        "jax": "nn.selu",
        "keras": "activations.selu",
        "tensorflow": "nn.selu",
        "onnx": "Selu",
    },
)
def selu(x):
    """An elu whose two constants make mean 0 and variance 1 a fixed point from layer to layer."""
    return where(x > 0, SELU_SCALE * x, SELU_SCALE * SELU_ALPHA * expm1(minimum(x, 0)))


@selu.derivative
def _(x):
    return where(x > 0, SELU_SCALE, SELU_SCALE * SELU_ALPHA * exp(minimum(x, 0)))


@activation(
    aliases=("smooth_relu",),
    reference="Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, Incorporating second-order functional knowledge",
    range=(0, inf),
    monotone=True,
    smoothness=inf,
    same_as={
        "torch": "nn.functional.softplus (exact only below its threshold)",
        "jax": "nn.softplus",
        "keras": "activations.softplus",
        "tensorflow": "nn.softplus",
        "scipy": "special.softplus",
        "onnx": "Softplus",
    },
)
def softplus(x):
    """log(1 + exp(x)): a smooth relu, whose derivative is the sigmoid."""
    return log1p(exp(x))


@softplus.kernel
def _(x):
    return maximum(x, 0) + log1p(exp(-abs(x)))


@softplus.derivative
def _(x):
    return sigmoid(x)
