"""The one-liner that users write where their library lacks a function, once for NumPy, PyTorch and JAX.

`m` is the library: its exp, tanh, where and so on, its own sigmoid, relu, softplus, gelu and silu where it has them.
Parameters have this package's defaults. Gated functions take halves of the last axis, in each function's order.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, pi, sqrt
from types import SimpleNamespace
from typing import Any

import nonlin as nl

Maths = SimpleNamespace
Expression = Callable[[Any, Any], Any]

EXPRESSIONS: dict[str, Expression] = {
    "identity": lambda m, x: m.copy(x),
    "step": lambda m, x: m.where(x > 0, 1.0, 0.0),
    "sigmoid": lambda m, x: m.sigmoid(x),
    "tanh": lambda m, x: m.tanh(x),
    "relu": lambda m, x: m.relu(x),
    "leaky_relu": lambda m, x: m.where(x > 0, x, 0.01 * x),
    "prelu": lambda m, x: m.where(x > 0, x, 0.25 * x),
    "rrelu": lambda m, x: m.where(x > 0, x, (1 / 8 + 1 / 3) / 2 * x),
    "relu6": lambda m, x: m.clip(x, 0, 6),
    "relu_squared": lambda m, x: m.relu(x) ** 2,
    "star_relu": lambda m, x: 0.8944 * m.relu(x) ** 2 - 0.4472,
    "shifted_relu": lambda m, x: m.clip(x, -1, inf),
    "thresholded_relu": lambda m, x: m.where(x > 1, x, 0.0),
    "threshold": lambda m, x: m.where(x > 0, x, 0.0),
    "hardtanh": lambda m, x: m.clip(x, -1, 1),
    "hardsigmoid": lambda m, x: m.clip(x + 3, 0, 6) / 6,
    "hardswish": lambda m, x: x * m.clip(x + 3, 0, 6) / 6,
    "hard_mish": lambda m, x: x / 2 * m.clip(x + 2, 0, 2),
    "hard_elish": lambda m, x: m.where(x > 0, x, m.expm1(x)) * m.clip((x + 1) / 2, 0, 1),
    "sparse_plus": lambda m, x: m.where(x <= -1, 0.0, m.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "sparse_sigmoid": lambda m, x: m.clip((x + 1) / 2, 0, 1),
    "hardshrink": lambda m, x: m.where(abs(x) > 0.5, x, 0.0),
    "softshrink": lambda m, x: x - m.clip(x, -0.5, 0.5),
    "shrink": lambda m, x: m.where(abs(x) > 0.5, x, 0.0),
    "tanhshrink": lambda m, x: x - m.tanh(x),
    "elu": lambda m, x: m.where(x > 0, x, m.expm1(x)),
    "selu": lambda m, x: 1.0507009873554805 * m.where(x > 0, x, 1.6732632423543772 * m.expm1(x)),
    "celu": lambda m, x: m.where(x > 0, x, m.expm1(x)),
    "exponential": lambda m, x: m.exp(x),
    "softplus": lambda m, x: m.softplus(x),
    "logsigmoid": lambda m, x: -m.softplus(-x),
    "silu": lambda m, x: m.silu(x),
    "gelu": lambda m, x: m.gelu(x),
    "gelu_tanh": lambda m, x: x / 2 * (1 + m.tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))),
    "gelu_clipped": lambda m, x: m.clip(m.gelu(x), -10, 10),
    "quick_gelu": lambda m, x: x * m.sigmoid(1.702 * x),
    "mish": lambda m, x: x * m.tanh(m.softplus(x)),
    "softsign": lambda m, x: x / (1 + abs(x)),
    "squareplus": lambda m, x: (x + m.sqrt(x * x + 4)) / 2,
    "laplace": lambda m, x: (1 + m.erf((x - 0.707107) / (0.282095 * sqrt(2)))) / 2,
    "sqrtsoftplus": lambda m, x: m.sqrt(m.softplus(x)),
    "xielu": lambda m, x: m.where(x > 0, 0.8 * x * x + x / 2, 0.8 * (m.expm1(x) - x) + x / 2),
    "gaussian": lambda m, x: m.exp(-x * x),
    "sin": lambda m, x: m.sin(x),
    "arctan": lambda m, x: m.arctan(x),
    "snake": lambda m, x: x + m.sin(x) ** 2,
    "isru": lambda m, x: x / m.sqrt(1 + x * x),
    "isrlu": lambda m, x: m.where(x > 0, x, x / m.sqrt(1 + x * x)),
    "bent_identity": lambda m, x: (m.sqrt(x * x + 1) - 1) / 2 + x,
    "serf": lambda m, x: x * m.erf(m.softplus(x)),
    "smish": lambda m, x: x * m.tanh(m.log1p(m.sigmoid(x))),
    "logish": lambda m, x: x * m.log1p(m.sigmoid(x)),
    "elish": lambda m, x: m.where(x > 0, x, m.expm1(x)) * m.sigmoid(x),
    "aptx": lambda m, x: (1 + m.tanh(x)) * x / 2,
    "dyt": lambda m, x: m.tanh(x / 2),
    "swish_beta": lambda m, x: x * m.sigmoid(1.0 * x),
    "pau": lambda m, x: _rational(x),
    "telu": lambda m, x: x * m.tanh(m.exp(x)),
    "crelu": lambda m, x: m.concatenate((m.relu(x), m.relu(-x))),
    "maxout": lambda m, x: m.largest(x.reshape(*x.shape[:-1], -1, 2)),
    "glu": lambda m, x: _gated(x, lambda a, b: a * m.sigmoid(b)),
    "bilinear": lambda m, x: _gated(x, lambda a, b: a * b),
    "reglu": lambda m, x: _gated(x, lambda a, b: m.relu(a) * b),
    "geglu": lambda m, x: _gated(x, lambda a, b: m.gelu(a) * b),
    "geglu_tanh": lambda m, x: _gated(x, lambda a, b: EXPRESSIONS["gelu_tanh"](m, a) * b),
    "swiglu": lambda m, x: _gated(x, lambda a, b: m.silu(a) * b),
}  # fmt: skip


def _rational(x: Any) -> Any:
    a0, a1, a2, a3, a4, a5, b1, b2, b3, b4 = (known.default for known in nl.get("pau").parameters.values())
    above = a0 + x * (a1 + x * (a2 + x * (a3 + x * (a4 + x * a5))))
    return above / (1 + abs(x * (b1 + x * (b2 + x * (b3 + x * b4)))))


def _gated(x: Any, combine: Callable[[Any, Any], Any]) -> Any:
    half = x.shape[-1] // 2
    return combine(x[..., :half], x[..., half:])


def numpy_maths() -> Maths:
    """NumPy: every name spelled out in its terms, erf from SciPy."""
    import numpy as np
    from scipy import special

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    return Maths(
        **{name: getattr(np, name) for name in ("exp", "expm1", "log1p", "sqrt", "sin", "arctan", "tanh", "copy")},
        where=np.where, clip=np.clip, erf=special.erf, sigmoid=sigmoid,
        relu=lambda x: np.maximum(x, 0),
        softplus=lambda x: np.log1p(np.exp(x)),
        silu=lambda x: x * sigmoid(x),
        gelu=lambda x: x * (1 + special.erf(x / sqrt(2))) / 2,
        concatenate=lambda parts: np.concatenate(parts, axis=-1),
        largest=lambda x: x.max(axis=-1),
    )  # fmt: skip


def torch_maths() -> Maths:
    """PyTorch: its own functions inside the expressions."""
    import torch
    from torch.nn import functional

    return Maths(
        **{name: getattr(torch, name) for name in ("exp", "expm1", "log1p", "sqrt", "sin", "arctan", "tanh", "erf")},
        where=torch.where, clip=torch.clip, copy=torch.clone,
        sigmoid=torch.sigmoid, relu=torch.relu,
        softplus=functional.softplus, silu=functional.silu, gelu=functional.gelu,
        concatenate=lambda parts: torch.cat(parts, dim=-1),
        largest=lambda x: x.amax(dim=-1),
    )  # fmt: skip


def jax_maths() -> Maths:
    """JAX: its own functions inside the expressions."""
    import jax
    import jax.numpy as jnp

    return Maths(
        **{name: getattr(jnp, name) for name in ("exp", "expm1", "log1p", "sqrt", "sin", "arctan", "tanh", "copy")},
        where=jnp.where, clip=jnp.clip, erf=jax.scipy.special.erf,
        sigmoid=jax.nn.sigmoid, relu=jax.nn.relu, softplus=jax.nn.softplus, silu=jax.nn.silu,
        gelu=lambda x: jax.nn.gelu(x, approximate=False),
        concatenate=lambda parts: jnp.concatenate(parts, axis=-1),
        largest=lambda x: x.max(axis=-1),
    )  # fmt: skip
