"""The facts of many functions beside each other: the tables of `nonlin list --facts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nonlin.cli.facts import found
from nonlin.cli.output import print_table

_UNKNOWN = "-"  # of functions of more than one number, these facts are not known


def print_activations(records: Sequence[Any]) -> None:
    """Print a row an activation: range, shape, slopes, gain, parameters."""
    headers = ("activation", "family", "range", "monotone", "smoothness", "kinks", "Lipschitz", "gain", "parameters")
    print_table(
        headers,
        [_activation(record) for record in records],
        numbers=("Lipschitz", "gain"),
        wrapping=("kinks", "parameters"),
        optional=("family", "kinks", "parameters", "gain"),
    )


def print_losses(records: Sequence[Any]) -> None:
    """Print a row a loss: tasks, targets, what makes a prediction of what it takes, parameters."""
    rows = [(r.name, ", ".join(r.tasks), _targets(r), r.output, _parameters(r)) for r in records]
    print_table(("loss", "for", "targets", "prediction", "parameters"), rows, wrapping=("for", "parameters"))


def _activation(record: Any) -> tuple[str, ...]:
    if record.kind != "elementwise":
        bounds = _interval(record.declared_range) if record.declared_range else _UNKNOWN
        return record.name, record.family, bounds, *[_UNKNOWN] * 5, _parameters(record)
    return (
        record.name,
        record.family,
        _interval(record.range),
        "yes" if record.monotone else "no",
        smoothness(record.smoothness),
        ", ".join(f"{kink:g}" for kink in record.kinks),
        _number(found(record, "lipschitz")),
        _number(found(record, "gain")),
        _parameters(record),
    )


def smoothness(order: float) -> str:
    """How smooth a function is in one word: its class of continuity.

    >>> smoothness(math.inf), smoothness(0), smoothness(-1)
    ('smooth', 'C0', 'jumps')
    """
    if order == math.inf:
        return "smooth"
    return f"C{order:g}" if order >= 0 else "jumps"


def _interval(bounds: tuple[float, float]) -> str:
    low, high = bounds
    return f"{low:.4g} to {high:.4g}"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else _UNKNOWN


def _targets(record: Any) -> str:
    return "0 to 1" if record.domain == "probability" else "any numbers"


def _parameters(record: Any) -> str:
    return ", ".join(f"{name}={known.default:.4g}" for name, known in record.parameters.items())
