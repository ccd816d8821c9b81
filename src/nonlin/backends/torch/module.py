"""Definitions as modules: PyTorch's own where it has the function, else the definition's formulas."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from ...definition import Activation
from ...signature import learnable_names
from . import Tensor, nn, torch
from .function import call


class DefinedActivation(nn.Module):
    """An activation by its formulas; its learnable parameters are parameters of the module, in float64 at first.

    Examples
    --------
    >>> import nonlin as nl
    >>> DefinedActivation(nl.swish_beta, {"beta": 2.0})
    DefinedActivation(swish_beta, beta=2)
    """

    def __init__(self, record: Activation, parameters: Mapping[str, float]) -> None:
        super().__init__()
        self.record, self.fixed = record, record.check_parameters(parameters)
        for name in learnable_names(record):
            self.register_parameter(name, nn.Parameter(torch.tensor(self.fixed.pop(name), dtype=torch.float64)))

    def forward(self, x: Tensor) -> Tensor:
        """f(x), shaped like x."""
        return call(self.record, x, **self.fixed, **dict(self.named_parameters()))

    def extra_repr(self) -> str:
        """The name and the parameters."""
        numbers = {**self.fixed, **{name: number.item() for name, number in self.named_parameters()}}
        return ", ".join([self.record.name, *(f"{name}={numbers[name]:g}" for name in self.record.parameters)])


def module(record: Activation, parameters: Mapping[str, float]) -> nn.Module:
    """A module that computes an activation with these parameters, in float64.

    Examples
    --------
    >>> import nonlin as nl
    >>> module(nl.leaky_relu, {"negative_slope": 0.2})
    LeakyReLU(negative_slope=0.2)
    """
    defined = DefinedActivation(record, parameters)
    native = _native(record, record.check_parameters(parameters))
    return native if native and _agree(native, defined) else defined


def _native(record: Activation, numbers: Mapping[str, float]) -> nn.Module | None:
    """PyTorch's module named as the function that the definition declares the same, as far as it takes parameters."""
    wanted = record.same_as.get("torch", "").rpartition(".")[2].replace("_", "").lower()
    known = {name.lower(): kind for name, kind in vars(nn).items() if isinstance(kind, type)}
    if wanted not in known:
        return None
    accepted = inspect.signature(known[wanted]).parameters
    settings = {name: number for name, number in {**numbers, "dim": -1}.items() if name in accepted}
    native = known[wanted](**settings).double()
    for name, parameter in native.named_parameters():
        nn.init.constant_(parameter, numbers.get(name, 0.0))
    return native


def _agree(native: nn.Module, defined: DefinedActivation) -> bool:
    """Whether two modules compute the same and learn as much: one may be random, or lack a parameter."""
    points = torch.linspace(-9, 9, 73, dtype=torch.float64)
    same_size = len(list(native.parameters())) == len(list(defined.parameters()))
    with torch.no_grad():
        return same_size and torch.allclose(native(points), defined(points), rtol=1e-9, atol=1e-12)
