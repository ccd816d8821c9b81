"""The classes of a classifier, and how targets and outputs of a network stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from nonlin.errors import InputError


@dataclass(frozen=True)
class Labels:
    """Classes in order. An example is of one of them or, where they are `marked`, of any number of them."""

    classes: np.ndarray
    marked: bool = False

    @classmethod
    def of(cls, y: np.ndarray, classes: Any = None) -> Labels:
        """The labels in `y`, or those given as `classes`, of which `y` need not hold all."""
        found = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
        labels = cls(found if classes is None else np.unique(np.asarray(classes)), marked=y.ndim == 2)
        if len(labels.classes) < 2:
            raise InputError(
                f"y has only one class, {labels.classes.tolist()[0]!r}; a classifier needs examples of at least two"
            )
        return labels

    @property
    def single(self) -> bool:
        """Whether one output decides on one class: there are two, or each is marked by itself."""
        return self.marked or len(self.classes) == 2

    def rows(self, y: np.ndarray) -> np.ndarray:
        """Which classes each example is of, shape (examples, classes) of bool; raises `InputError` for unknown ones."""
        if (y.ndim == 2) != self.marked or (self.marked and y.shape[1] != len(self.classes)):
            shape = f"(examples, {len(self.classes)})" if self.marked else "(examples,)"
            raise InputError(f"y must have the shape {shape} for the classes {self.classes}, got {y.shape}")
        if self.marked:
            return y > 0
        places = np.searchsorted(self.classes, y)
        known = self.classes[np.minimum(places, len(self.classes) - 1)] == y
        if not known.all():
            raise InputError(f"y must have the classes {self.classes}, got {np.unique(y[~known])} too")
        return places[:, np.newaxis] == np.arange(len(self.classes))

    def chosen(self, outputs: np.ndarray) -> np.ndarray:
        """The class of each row of outputs or targets: the largest, or a mark for each one above 0."""
        return (outputs > 0).astype(np.int64) if self.marked else self.classes[class_indices(outputs)]


def class_indices(outputs: np.ndarray) -> np.ndarray:
    """The class of each row, of outputs or targets: the largest column, or whether a single one is above 0."""
    return np.argmax(outputs, axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(np.intp)


def checked_labels(y: np.ndarray) -> np.ndarray:
    """`y` as one label an example, shape (examples,), or as a matrix of 0 and 1, (examples, classes)."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if y.ndim == 1 and y.dtype.kind in "biuU":  # nothing is quicker to tell
        return y
    kind = type_of_target(y, input_name="y")
    if kind == "unknown" or kind.startswith("continuous"):
        raise InputError(
            f"Unknown label type: {kind}; y must hold classes, such as whole numbers or texts; "
            "for numbers that are not whole take MLPRegressor"
        )
    if kind.endswith("multioutput"):
        raise InputError(
            "y has several columns that are not marks of 0 and 1; train a classifier for each column "
            "(sklearn.multioutput.MultiOutputClassifier)"
        )
    return y


def check_class_weight(class_weight: Any) -> None:
    """Raise `InputError` for what gives no class a weight."""
    if not (class_weight in (None, "balanced") or isinstance(class_weight, Mapping)):
        raise InputError(f"class_weight must be None, 'balanced' or a dictionary of weights, got {class_weight!r}")


def class_weights(class_weight: Any, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
    """The weights of examples times those of their classes."""
    if class_weight is None:
        return weights
    if y.ndim == 2:
        raise InputError(f"class_weight={class_weight!r} needs one class an example; give sample_weight instead")
    of_class = compute_sample_weight(class_weight, y)
    return of_class if weights is None else weights * of_class
