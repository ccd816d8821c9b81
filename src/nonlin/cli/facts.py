"""What a definition states about its function, as readable text and as JSON."""

from __future__ import annotations

import math
from typing import Any

from nonlin.cli.output import counted
from nonlin.errors import InputError
from nonlin.loss_documentation import domain_text, takes_class_indices

_FACTS = (
    *("range", "monotone", "smoothness", "kinks", "trainable", "lipschitz", "fixed_points", "saturation", "dead"),
    *("gain", "centered_gain", "critical_initialization"),
)


def facts(record: Any) -> list[tuple[str, str]]:
    """Headings and texts for an activation or a loss, in the order in which `nonlin show` prints them."""
    if hasattr(record, "tasks"):
        formula = record.formula or "none: an algorithm computes it"
        rows = [("formula", formula), ("gradient", record.derivative_formula), *_loss_facts(record)]
    else:
        rows = [("formula", record.formula), ("derivative", record.derivative_formula), *_activation_facts(record)]
    for name, parameter in record.parameters.items():
        rows.append((f"parameter {name}", _parameter(parameter)))
    rows.append(("also called", ", ".join(record.aliases)))
    rows.append(("same as", "\n".join(f"{library}: {name}" for library, name in record.same_as.items())))
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
            name: {
                "default": p.default,
                "low": _plain(max(p.low, p.above)),
                "high": _plain(p.high),
                "learnable": p.learnable,
                "text": p.text,
            }
            for name, p in record.parameters.items()
        },
    }
    if hasattr(record, "tasks"):
        return described | _loss_json(record)
    described |= {"family": record.family}
    if record.kind == "elementwise":
        described |= {name: _plain(found(record, name)) for name in _FACTS}
    return described


def _activation_facts(record: Any) -> list[tuple[str, str]]:
    elementwise = record.kind == "elementwise"
    bounds = record.range if elementwise else record.declared_range
    rows = [
        ("kind", f"{record.kind} ({record.family})"),
        ("range", "{:.6g} to {:.6g}".format(*bounds) if bounds else ""),
    ]
    if not elementwise:
        return rows
    return [
        *rows,
        ("monotone", "yes" if record.monotone else "no"),
        ("smooth", _smoothness(record.smoothness, record.kinks)),
        *_computed_facts(record),
        ("gain", _text(found(record, "gain"), "{:.10g} (keeps the mean square of standard normal input at 1)")),
        ("centered gain", _text(found(record, "centered_gain"), "{:.10g} (keeps its variance at 1)")),
        ("edge of chaos", _edge_of_chaos(record)),
        ("trainable", "" if record.trainable else "no: its derivative is zero everywhere"),
    ]


def _computed_facts(record: Any) -> list[tuple[str, str]]:
    """Slopes and points; empty where the definition has no derivative."""
    return [
        ("Lipschitz", _text(found(record, "lipschitz"), "{:.10g}, the largest slope")),
        ("fixed points", _places(found(record, "fixed_points"), "none")),
        ("saturates", _places(found(record, "saturation"), "nowhere")),
        ("dead", _places(found(record, "dead"), "nowhere")),
    ]


def found(record: Any, name: str) -> Any:
    """A computed fact, or None where it cannot be: a definition may lack a derivative, a function an edge of chaos."""
    try:
        value = getattr(record, name)
        return value() if callable(value) else value
    except InputError:
        return None


def _text(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


_SHOWN = 6  # places in a line; periodic functions have many fixed points


def _places(places: tuple[Any, ...] | None, none: str) -> str:
    """Points and intervals in words; nothing for what is not known.

    >>> _places((0.0, 3.5), "none"), _places((), "none")
    ('0, 3.5', 'none')
    """
    if places is None:
        return ""
    texts = [f"{place:.6g}" if isinstance(place, float) else str(place) for place in places[:_SHOWN]]
    return ", ".join(texts) + (f", ... ({len(places)} in all)" if len(places) > _SHOWN else "") or none


def _edge_of_chaos(record: Any) -> str:
    try:
        sigma_w, sigma_b = record.critical_initialization()
    except InputError as error:
        return f"none: {error}"
    return f"sigma_w = {sigma_w:.10g}, sigma_b = {sigma_b:.10g} (gradients of a deep network keep their size)"


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
    return [
        ("kind", f"{record.kind} ({record.family})"),
        ("for", ", ".join(record.tasks)),
        *[(name, _input(record, name)) for name in record.inputs],
        ("prediction", _prediction(record)),
        ("decision", record.decision),
        ("convex", f"{'yes' if record.convex else 'no'}, in its first input"),
        ("Lipschitz", lipschitz(record)),
        ("proper for", record.proper),
        ("Hessian", "its diagonal is known" if record.has("hessian_diagonal") else ""),
    ]


def _prediction(record: Any) -> str:
    if record.output == "identity":
        return "what it takes"
    return f"{record.output} of what it takes (its link function is the {record.link})"


def lipschitz(record: Any) -> str:
    """The largest slope of a loss, in words."""
    if not record.has_gradient:
        return "no gradient: a metric"
    return f"{record.lipschitz:.6g}, the largest slope" if math.isfinite(record.lipschitz) else "none: slopes grow"


def _input(record: Any, name: str) -> str:
    if record.kind == "similarity":
        return (
            "rows, compared by the cosine of their angle" if name == "embeddings" else "the same for rows that belong"
        )
    if name == "targets" and takes_class_indices(record):
        return f"the indices of classes, or {domain_text(record, name)}"
    return domain_text(record, name) + ("; optional" if name in record.optional else "")


def _loss_json(record: Any) -> dict[str, Any]:
    return {
        "family": record.family,
        "tasks": list(record.tasks),
        "inputs": {name: record.domains.get(name, "real") for name in record.inputs},
        "optional": list(record.optional),
        "output": record.output,
        "link": record.link,
        "decision": record.decision,
        "convex": record.convex,
        "lipschitz": _plain(float(record.lipschitz)),
        "proper": record.proper,
        "has_gradient": record.has_gradient,
        "hessian_diagonal": record.has("hessian_diagonal"),
    }


def _parameter(parameter: Any) -> str:
    text = f"{parameter.default:g}" if isinstance(parameter.default, int | float) else str(parameter.default)
    text += f", {parameter.interval}" + (", learnable" if parameter.learnable else "")
    return f"{text} ({parameter.text})" if parameter.text else text


def _plain(value: Any) -> Any:
    """A fact in values that JSON has: infinities as text, intervals as lists."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return [_plain(part) for part in value] if isinstance(value, tuple) else value
