"""The result of a comparison."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from functools import cached_property
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from nonlin.study.ranking import Standing, default_margin, rank, score_matrices
from nonlin.study.run import Run
from nonlin.study.scoring import SCORINGS
from nonlin.study.verdict import sentence
from nonlin.study.wording import Wording

_COLUMNS = [field.name for field in fields(Standing) if field.name not in ("arm", "repeats_needed")]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `nonlin.compare` found: every run, and what they say together.

    `arms` are in the order given, `runs` ordered by arm, repeat and fold; scores are greater-is-better as in
    scikit-learn. `practical_margin` is the difference below which arms count as equal, `baseline` the score of the best
    constant prediction on the same folds (from the training folds: the class shares for log loss, the most frequent
    class for accuracy, the mean for R² and squared error, the median for absolute error, the middle of the largest
    group that one number can hit for the hit rate), `fingerprint` a hash of the data and settings, `seconds` the wall
    time of the call that made it, `scoring_reason` why the scoring was taken, where losses are compared.
    """

    runs: list[Run]
    arms: list[str]
    reference: str
    parameter: str
    scoring: str
    task: str
    repeats: int
    folds: int
    alpha: float
    practical_margin: float
    baseline: float
    random_state: int
    n_examples: int
    n_features: int
    fingerprint: str
    seconds: float
    scoring_reason: str = ""

    @cached_property
    def verdict(self) -> str:
        """What to do, what is known of the arms and what it would take to know more, in at most three sentences.

        Where losses are compared, a last one says what they were judged by, and why.
        """
        diverged = {arm: sum(run.status == "diverged" for run in self.runs_of(arm)) for arm in self.arms}
        counts = {"repeats": self.repeats, "folds": self.folds, "examples": self.n_examples, "diverged": diverged}
        scales = {"margin": self.practical_margin, "alpha": self.alpha, "baseline": self.baseline}
        told = sentence(self.standings, Wording(SCORINGS[self.scoring].measure, self.parameter, **scales, **counts))
        return f"{told} {self.scoring_reason}." if self.scoring_reason else told

    @cached_property
    def standings(self) -> list[Standing]:
        """The figures of each arm, in the order of `arms`."""
        best, least = SCORINGS[self.scoring].best, SCORINGS[self.scoring].least
        least = -inf if least is None else least
        return rank(self._matrices, self.reference, self.practical_margin, self.alpha, best, least)

    def table(self) -> pd.DataFrame:
        """One row an arm, indexed by its name, best score first; a new data frame at each call.

        Columns: `score`, `low`, `high`; `difference`, `difference_low`, `difference_high`, `p_value` (Holm) and
        `verdict` against the reference; `runs`, `diverged`; further metrics; `fit_seconds`, `score_seconds`: the
        median over the arm's runs of the wall time of one run's training and of its scoring, not sums. Figures of
        arms with diverged runs, and all differences where the reference is one of them, rest on worst scores that were
        filled in: they rank an arm, but measure nothing. With a single repeat the bounds and p-values are NaN, as
        nothing can be known of them.
        """
        figures = [{name: getattr(entry, name) for name in _COLUMNS} for entry in self.standings]
        rows = [row | self._tallies(arm) for arm, row in zip(self.arms, figures, strict=True)]
        table = pd.DataFrame(rows, index=pd.Index(self.arms, name=self.parameter))
        return table.sort_values("score", ascending=False, kind="stable")

    def scores(self, arm: str) -> np.ndarray:
        """The arm's scores, float32 of shape (examples, repeats); a diverged run's are the worst of all arms."""
        return self._matrices[arm].copy()

    def runs_of(self, arm: str) -> list[Run]:
        """The runs of one arm, by repeat and fold."""
        return [run for run in self.runs if run.arm == arm]

    def plot(self, ax: Any = None) -> Any:
        """Draw the ranking with its intervals on Matplotlib axes (new ones if None); returns the axes."""
        from nonlin.visualization import draw_ranking, ranking_data

        return draw_ranking(ranking_data(self), ax)

    def save_report(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write the report, one self-contained HTML file; `options` as `nonlin.visualization.save_report` has them."""
        from nonlin.visualization import save_report

        save_report(self, path, **options)

    @cached_property
    def _matrices(self) -> dict[str, np.ndarray]:
        return score_matrices(self.runs, self.arms, SCORINGS[self.scoring], self.n_examples, self.repeats)

    def _tallies(self, arm: str) -> dict[str, float]:
        runs = self.runs_of(arm)
        metrics = dict.fromkeys(name for run in self.runs for name in run.metrics)
        return {
            "runs": len(runs),
            "diverged": sum(run.status == "diverged" for run in runs),
            **{name: _weighted_mean(runs, name) for name in metrics},
            "fit_seconds": float(np.median([run.fit_seconds for run in runs])),
            "score_seconds": float(np.median([run.score_seconds for run in runs])),
        }


def _weighted_mean(runs: list[Run], metric: str) -> float:
    """The metric over all examples; a diverged run counts as zero, the worst accuracy."""
    sizes = [len(run.test_indices) for run in runs]
    return float(np.average([run.metrics.get(metric, 0.0) for run in runs], weights=sizes))


def make_comparison(runs: list[Run], *, practical_margin: float | None, **facts: Any) -> Comparison:
    """A comparison of `runs` in canonical order, its margin of practical equality settled."""
    place = {arm: position for position, arm in enumerate(facts["arms"])}
    ordered = sorted(runs, key=lambda run: (place[run.arm], run.repeat, run.fold))
    if practical_margin is None:
        scoring = SCORINGS[facts["scoring"]]
        matrices = score_matrices(ordered, facts["arms"], scoring, facts["n_examples"], facts["repeats"])
        practical_margin = default_margin(scoring, matrices[facts["reference"]])
    return Comparison(ordered, practical_margin=practical_margin, **facts)
