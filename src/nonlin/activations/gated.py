"""Gated linear units: one half of an axis, through a function, times the other half."""

from ..definition import Gated, activation
from .self_gated import silu

__all__ = ["swiglu"]


@activation(
    kind=Gated,
    gate="first",
    reference="Shazeer 2020, arXiv:2002.05202",
    same_as={"onnx": "SwiGLU", "huggingface": "the gate of LLaMA's feed-forward layer"},
)
def swiglu(gate, value):
    """silu of the first half of an axis times the second half."""
    return silu(gate) * value


@swiglu.derivative
def _(gate, value):
    return silu.derivative(gate) * value, silu(gate)
