"""What a definition states about its function, as readable text and as JSON."""

from __future__ import annotations

import math
from typing import Any

from nonlin.cli.output import counted


def facts(record: Any) -> list[tuple[str, str]]:
    """Headings and texts for an activation or a loss, in the order in which `nonlin show` prints them."""
    rows = [("formula", record.formula), ("derivative", record.derivative_formula)]
    rows += _loss_facts(record) if hasattr(record, "tasks") else _activation_facts(record)
    for name, parameter in record.parameters.items():
        rows.append((f"parameter {name}", _parameter(parameter)))
    rows.append(("also called", ", ".join(record.aliases)))
    rows.append(("same as", ", ".join(f"{library}: {name}" for library, name in record.same_as.items())))
    rows.append(("source", record.reference))
    return [(heading, text) for heading, text in rows if text]


def as_json(record: Any) -> dict[str, Any]:
    """Everything known of an activation or a loss in values that JSON has; infinities are text."""
    described = {
        "name": record.name,
        "kind": record.kind,
        "summary": record.summary,
        "formula": record.formula,
        "derivative": record.derivative_formula,
        "aliases": list(record.aliases),
        "same_as": dict(record.same_as),
        "reference": record.reference,
        "parameters": {
            name: {"default": p.default, "low": _number(p.low), "high": _number(p.high), "text": p.text}
            for name, p in record.parameters.items()
        },
    }
    if hasattr(record, "tasks"):
        return described | {"tasks": list(record.tasks)}
    described |= {"family": record.family}
    if record.kind == "elementwise":
        described |= {
            "range": [_number(bound) for bound in record.range],
            "monotone": record.monotone,
            "smoothness": _number(record.smoothness),
            "kinks": list(record.kinks),
            "trainable": record.trainable,
            "gain": _number(record.gain),
        }
    return described


def _activation_facts(record: Any) -> list[tuple[str, str]]:
    rows = [("kind", f"{record.kind} ({record.family})")]
    if record.kind != "elementwise":
        return rows
    low, high = record.range
    return [
        *rows,
        ("range", f"{low:.6g} to {high:.6g}"),
        ("monotone", "yes" if record.monotone else "no"),
        ("smooth", _smoothness(record.smoothness, record.kinks)),
        ("gain", f"{record.gain:.10g} (keeps the mean square of standard normal input at 1)"),
        ("trainable", "" if record.trainable else "no: its derivative is zero everywhere"),
    ]


def _smoothness(order: float, kinks: tuple[float, ...]) -> str:
    """How many derivatives are continuous, and where the next one is not.

    >>> _smoothness(0, (0.0,))
    'continuous, but its derivative jumps at 0'
    """
    if order == math.inf:
        return "infinitely differentiable"
    places = f" at {', '.join(f'{kink:g}' for kink in kinks)}" if kinks else ""
    if order < 0:
        return f"no: it jumps{places}"
    if order == 0:
        return f"continuous, but its derivative jumps{places}"
    return f"{counted(int(order), 'continuous derivative')}; the next one jumps{places}"


def _loss_facts(record: Any) -> list[tuple[str, str]]:
    return [("for", ", ".join(record.tasks))]


def _parameter(parameter: Any) -> str:
    text = f"{parameter.default:g}" if isinstance(parameter.default, int | float) else str(parameter.default)
    if math.isfinite(parameter.low) or math.isfinite(parameter.high):
        text += f", from {parameter.low:g} to {parameter.high:g}"
    return f"{text} ({parameter.text})" if parameter.text else text


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)
