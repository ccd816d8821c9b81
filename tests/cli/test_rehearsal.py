"""The rehearsal: afterwards nothing is left to be compiled, whichever activation comes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nonlin as nl
from nonlin.backends.numpy import jit
from nonlin.cli.network import build
from nonlin.cli.rehearsal import rehearse
from nonlin.cli.task import Problem
from nonlin.definition.records import forget_what_was_made

N = 90


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The kernels asked of the compiler, whether it had them already or not."""
    kernels: list[str] = []
    key = jit._key

    def noted(ir: str) -> str:
        kernels.append(ir)
        return key(ir)

    monkeypatch.setattr(jit, "_key", noted)
    forget_what_was_made()
    return kernels


@pytest.mark.parametrize(("task", "targets"), [("classification", 2), ("classification", 3), ("regression", 3)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_kernel_is_left_to_be_made(task: str, targets: int, asked_for: list[str]) -> None:
    X = pd.DataFrame(np.random.default_rng(1).normal(size=(N, 3)), columns=list("abc"))
    y = pd.Series(np.arange(N) % targets * (1.0 if task == "regression" else 1))
    network = build(Problem("a.csv", X, y, "y", task, "as asked"), (4,), 2, None)

    def run(names: list[str]) -> Any:
        return nl.compare(
            network.estimator, X, y, parameter=network.parameter, values=[nl.get(name) for name in names], folds=2
        )

    rehearse(network, ["mish", "softplus"], y.nunique())
    assert asked_for
    asked_for.clear()
    run(["mish", "softplus"])
    assert not asked_for
    run(["mish", "elu"])
    assert asked_for, "what was not rehearsed is compiled in its first run"
