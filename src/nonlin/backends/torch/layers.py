"""The layers around activations as modules with given weights."""

from __future__ import annotations

import numpy as np

from ...definition import Activation
from ...definition.registry import activations
from . import Tensor, nn, torch
from .function import call


def linear(weights: np.ndarray, bias: np.ndarray | None) -> nn.Module:
    """x weights + bias, for weights of shape (inputs, outputs)."""
    layer = nn.Linear(*weights.shape, bias=bias is not None, dtype=_tensor(weights).dtype)
    return _with(layer, weight=weights.T, bias=bias)


def normalization(
    kind: str,
    gamma: np.ndarray,
    bias: np.ndarray,
    mean: np.ndarray | None,
    variance: np.ndarray | None,
    epsilon: float,
) -> nn.Module:
    """Layer or batch normalization, `kind` "layer" or "batch"; the mean and variance are those of evaluation."""
    kinds = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}
    layer = kinds[kind](len(gamma), eps=epsilon, dtype=_tensor(gamma).dtype)
    running = {"running_mean": mean, "running_var": variance} if kind == "batch" else {}
    return _with(layer, weight=gamma, bias=bias, **running)


def _with(layer: nn.Module, **arrays: np.ndarray | None) -> nn.Module:
    """The layer with these numbers as its parameters and buffers."""
    tensors = {name: _tensor(array) for name, array in arrays.items() if array is not None}
    layer.load_state_dict(tensors, strict=False)
    return layer


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, order="C"))


class Opposites(nn.Module):
    """A single output z as the pair (-z, z)."""

    def forward(self, z: Tensor) -> Tensor:
        """From shape (..., 1) to shape (..., 2)."""
        return torch.cat([-z, z], dim=-1)


class Shares(nn.Module):
    """The activation of each output over the sum of its row; softmax where that is 0."""

    def __init__(self, record: Activation) -> None:
        super().__init__()
        self.record = record

    def forward(self, z: Tensor) -> Tensor:
        """Shares that add up to 1, shaped like z."""
        each = call(self.record, z)
        total = each.sum(-1, keepdim=True)
        positive = total > 0
        return torch.where(positive, each / torch.where(positive, total, 1), call(activations.get("softmax"), z))

    def extra_repr(self) -> str:
        """The name of the activation."""
        return self.record.name
