"""A training of next to nothing, so that no activation's first run pays for code that is compiled or loaded."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import nonlin as nl
from nonlin.cli.network import Network

_ROWS = 60


def rehearse(network: Network, activations: Sequence[str]) -> None:
    """Train the network for an epoch on a few rows with each of `activations`, and predict."""
    model = network.estimator.steps[-1][1]
    activation = network.parameter.removeprefix("network__")
    epochs = activation.removesuffix("activation") + "max_iter"
    X = np.random.default_rng(0).normal(size=(_ROWS, 2)).astype(np.float32)
    y = np.arange(_ROWS) % 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for name in activations:
            with suppress(Exception):  # what diverges or fails is told by the runs themselves
                clone(model).set_params(**{activation: nl.get(name), epochs: 1}).fit(X, y).predict(X)
