"""The primitives of the definitions as PyTorch's functions: the table that binds a formula to this backend."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from ...definition.constants import exact
from ..numbers import within
from ..row_threshold import row_threshold
from . import Tensor, torch


def table(dtype: torch.dtype, device: torch.device) -> dict[str, Callable[..., Any]]:
    """The primitives of the definitions on tensors of a floating dtype; rows lie along the last axis."""
    limits = torch.finfo(dtype)

    def number(value: float | Fraction) -> Tensor:
        return torch.full((), within(value, limits.max), dtype=dtype, device=device)

    primitives: dict[str, Callable[..., Any]] = {
        "number": number,
        "constant": lambda name: number(exact(name)),
        **_FUNCTIONS,
    }
    primitives["log1p"] = lambda x: torch.where(x.abs() < limits.tiny, x, torch.log1p(x))  # PyTorch's is 0 there
    digits = 1 - round(torch.tensor(limits.eps).log2().item())
    primitives["row_threshold"] = lambda x, power: row_threshold(primitives, torch.pow, x, power, digits)
    return primitives


def _sign(x: Tensor) -> Tensor:
    return torch.where(torch.isnan(x), x, torch.sign(x))  # PyTorch's sign of NaN is 0


def _is_row_argmax(x: Tensor) -> Tensor:
    return torch.zeros_like(x, dtype=torch.bool).scatter(-1, torch.argmax(x, -1, keepdim=True), True)


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "negative": torch.neg,
    "abs": torch.abs,
    "less": torch.lt,
    "less_equal": torch.le,
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "tanh": torch.tanh,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "erfcx": torch.special.erfcx,
    "sin": torch.sin,
    "cos": torch.cos,
    "arctan": torch.arctan,
    "sqrt": torch.sqrt,
    "sign": _sign,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "where": torch.where,
    "row_max": partial(torch.amax, dim=-1, keepdim=True),
    "row_sum": partial(torch.sum, dim=-1, keepdim=True),
    "is_row_argmax": _is_row_argmax,
}
