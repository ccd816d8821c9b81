"""The estimator that `nonlin compare` trains: features from the table, then a network of the task's kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import nonlin as nl
from nonlin.cli.features import TableFeatures
from nonlin.cli.task import CLASSIFICATION, Problem
from nonlin.nn import MLPClassifier, MLPRegressor
from nonlin.nn.checks import check_numbers

BATCH = 32


# Early stopping, the same for every activation. Measured on the bundled data sets: of 10 % held out, 12
# rows of iris, chance decides; 20 % are missed in training.
HELD_OUT = 0.15
FEWEST_TO_HOLD_OUT_FROM = 20
LEAST_IMPROVEMENT = 1e-3  # of the loss held out, a tenth of the margin that counts in practice


class Network(NamedTuple):
    """A scikit-learn estimator, and what the names of its parameters begin with that are those of the perceptron."""

    estimator: Pipeline
    prefix: str
    compared: str = "activation"

    @property
    def parameter(self) -> str:
        """The name of the estimator's parameter that is compared, the activation or the loss."""
        return f"{self.prefix}{self.compared}"


def most_epochs(rows: int) -> int:
    """The most epochs to train on so many rows: about 200,000 steps, at least 20 and at most 2,000 epochs.

    It is a bound for trainings that never settle; all others stop earlier by themselves, at their own best epoch.

    >>> most_epochs(120), most_epochs(10_000), most_epochs(1_000_000)
    (2000, 638, 20)
    """
    return min(2000, max(20, 200_000 // _steps(rows)))


def usual_patience(rows: int) -> int:
    """Epochs without improvement after which a training stops: about 20,000 steps, at least 5 and at most 20 epochs.

    >>> usual_patience(120), usual_patience(100_000)
    (20, 6)
    """
    return min(20, max(5, 20_000 // _steps(rows)))


def _steps(rows: int) -> int:
    """The batches of an epoch."""
    return math.ceil(rows / BATCH)


def build(
    problem: Problem,
    hidden: tuple[int, ...],
    epochs: int,
    loss: str | None = None,
    *,
    activation: str | None = None,
    losses: Sequence[str] = (),
) -> Network:
    """The pipeline for a problem; regression learns a standardised target and predicts in the target's own units.

    Every training goes on, for at most `epochs`, until the loss on a part of its own training rows, held out by lot,
    improves no more, and keeps the weights that were best there: so each activation gets the epochs it needs.
    With `losses` it is for a comparison of these, with one activation. Raises InputError for an unknown loss, one that
    does not fit the task or the target, and layers that fit no memory.
    """
    rows = len(problem.target)
    settings: dict[str, Any] = {
        "hidden_layer_sizes": hidden,
        "batch_size": BATCH,
        "max_iter": epochs,
        "tol": LEAST_IMPROVEMENT / (10 if losses else 1),  # losses have scales of their own: focal's is a tenth
        "n_iter_no_change": usual_patience(rows),
        "early_stopping": rows >= 2 * FEWEST_TO_HOLD_OUT_FROM,  # in the training folds, half of all rows or more
        "validation_fraction": HELD_OUT,
        "scoring": "loss",
    }
    if loss is not None:
        settings["loss"] = nl.get_loss(loss).name
    if activation is not None:
        settings["activation"] = activation
    model = MLPClassifier(**settings) if problem.task == CLASSIFICATION else MLPRegressor(**settings)
    model._validate_params()
    records = [_checked(name, clone(model), problem) for name in losses or [loss] if name is not None]
    compared = "loss" if losses else "activation"
    if isinstance(model, MLPClassifier):
        return Network(_after_features(model), "network__", compared)
    regressor = TransformedTargetRegressor(model, transformer=_scaling(records), check_inverse=False)
    return Network(_after_features(regressor), "network__regressor__", compared)


def _checked(name: str, model: Any, problem: Problem) -> Any:
    """The record of a loss; raises InputError where it cannot train the model on the target."""
    model.set_params(loss=name)._validate_params()
    record = nl.get_loss(name)
    if problem.task != CLASSIFICATION:
        check_numbers(record, problem.target.to_numpy(np.float64), MLPRegressor._default_loss)
    return record


def _scaling(losses: Iterable[Any]) -> Any:
    """What brings a target to unit size, the same for all losses: one with a domain must not be moved out of it."""
    domains = {loss.domain for loss in losses} - {"real"}
    if not domains:
        return StandardScaler()
    return StandardScaler(with_mean=False) if domains <= {"positive", "non_negative", "nonzero"} else None


def _after_features(model: Any) -> Pipeline:
    return Pipeline([("features", TableFeatures()), ("network", model)])
