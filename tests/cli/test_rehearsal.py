"""The rehearsal: afterwards nothing is left to be compiled, whichever activation comes first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import nonlin as nl
from nonlin.cli.network import build
from nonlin.cli.rehearsal import rehearse
from nonlin.cli.task import Problem
from nonlin.nn.definitions import _activation_kernel


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_kernel_is_left_to_be_made(task):
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(90, 3)), columns=list("abc"))
    y = pd.Series(np.arange(90) % 3 * (1.0 if task == "regression" else 1))
    network = build(Problem("a.csv", X, y, "y", task, "as asked"), (4,), 2, None)
    rehearse(network, ["mish", "softplus"])
    made = _activation_kernel.cache_info().misses
    for name in ("mish", "softplus"):
        network.estimator.set_params(**{network.parameter: nl.get(name)}).fit(X, y)
    assert _activation_kernel.cache_info().misses == made
