"""What the other libraries offer for each activation, in the fastest form each has.

A library's own function is used where there is one, the expression of `_expressions` elsewhere. A peer is compared with
this package before it is measured: another function under the same name would make a figure worthless.
"""

from __future__ import annotations

import importlib.util
from functools import cache, partial
from typing import Any

import numpy as np

import nonlin as nl
from _expressions import EXPRESSIONS, jax_maths, numpy_maths, torch_maths
from _torch_peers import Peer, torch_peers


def installed(*libraries: str) -> list[str]:
    """Those of some libraries that can be imported."""
    return [library for library in libraries if importlib.util.find_spec(library)]


def peer(library: str, name: str) -> Peer | None:
    """A library's form of an activation, or None."""
    tables = {"torch": torch_peers, "jax": jax_peers, "scipy": scipy_peers, "numpy": dict}
    maths = {"torch": torch_maths, "jax": jax_maths, "numpy": numpy_maths}
    found = _by_name(tables[library]()).get(name)
    expression = _by_name(EXPRESSIONS).get(name)
    if found is None and expression is not None and library in maths:
        found = Peer(partial(expression, maths[library]()), own=False)
    return found


def _by_name(table: dict[str, Any]) -> dict[str, Any]:
    """A table by the names of registered activations; an entry of a function that does not exist is an error."""
    return {nl.get(name).name: entry for name, entry in table.items()}


def disagreement(library: str, name: str) -> float:
    """How far a library's function is from this package's at most, relative to 1 and their size, where x is small."""
    x = np.linspace(-4, 4, 64, dtype=np.float32).reshape(4, 16)
    known = peer(library, name)
    assert known is not None
    if library == "torch":
        import torch

        theirs = known.function(torch.from_numpy(x)).numpy()
    else:
        theirs = np.asarray(known.function(x))
    ours = nl.get(name)(x)
    return float(np.max(np.abs(theirs - ours) / (1 + np.abs(ours))))


@cache
def jax_peers() -> dict[str, Peer]:
    """JAX's own functions; they are compiled with jit where they are measured."""
    import jax
    from jax import nn

    names = {
        "celu": "celu", "elu": "elu", "glu": "glu", "hardsigmoid": "hard_sigmoid", "hardswish": "hard_silu",
        "hardtanh": "hard_tanh", "leaky_relu": "leaky_relu", "logsigmoid": "log_sigmoid", "mish": "mish",
        "relu": "relu", "relu6": "relu6", "selu": "selu", "sigmoid": "sigmoid", "silu": "silu",
        "softplus": "softplus", "softsign": "soft_sign", "sparse_plus": "sparse_plus",
        "sparse_sigmoid": "sparse_sigmoid", "squareplus": "squareplus",
    }  # fmt: skip
    table = {ours: Peer(getattr(nn, theirs)) for ours, theirs in names.items()}
    table["gelu"] = Peer(partial(nn.gelu, approximate=False))
    table["gelu_tanh"] = Peer(partial(nn.gelu, approximate=True))
    for name in ("tanh", "sin", "arctan"):
        table[name] = Peer(getattr(jax.numpy, name))
    table["exponential"] = Peer(jax.numpy.exp)
    return table


@cache
def scipy_peers() -> dict[str, Peer]:
    """SciPy's ufuncs."""
    from scipy import special

    names = {"sigmoid": "expit", "logsigmoid": "log_expit", "softplus": "softplus"}
    functions = {ours: getattr(special, theirs, None) for ours, theirs in names.items()}
    return {name: Peer(f, lambda x, out, f=f: f(x, out=out)) for name, f in functions.items() if f is not None}
