"""Piecewise linear functions."""

from math import inf

from ..definition import Parameter, activation
from ..definition.primitives import where

__all__ = ["identity", "leaky_relu", "relu", "step"]


@activation(
    aliases=("linear",),
    reference="Rosenblatt 1958, doi:10.1037/h0042519 (the weighted sum itself)",
    monotone=True,
    same_as={"torch": "nn.Identity", "jax": "nn.identity", "keras": "activations.linear", "sklearn": "identity"},
)
def identity(x):
    """x itself."""
    return x


@identity.derivative
def _(x):
    return 1


@activation(
    aliases=("heaviside", "binary_step"),
    reference="McCulloch & Pitts 1943, doi:10.1007/BF02478259",
    range=(0, 1),
    monotone=True,
    smoothness=-1,
    kinks=(0,),
    same_as={"numpy": "heaviside(x, 0)"},
)
def step(x):
    """1 where x is positive, else 0; its derivative is 0 everywhere, so it cannot learn by gradients."""
    return where(x > 0, 1, 0)


@step.derivative
def _(x):
    return 0


@activation(
    reference="Fukushima 1969, doi:10.1109/TSSC.1969.300225; Nair & Hinton 2010",
    range=(0, inf),
    monotone=True,
    smoothness=0,
    kinks=(0,),
    same_as={
        "torch": "nn.functional.relu",
        "jax": "nn.relu",
        "keras": "activations.relu",
        "tensorflow": "nn.relu",
        "sklearn": "relu",
        "onnx": "Relu",
    },
)
def relu(x):
    """The positive part of x, else 0. At 0 the derivative is 0, as in PyTorch."""
    return where(x < 0, 0, x)


@relu.derivative
def _(x):
    return where(x > 0, 1, 0)


@activation(
    aliases=("leakyrelu", "lrelu"),
    reference="Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models",
    monotone=True,
    smoothness=0,
    kinks=(0,),
    parameters={"negative_slope": Parameter(0.01, text="slope for negative x; 0.2 in TensorFlow, 0.3 in Keras layers")},
    same_as={
        "torch": "nn.functional.leaky_relu",
        "jax": "nn.leaky_relu",
        "keras": "activations.leaky_relu(x, 0.01)",
        "tensorflow": "nn.leaky_relu(x, 0.01)",
        "onnx": "LeakyRelu",
    },
)
def leaky_relu(x, *, negative_slope=0.01):
    """x where it is positive, else x times a small slope. At 0 the derivative is the slope, as in PyTorch."""
    return where(x > 0, x, where(abs(negative_slope) > 0, negative_slope * x, 0))  # 0, not 0 * infinity


@leaky_relu.derivative
def _(x, *, negative_slope=0.01):
    return where(x > 0, 1, negative_slope)
