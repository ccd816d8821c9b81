"""The estimator that `nonlin compare` trains: features from the table, then a network of the task's kind."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import nonlin as nl
from nonlin.cli.features import TableFeatures
from nonlin.cli.task import CLASSIFICATION, Problem
from nonlin.errors import InputError
from nonlin.nn import MLPClassifier, MLPRegressor

BATCH = 32


class Network(NamedTuple):
    """A scikit-learn estimator and the name of its parameter that is the activation."""

    estimator: Pipeline
    parameter: str


def usual_epochs(rows: int) -> int:
    """How long to train on so many rows: 25 times the root of their number in batches, at least 400.

    On the bundled data sets the held-out scores are near their best then, those of fast learners (tanh, relu), which
    soon begin to overfit, and those of slow ones (sigmoid) taken together.

    >>> usual_epochs(120), usual_epochs(455), usual_epochs(100_000)
    (100, 36, 3)
    """
    return math.ceil(max(400, 25 * math.sqrt(rows)) / math.ceil(rows / BATCH))


def build(problem: Problem, hidden: tuple[int, ...], epochs: int, loss: str | None) -> Network:
    """The pipeline for a problem; regression learns a standardised target and predicts in the target's own units.

    Every training takes the same number of epochs. Raises InputError for an unknown loss, and for one that does not
    fit the task.
    """
    settings: dict[str, Any] = {
        "hidden_layer_sizes": hidden,
        "batch_size": BATCH,
        "max_iter": epochs,
        "tol": 0.0,
        "n_iter_no_change": math.inf,
    }
    if loss is not None:
        settings["loss"] = fitting_loss(loss, problem)
    if problem.task == CLASSIFICATION:
        return Network(_after_features(MLPClassifier(**settings)), "network__activation")
    regressor = TransformedTargetRegressor(MLPRegressor(**settings), transformer=StandardScaler(), check_inverse=False)
    return Network(_after_features(regressor), "network__regressor__activation")


def warm_up() -> None:
    """Have the training loop compiled, or loaded from the disk, by the smallest training there is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        MLPClassifier((1,), max_iter=1).fit(np.eye(2, dtype=np.float32), [0, 1])


def fitting_loss(loss: str, problem: Problem) -> str:
    """The name of a loss that can train on `problem`; raises InputError, with those that can, for any other."""
    record = nl.get_loss(loss)
    if problem.task not in record.tasks:
        others = [name for name in nl.losses() if problem.task in nl.get_loss(name).tasks]
        raise InputError(f"--loss {loss!r} does not fit {problem.task}; expected one of {', '.join(others)}")
    classes = problem.target.nunique() if problem.task == CLASSIFICATION else 0
    if classes > 2 and record.kind == "elementwise":
        raise InputError(
            f"--loss {loss!r} tells two classes apart, but target {problem.target_name!r} has {classes}; expected "
            "cross_entropy"
        )
    return record.name


def _after_features(model: Any) -> Pipeline:
    return Pipeline([("features", TableFeatures()), ("network", model)])
