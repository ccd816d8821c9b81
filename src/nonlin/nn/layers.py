"""The hidden layers that the parameters of an estimator describe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nonlin.errors import InputError
from nonlin.nn import checks
from nonlin.nn.architecture import Hidden


def hidden_layers(estimator: Any, widths: Sequence[int], learnt: bool) -> tuple[Hidden, ...]:
    """Layers of these widths; with `learnt`, learnable parameters of activations are those of the fit before.

    Raises `InputError` for a setting that cannot be.
    """
    count = len(widths)
    if not count and not isinstance(estimator.activation, (list, tuple)):
        checks.hidden_activation(estimator.activation, None, hidden=False)
    names = _each("activation", estimator.activation, count)
    parameters = _each("activation_parameters", estimator.activation_parameters, count)
    dropouts = _each("dropout", estimator.dropout, count)
    checks.shares("dropout", dropouts)
    if learnt:
        _check_same_normalization(estimator, count)
    layers = []
    for width, name, given, dropout in zip(widths, names, parameters, dropouts, strict=True):
        record, numbers = checks.hidden_activation(name, given)
        layers.append(Hidden(width, record, numbers, estimator.normalization, float(dropout)))
    return tuple(map(_with_learnt, layers, _fitted(estimator, count) if learnt else [{}] * count))


def _each(name: str, value: Any, count: int) -> list[Any]:
    """A setting for each of `count` layers, given once for all or as a list."""
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise InputError(f"{name} must be one for all hidden layers or a list of {count}, one for each, got {value!r}")
    return list(value)


def _check_same_normalization(estimator: Any, count: int) -> None:
    """Raise `InputError` where weights were learnt with another normalization than is set now."""
    found = getattr(estimator, "normalizations_", None)
    if found is None or len(estimator.coefs_) != count + 1 or not count:
        return  # assigned weights, or those of other layers
    before = found[0]["kind"] if found else None
    if before != estimator.normalization:
        raise InputError(
            f"the network was fitted with normalization={before!r}, got {estimator.normalization!r}; "
            "set that again, or fit anew with warm_start=False"
        )


def _fitted(estimator: Any, count: int) -> list[dict[str, float]]:
    """The parameters of activations after the fit before, if that had as many layers."""
    found = getattr(estimator, "activation_parameters_", [])
    return found if len(found) == count else [{}] * count


def _with_learnt(layer: Hidden, learnt: dict[str, float]) -> Hidden:
    values = {name: learnt.get(name, layer.parameters[name]) for name in layer.learnable}
    return Hidden(layer.width, layer.activation, {**layer.parameters, **values}, layer.normalization, layer.dropout)
