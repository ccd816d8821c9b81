"""The definitions of activation functions, a file per family."""

from .exponential import elu, selu, softplus
from .gated import swiglu
from .normalizers import log_softmax, softmax
from .rectifiers import identity, leaky_relu, relu, step
from .self_gated import gelu, mish, silu
from .sigmoids import sigmoid, tanh

__all__ = [
    "elu",
    "gelu",
    "identity",
    "leaky_relu",
    "log_softmax",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "step",
    "swiglu",
    "tanh",
]
