"""Gated linear units: one half of an axis, through a function, times the other half.

Which half is the gate is a convention: the second one in `glu` (PyTorch, JAX, Keras), the first one in Shazeer's
family (ONNX, LLaMA, T5); diffusers' GEGLU and timm's GluMlp exchange the halves.
"""

from ..definition import Gated, activation
from .rectifiers import relu
from .self_gated import gelu, gelu_tanh, silu
from .sigmoids import sigmoid

__all__ = ["bilinear", "geglu", "geglu_tanh", "glu", "reglu", "swiglu"]


@activation(
    kind=Gated,
    gate="second",
    aliases=("gated_linear_unit",),
    reference="Dauphin, Fan, Auli & Grangier 2016, arXiv:1612.08083",
    same_as={
        "torch": "nn.functional.glu",
        "jax": "nn.glu",
        "keras": "activations.glu",
        "flax": "nnx.glu",
    },
)
def glu(gate, value):
    """The first half of an axis times the sigmoid of the second half, the gate."""
    return value * sigmoid(gate)


@glu.derivative
def _(gate, value):
    return value * sigmoid.derivative(gate), sigmoid(gate)


@activation(
    kind=Gated,
    gate="first",
    aliases=("gated-silu",),
    reference="Shazeer 2020, arXiv:2002.05202",
    same_as={"onnx": "SwiGLU", "huggingface": "the gate of LLaMA's feed-forward layer"},
)
def swiglu(gate, value):
    """silu of the first half of an axis, the gate, times the second half."""
    return silu(gate) * value


@swiglu.derivative
def _(gate, value):
    return silu.derivative(gate) * value, silu(gate)


@activation(
    kind=Gated,
    gate="first",
    reference="Shazeer 2020, arXiv:2002.05202",
    same_as={"diffusers": "models.activations.GEGLU, the halves exchanged"},
)
def geglu(gate, value):
    """gelu of the first half of an axis, the gate, times the second half."""
    return gelu(gate) * value


@geglu.derivative
def _(gate, value):
    return gelu.derivative(gate) * value, gelu(gate)


@activation(
    kind=Gated,
    gate="first",
    aliases=("gated-gelu",),
    reference="Shazeer 2020, arXiv:2002.05202, with the gelu of T5 1.1",
    same_as={"huggingface": "the gate of T5 1.1's and Gemma's feed-forward layer"},
)
def geglu_tanh(gate, value):
    """gelu_tanh of the first half of an axis, the gate, times the second half."""
    return gelu_tanh(gate) * value


@geglu_tanh.derivative
def _(gate, value):
    return gelu_tanh.derivative(gate) * value, gelu_tanh(gate)


@activation(
    kind=Gated,
    gate="first",
    reference="Shazeer 2020, arXiv:2002.05202",
)
def reglu(gate, value):
    """relu of the first half of an axis, the gate, times the second half."""
    return relu(gate) * value


@reglu.derivative
def _(gate, value):
    return relu.derivative(gate) * value, relu(gate)


@activation(
    kind=Gated,
    gate="first",
    aliases=("bilinear_glu",),
    reference="Mnih & Hinton 2007, doi:10.1145/1273496.1273577; Shazeer 2020, arXiv:2002.05202",
)
def bilinear(gate, value):
    """The first half of an axis times the second half: a gated linear unit without a function."""
    return gate * value


@bilinear.derivative
def _(gate, value):
    return value, gate
