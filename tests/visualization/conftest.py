"""A comparison with the attributes of `nonlin.study.Comparison`, made from a few numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

PENALTY = -7.654  # the made-up figure that the study enters where a run diverged


@dataclass
class FakeRun:
    arm: str
    repeat: int
    fold: int
    status: str = "finished"
    message: str = ""
    test_indices: Any = None
    scores: Any = None
    history: dict[str, Any] | None = None
    fit_seconds: float = 0.05
    score_seconds: float = 0.001
    metrics: dict[str, float] = field(default_factory=dict)
    convergence_warnings: int = 0


@dataclass
class FakeComparison:
    arms: list[str]
    runs: list[FakeRun]
    frame: pd.DataFrame
    reference: str
    repeats: int
    folds: int
    verdict: str = "silu is the best of what was tried."
    parameter: str = "activation"
    scoring: str = "neg_log_loss"
    task: str = "classification"
    alpha: float = 0.05
    practical_margin: float = 0.01
    random_state: int = 0
    n_examples: int = 100
    n_features: int = 30
    fingerprint: str = "9f86d081884c7d65"
    seconds: float = 9.66
    baseline: float = float("nan")

    def table(self) -> pd.DataFrame:
        return self.frame


def fake_history(rng: np.random.Generator, epochs: int, speed: float, layers: int = 2) -> dict[str, Any]:
    steps = np.arange(1, epochs + 1)
    loss = 0.02 + 0.7 * np.exp(-speed * steps) * np.exp(rng.normal(0, 0.05, epochs))
    dead = np.clip(np.linspace(0.01, 0.12, epochs)[:, None] * np.arange(1, layers + 1), 0, 1)
    norms = 0.1 * np.exp(-0.02 * steps)[:, None] * 2.0 ** np.arange(layers + 1)
    return {"loss": loss, "dead_share": dead, "gradient_norm": norms}


def fake_comparison(
    names: list[str],
    *,
    repeats: int = 3,
    folds: int = 2,
    epochs: int = 30,
    diverged: tuple[str, ...] = (),
    histories: bool = True,
    **changes: Any,
) -> FakeComparison:
    rng = np.random.default_rng(0)
    n, runs, lines = 100, [], {}
    base = rng.normal(-0.3, 0.02, (repeats, n))
    for i, name in enumerate(names):
        effect = 0.03 * np.sin(2.0 * i)
        for r in range(repeats):
            scores = (base[r] + effect + rng.normal(0, 0.005)).astype(np.float32)
            for f, indices in enumerate(np.array_split(np.arange(n), folds)):
                if name in diverged:
                    runs.append(FakeRun(name, r, f, "diverged", "loss is NaN in epoch 2"))
                    continue
                history = fake_history(rng, epochs + 2 * r + f, 0.05 * (1 + i % 5)) if histories else None
                runs.append(FakeRun(name, r, f, "finished", "", indices, scores[indices], history,
                                    metrics={"accuracy": 0.97}))  # fmt: skip
        lines[name] = _line(i, effect, name in diverged, repeats * folds)
    frame = pd.DataFrame.from_dict(lines, orient="index")
    return FakeComparison(list(names), runs, frame, names[0], repeats, folds, **changes)


def _line(i: int, effect: float, lost: bool, runs: int) -> dict[str, Any]:
    nan = float("nan")
    if lost:
        effect = PENALTY
    low, high = effect - 0.012, effect + 0.012
    word = "better" if low > 0.01 else "worse" if high < -0.01 else "not enough evidence"
    reference = i == 0
    return {
        "score": -0.3 + effect,
        "low": -0.32 + effect,
        "high": -0.28 + effect,
        "difference": nan if reference else effect,
        "difference_low": nan if reference else low,
        "difference_high": nan if reference else high,
        "p_value": nan if reference else 0.02,
        "verdict": "reference" if reference else word,
        "runs": runs,
        "diverged": runs if lost else 0,
        "fit_seconds": 0.05,
        "accuracy": 0.0 if lost else 0.97,
    }


@pytest.fixture(scope="session")
def fake():
    """Makes comparisons: `fake(names, repeats=..., diverged=..., ...)`."""
    return fake_comparison
