"""What follows the last layer, by the facts of the loss: the link that the loss needs, and what makes a prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nonlin as nl

_AMOUNTS = ("positive", "non_negative", "above_minus_one")


def link(loss: Any, parameters: Mapping[str, float] | None = None) -> Any:
    """The activation that makes of the last layer's z what a loss takes, None where it takes z itself.

    Probabilities are the softmax of a row or the sigmoid of a number, log-probabilities the log_softmax, amounts the
    exponential (with `log_input=0` too, as the loss then takes no logarithms).

    >>> link(nl.get_loss("mse")) is None
    True
    """
    domain = loss.domains.get(loss.inputs[0], "real")
    if domain == "probability":
        return nl.get("softmax" if loss.kind == "row" else "sigmoid")
    if _takes_log_probabilities(loss):
        return nl.get("log_softmax")
    without_log = (parameters or {}).get("log_input", 1) == 0
    return nl.get("exponential") if domain in _AMOUNTS or without_log else None


def _takes_log_probabilities(loss: Any) -> bool:
    return loss.output == "exponential" and "classification" in loss.tasks


def output_activation(loss: Any, parameters: Mapping[str, float] | None = None) -> Any:
    """The activation that makes predictions of the last layer's z.

    >>> output_activation(nl.get_loss("cross_entropy")).name
    'softmax'
    """
    if _takes_log_probabilities(loss):
        return nl.get("softmax")
    return link(loss, parameters) or nl.get(loss.output)


def output_name(loss: Any, parameters: Mapping[str, float] | None = None) -> str:
    """The name of the activation that makes predictions of the last layer's z, scikit-learn's where it has one.

    >>> output_name(nl.get_loss("binary_cross_entropy")), output_name(nl.get_loss("gamma"))
    ('logistic', 'exp')
    """
    name: str = output_activation(loss, parameters).name
    return {"sigmoid": "logistic", "exponential": "exp"}.get(name, name)


def gives_probabilities(loss: Any) -> bool:
    """Whether the outputs of a classifier are probabilities of its classes.

    >>> gives_probabilities(nl.get_loss("binary_cross_entropy"))
    True
    """
    return output_activation(loss).range == (0, 1)
