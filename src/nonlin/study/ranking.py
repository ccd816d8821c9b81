"""Every arm weighed against the reference: one row of figures an arm."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

import numpy as np

from nonlin.study.run import Run
from nonlin.study.scoring import Scoring
from nonlin.study.statistics import estimate, holm, repeats_needed, rope_verdict


@dataclass(frozen=True)
class Standing:
    """How one arm stands: its own score, and its difference to the reference (greater is better).

    `low` and `high` bound the score at level alpha, within what the measure can be at all; `difference_low` and
    `difference_high` bound the difference at alpha divided by the number of differences, so that all of them hold
    together; `p_value` is Holm's.
    `repeats_needed` says when the verdict would be reached (None: with more data only).
    """

    arm: str
    score: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    verdict: str
    repeats_needed: int | None = None


def score_matrices(
    runs: list[Run], arms: list[str], scoring: Scoring, examples: int, repeats: int
) -> dict[str, np.ndarray]:
    """For each arm the float32 scores of shape (examples, repeats).

    Where a run diverged its examples get the worst score that any example got in the whole comparison, or the least
    that there is: a failure counts against the arm and is never left out. If no run finished, scores stay NaN.
    """
    matrices = {arm: np.full((examples, repeats), np.nan, np.float32) for arm in arms}
    for run in runs:
        matrices[run.arm][run.test_indices, run.repeat] = run.scores
    finished = [float(run.scores.min()) for run in runs if run.status == "finished"]
    if finished:
        worst = min(finished) if scoring.least is None else scoring.least
        for matrix in matrices.values():
            matrix[np.isnan(matrix)] = worst
    return matrices


def default_margin(scoring: Scoring, reference_scores: np.ndarray) -> float:
    """The scoring's margin of practical equality, or 1 % of the reference's own score where it depends on units."""
    if scoring.margin is not None:
        return scoring.margin
    own = abs(float(np.mean(reference_scores, dtype=np.float64)))
    return 0.01 * own if np.isfinite(own) else 0.0


def rank(
    matrices: dict[str, np.ndarray], reference: str, margin: float, alpha: float, best: float = inf, least: float = -inf
) -> list[Standing]:
    """A standing for every arm, in the order of `matrices` (arrays of shape (examples, repeats)).

    `best` and `least` are the ends of the measure's range: no arm's own interval goes beyond them.
    """
    others = [arm for arm in matrices if arm != reference]
    level = alpha / max(1, len(others))
    base = matrices[reference].astype(np.float64)
    differences = {arm: estimate(matrices[arm] - base) for arm in others}
    p_values = dict(zip(others, holm([differences[arm].p_value for arm in others]), strict=True))
    standings = []
    for arm, matrix in matrices.items():
        own = estimate(matrix)
        low, high = (float(end) for end in np.clip(own.interval(alpha), least, best))
        score = (arm, own.mean, low, high)
        if arm == reference:
            standings.append(Standing(*score, 0.0, 0.0, 0.0, nan, "reference"))
            continue
        difference, bounds = differences[arm], differences[arm].interval(level)
        verdict = rope_verdict(*bounds, margin)
        needed = repeats_needed(difference, margin, level) if verdict == "not enough evidence" else None
        standings.append(Standing(*score, difference.mean, *bounds, p_values[arm], verdict, needed))
    return standings
