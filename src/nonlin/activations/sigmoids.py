"""S-shaped functions."""

from math import inf

from ..definition import activation
from ..definition.primitives import exp, where
from ..definition.primitives import tanh as hyperbolic_tangent

__all__ = ["sigmoid", "tanh"]


@activation(
    aliases=("logistic", "expit"),
    reference="Verhulst 1845; Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0",
    range=(0, 1),
    monotone=True,
    smoothness=inf,
    same_as={
        "torch": "sigmoid",
        "jax": "nn.sigmoid",
        "keras": "activations.sigmoid",
        "tensorflow": "sigmoid",
        "sklearn": "logistic",
        "scipy": "special.expit",
        "onnx": "Sigmoid",
    },
)
def sigmoid(x):
    """1 / (1 + exp(-x)): the probability whose log-odds are x."""
    return 1 / (1 + exp(-x))


@sigmoid.kernel
def _(x):
    e = exp(-abs(x))
    return where(x < 0, e, 1) / (1 + e)


@sigmoid.derivative
def _(x):
    # sigmoid(x) sigmoid(-x): from 1 - sigmoid(x) it would be 0 beyond x = 17 in float32.
    e = exp(-abs(x))
    return e / (1 + e) ** 2


@activation(
    reference="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, doi:10.1007/3-540-49430-8_2",
    range=(-1, 1),
    monotone=True,
    smoothness=inf,
    same_as={
        "torch": "tanh",
        "jax": "nn.tanh",
        "keras": "activations.tanh",
        "tensorflow": "tanh",
        "sklearn": "tanh",
        "numpy": "tanh",
        "onnx": "Tanh",
    },
)
def tanh(x):
    """The hyperbolic tangent, (exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return hyperbolic_tangent(x)


@tanh.derivative
def _(x):
    # 1 - tanh(x)^2 without the cancellation that makes it 0 beyond |x| = 9 in float32.
    e = exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2
