"""Losses that no formula gives, by their names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ....errors import InputError
from ....losses.algorithm import AlgorithmLoss
from ..rows import placed
from .settings import Settings

# Functions of modules called as they are, which are imported when they are wanted: Numba's import takes 0.2 seconds.
_ALGORITHMS = ("ctc", "linear_cross_entropy", "multilabel_margin")


def algorithm_loss(loss: AlgorithmLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings) -> dict[str, Any]:
    """The parts of a loss, by name; several are joined by "_and_"."""
    if loss.name not in _ALGORITHMS:
        raise InputError(f"{loss.name} is an algorithm that this backend lacks; it has {', '.join(_ALGORITHMS)}")
    parts = part.split("_and_")
    if s.ignore_index is not None and loss.domain != "probability":
        raise InputError(f"{loss.name} takes no ignore_index")
    if s.out is not None and "gradient" not in parts:
        raise InputError(f"out of {loss.name} is for its gradient with respect to {loss.inputs[0]}")
    compute = getattr(import_module(f".{loss.name}", __package__), loss.name)
    found = compute(loss, parts, arrays, s)
    return {name: placed(found[name], s.out if name == "gradient" else None) for name in parts}
