"""A training of next to nothing, so that no arm's first run pays for code that is compiled or loaded."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from nonlin.cli.network import Network

_ROWS = 60


def rehearse(network: Network, names: Sequence[str], targets: int) -> None:
    """Train the network for an epoch on a few rows with each of what is compared, and predict as the scores do.

    `targets` is how many different ones there are: two classes have another output, and loss, than more of them.
    """
    X = np.random.default_rng(0).normal(size=(_ROWS, 2)).astype(np.float32)
    y = 1 + np.arange(_ROWS) % min(targets, 3)  # numbers that every loss takes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in names:
            with suppress(Exception):  # what diverges or fails is told by the runs themselves
                pipeline: Any = clone(network.estimator)
                pipeline.set_params(**{network.parameter: name, f"{network.prefix}max_iter": 1})
                _score(pipeline.steps[-1][1].fit(X, y), X)


def _score(model: Any, X: np.ndarray) -> None:
    model.predict(X)
    if hasattr(model, "predict_log_proba"):
        model.predict_log_proba(X)
