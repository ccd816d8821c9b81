"""A fitted network as plain data: the layers in their order, and what makes predictions of the last one's outputs.

Exports, imports and traces read this description, and know nothing of estimators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

import nonlin as nl
from nonlin.errors import InputError


class Dense(NamedTuple):
    """x weights + bias, with weights of shape (inputs, outputs); no bias where a normalization follows."""

    weights: np.ndarray
    bias: np.ndarray | None


class Normalize(NamedTuple):
    """gamma (x - mean) / sqrt(variance + epsilon) + bias; the mean and variance of "layer" are each row's own."""

    kind: str
    gamma: np.ndarray
    bias: np.ndarray
    mean: np.ndarray | None
    variance: np.ndarray | None
    epsilon: float


class Activate(NamedTuple):
    """An activation of the registry with its parameters, elementwise or of a row."""

    record: Any
    parameters: Mapping[str, float]

    def of(self, z: np.ndarray) -> np.ndarray:
        """What it makes of an array (examples, units)."""
        return self.record(z, **self.parameters)


class Opposites(NamedTuple):
    """The single output z of a classifier of two classes as the pair (-z, z)."""

    def of(self, z: np.ndarray) -> np.ndarray:
        """From shape (examples, 1) to shape (examples, 2)."""
        return np.hstack([-z, z])


class Shares(NamedTuple):
    """The activation of each output over the sum of all, for classes each told from the rest; softmax where it is 0."""

    record: Any

    def of(self, z: np.ndarray) -> np.ndarray:
        """The probabilities of classes, (examples, classes)."""
        each = self.record(z)
        total = each.sum(axis=1, keepdims=True)
        return np.where(total > 0, each / np.where(total > 0, total, 1), nl.get("softmax")(z))


class Flatten(NamedTuple):
    """A column of numbers as a vector."""

    def of(self, z: np.ndarray) -> np.ndarray:
        """From shape (examples, 1) to shape (examples,)."""
        return z[:, 0]


Layer = Dense | Normalize | Activate
Ending = Opposites | Activate | Shares | Flatten


class Stack(NamedTuple):
    """A fitted network: `layers` lead to the raw outputs, of which `ending` makes predictions or probabilities."""

    layers: tuple[Layer, ...]
    ending: tuple[Ending, ...]

    @property
    def dtype(self) -> np.dtype:
        """The precision of the weights, float32 or float64."""
        return self.dense[0].weights.dtype

    @property
    def dense(self) -> tuple[Dense, ...]:
        """The layers with weights."""
        return tuple(layer for layer in self.layers if isinstance(layer, Dense))


def stack_of(model: Any) -> Stack:
    """The description of a fitted `MLPClassifier` or `MLPRegressor`, ours or scikit-learn's.

    Raises
    ------
    InputError
        For what is no such model.
    NotFittedError
        For a model that is not fitted.

    Examples
    --------
    >>> from nonlin.nn import MLPRegressor
    >>> model = MLPRegressor("mse", (2,), "gelu", max_iter=1, n_iter_no_change=float("inf"), random_state=0)
    >>> stack = stack_of(model.fit([[0.0], [1.0]], [0.0, 1.0]))
    >>> [type(layer).__name__ for layer in stack.layers + stack.ending]
    ['Dense', 'Activate', 'Dense', 'Activate', 'Flatten']
    """
    if not hasattr(model, "hidden_layer_sizes"):
        raise InputError(
            f"model must be a fitted MLPClassifier or MLPRegressor, got {type(model).__name__}; "
            "of a pipeline give its network, such as pipeline[-1]"
        )
    check_is_fitted(model, "coefs_")
    *hidden, last = zip(model.coefs_, model.intercepts_, strict=True)
    count = len(hidden)
    normalizations = getattr(model, "normalizations_", None) or [None] * count
    layers: list[Layer] = []
    for (weights, bias), given, activate in zip(hidden, normalizations, _activations(model, count), strict=True):
        layers += [Dense(weights, None), Normalize(bias=bias, **given)] if given else [Dense(weights, bias)]
        layers.append(activate)
    if not is_classifier(model):
        ending = numbers_ending(model)
    else:
        ending = probabilities_ending(model) if hasattr(model, "predict_proba") else ()
    return Stack((*layers, Dense(*last)), ending)


def _activations(model: Any, count: int) -> list[Activate]:
    """The activation of each hidden layer, with the parameters as they were learned."""
    chosen = model.activation
    names: Sequence[Any] = chosen if isinstance(chosen, (list, tuple)) else [chosen] * count
    given = getattr(model, "activation_parameters_", None) or getattr(model, "activation_parameters", None) or {}
    parameters = [given] * count if isinstance(given, Mapping) else given
    records = [nl.get(name) for name in names]
    return [Activate(record, record.check_parameters(own)) for record, own in zip(records, parameters, strict=True)]


def through(ending: Sequence[Ending], z: np.ndarray) -> np.ndarray:
    """What becomes of a network's outputs, (examples, outputs), in these parts."""
    for part in ending:
        z = part.of(z)
    return z


def numbers_ending(model: Any) -> tuple[Ending, ...]:
    """What makes a fitted regressor's predictions of its outputs."""
    output = Activate(nl.get(model.out_activation_), {})
    return (output, Flatten()) if model.n_outputs_ == 1 else (output,)


def probabilities_ending(model: Any) -> tuple[Ending, ...]:
    """What makes a fitted classifier's probabilities of its outputs."""
    output = nl.get(model.out_activation_)
    if model.n_outputs_ == 1:
        return Opposites(), Activate(output, {})
    return (Activate(output, {}),) if output.kind == "row" or is_multilabel(model) else (Shares(output),)


def is_multilabel(model: Any) -> bool:
    """Whether a fitted classifier, ours or scikit-learn's, chooses any number of labels, and not one class."""
    encoding = getattr(getattr(model, "_label_binarizer", None), "y_type_", "")
    return encoding == "multilabel-indicator" or getattr(model, "multilabel_", False)
