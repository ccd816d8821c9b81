"""The classes of a classifier, and how targets and outputs of a network stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Number, Real
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
        known = found if classes is None else distinct_classes(classes)
        if len(known) < 2:
            has = f"only one class, {known.tolist()[0]!r}" if len(known) else "no class"
            raise InputError(f"y has {has}; a classifier needs examples of at least two")
        return cls(known, marked=y.ndim == 2)

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
        try:
            places = np.searchsorted(self.classes, y)
        except TypeError:  # no order between the two, as of texts and numbers
            places = np.full(len(y), -1)
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


def distinct_classes(classes: Any) -> np.ndarray:
    """The argument `classes` in order, each once; raises `InputError` for what is no list of labels."""
    if np.ndim(classes) != 1:
        raise InputError(f"classes must be a list of labels, got {classes!r}")
    _check_one_kind("classes", classes)
    return np.unique(np.asarray(classes))


def _check_one_kind(name: str, labels: Any) -> None:
    """Raise `InputError` for labels that have no order, as texts among numbers."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind != "O":
        return
    kinds = {_kind(label) for label in labels}
    if len(kinds) > 1:
        raise InputError(f"{name} mixes labels of the kinds {', '.join(sorted(kinds))}; make them of one kind")


def _kind(label: Any) -> str:
    if isinstance(label, str):
        return "text"
    return "number" if isinstance(label, (Number, np.bool_)) else type(label).__name__


def checked_labels(y: np.ndarray) -> np.ndarray:
    """`y` as one label an example, shape (examples,), or as a matrix of 0 and 1, (examples, classes)."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    if y.ndim == 1 and y.dtype.kind in "biuU":  # nothing is quicker to tell
        return y
    if y.ndim == 1:
        _check_one_kind("y", y)
    kind = type_of_target(y, input_name="y")
    if kind == "unknown" or kind.startswith("continuous"):
        mends = {"unknown": "make y.astype(int) or y.astype(str) of objects"}
        mend = mends.get(kind, "for numbers that are not whole take MLPRegressor")
        raise InputError(f"Unknown label type: {kind}; y must hold classes, such as whole numbers or texts; {mend}")
    if kind.endswith("multioutput"):
        raise InputError(
            "y has several columns that are not marks of 0 and 1; train a classifier for each column "
            "(sklearn.multioutput.MultiOutputClassifier)"
        )
    return y


def check_class_weight(class_weight: Any) -> None:
    """Raise `InputError` for what gives no class a weight."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == "balanced"):
        return
    if not isinstance(class_weight, Mapping):
        raise InputError(f"class_weight must be None, 'balanced' or a dictionary of weights, got {class_weight!r}")
    for label, weight in class_weight.items():
        if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
            raise InputError(f"class_weight[{label!r}] must be a finite number from 0 on, got {weight!r}")


def class_weights(class_weight: Any, labels: Labels, y: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
    """The weights of examples times those of their classes, whichever of the classes are among these examples."""
    if class_weight is None:
        return weights
    if labels.marked:
        raise InputError(f"class_weight={class_weight!r} needs one class an example; give sample_weight instead")
    if isinstance(class_weight, Mapping):
        of_class = _weights_by_label(class_weight, labels)[np.searchsorted(labels.classes, y)]
    else:
        of_class = compute_sample_weight(class_weight, y)
    return of_class if weights is None else weights * of_class


def _weights_by_label(class_weight: Mapping[Any, float], labels: Labels) -> np.ndarray:
    """The weight of each class, 1 where none is given; an unknown label is refused unless all classes have theirs."""
    known = [*labels.classes]
    unknown = [label for label in class_weight if label not in known]
    if unknown and any(label not in class_weight for label in known):
        raise InputError(f"class_weight names {unknown[0]!r}, which is not among the classes {labels.classes}")
    return np.array([float(class_weight.get(label, 1.0)) for label in known])
