"""One run: train an arm without one fold, score the fold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal

import numpy as np

from nonlin.errors import InputError
from nonlin.study.arms import configured
from nonlin.study.environment import convergence_warnings, reset_convergence_warnings, run_environment
from nonlin.study.plan import Job
from nonlin.study.scoring import score_examples

# scikit-learn reports divergence as a plain ValueError: "Solver produced non-finite parameter weights" (its MLP),
# "Floating-point under-/overflow occurred at epoch" (its SGD). Such a run has failed; the comparison has not.
_DIVERGENCE = re.compile(r"non-finite parameter|under-/overflow|diverged", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """What all runs of a comparison share. Picklable, as runs may be carried out in other processes."""

    estimator: Any
    X: Any
    y: np.ndarray
    parameter: str
    scoring: str
    spread: float


@dataclass(frozen=True, eq=False)
class Run:
    """What one run gave.

    `scores` is float32, one per row in `test_indices` (all NaN if the run diverged); `history` is the estimator's
    `history_`, a dict of arrays, or None; `metrics` are further figures beside the score.
    """

    arm: str
    repeat: int
    fold: int
    status: Literal["finished", "diverged"]
    message: str
    test_indices: np.ndarray
    scores: np.ndarray
    history: dict[str, np.ndarray] | None
    fit_seconds: float
    score_seconds: float
    metrics: dict[str, float] = field(default_factory=dict)
    convergence_warnings: int = 0


def execute(setting: Setting, job: Job) -> Run:
    """Make one run; a diverged one comes back as such.

    Raises `InputError` for what the estimator refuses, and passes on what is neither refusal nor divergence.
    """
    model = configured(setting.estimator, setting.parameter, job.arm.value, job.seed)
    train, test = np.delete(np.arange(len(setting.y)), job.test_indices), job.test_indices
    scores, metrics, message, fitted = np.full(len(test), np.nan, np.float32), {}, "", None
    reset_convergence_warnings()
    with run_environment(), np.errstate(all="ignore"):
        started = perf_counter()
        try:
            model.fit(rows(setting.X, train), setting.y[train])
            fitted = perf_counter()
            held_out = rows(setting.X, test), setting.y[test]
            scores, metrics = score_examples(setting.scoring, model, *held_out, setting.spread)
        except Exception as error:
            message = _divergence(error, setting.parameter, job)
        ended = perf_counter()
    fitted = ended if fitted is None else fitted
    status = "diverged" if message else "finished"
    seconds = fitted - started, ended - fitted
    return Run(*job.key, status, message, test, scores, history_of(model), *seconds, metrics, convergence_warnings())


def rows(table: Any, indices: np.ndarray) -> Any:
    """The rows of a data frame, an array or a sparse matrix."""
    return table.iloc[indices] if hasattr(table, "iloc") else table[indices]


def _divergence(error: Exception, parameter: str, job: Job) -> str:
    """What to say of a run that diverged; any other error is raised again, told as the user's where it is."""
    text = (str(error).splitlines() or [""])[0] or type(error).__name__
    if isinstance(error, InputError):
        raise error
    if isinstance(error, (ArithmeticError, np.linalg.LinAlgError)):
        return text
    if isinstance(error, ValueError) and _DIVERGENCE.search(text):
        return text
    place = f"the run of {parameter}={job.arm.name!r} in repeat {job.repeat}, fold {job.fold}"
    if isinstance(error, ValueError):
        raise InputError(f"{place} failed: {text}") from error
    error.add_note(f"raised by {place}")
    raise error


def history_of(model: Any) -> dict[str, np.ndarray] | None:
    """The numeric arrays of `history_`, of the model itself or of the last one inside a pipeline or a wrapper."""
    for _ in range(8):  # wrappers within wrappers; a bound, lest one contains itself
        history = getattr(model, "history_", None)
        if isinstance(history, dict):
            arrays = {str(name): np.asarray(values) for name, values in history.items()}
            return {name: values for name, values in arrays.items() if values.dtype.kind in "fiub"}
        steps = getattr(model, "steps", None)
        inner = [getattr(model, name, None) for name in ("best_estimator_", "estimator_", "regressor_", "classifier_")]
        model = steps[-1][1] if steps else next((part for part in inner if part is not None), None)
        if model is None:
            return None
    return None
