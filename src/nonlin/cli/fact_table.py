"""The facts of many functions beside each other: the tables of `nonlin list --facts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nonlin.cli.facts import found
from nonlin.cli.output import print_table
from nonlin.loss_documentation import DOMAIN_TEXTS

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
    """Print a row a loss: tasks, targets, what makes a prediction of what it takes, convexity, slopes, parameters."""
    headers = ("loss", "for", "targets", "prediction", "convex", "Lipschitz", "proper for", "Hessian", "parameters")
    print_table(
        headers,
        [_loss(record) for record in records],
        numbers=("Lipschitz",),
        wrapping=("for", "targets", "parameters"),
        optional=("Hessian", "parameters", "proper for", "targets"),
    )


def _loss(record: Any) -> tuple[str, ...]:
    return (
        record.name,
        ", ".join(record.tasks),
        DOMAIN_TEXTS[record.domain] if "targets" in record.inputs else _UNKNOWN,
        record.output,
        "yes" if record.convex else "no",
        _number(float(record.lipschitz)) if record.has_gradient else _UNKNOWN,
        record.proper,
        "yes" if record.has("hessian_diagonal") else "",
        _parameters(record),
    )


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


def _parameters(record: Any) -> str:
    return ", ".join(f"{name}={known.default:.4g}" for name, known in record.parameters.items())
