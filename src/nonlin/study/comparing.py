"""`compare`: from an estimator and data to a `Comparison`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from nonlin.study.arms import Arm, check_arms, check_parameter, make_arms, reference_name
from nonlin.study.baseline import guessing_scores
from nonlin.study.checks import (
    Data,
    check_data,
    check_estimator,
    check_executor,
    check_later_stages,
    check_shares,
    infer_task,
    whole_number,
)
from nonlin.study.comparison import Comparison, make_comparison
from nonlin.study.defaults import with_comparison_defaults
from nonlin.study.execution import finished_runs
from nonlin.study.fingerprint import data_fingerprint, estimator_description
from nonlin.study.plan import Job, make_plan
from nonlin.study.run import Run, Setting
from nonlin.study.scoring import choose_scoring
from nonlin.study.store import Store


@dataclass(frozen=True)
class _Prepared:
    """A comparison that has been checked and laid out, and not begun."""

    setting: Setting
    jobs: list[Job]
    identity: dict[str, str]
    facts: dict[str, Any]
    margin: float | None
    guesses: np.ndarray

    def comparison(self, runs: Iterable[Run], repeats: int, seconds: float) -> Comparison:
        """The comparison of the first `repeats` repeats."""
        kept = [run for run in runs if run.repeat < repeats]
        scales = {"practical_margin": self.margin, "baseline": float(np.mean(self.guesses[:repeats]))}
        return make_comparison(kept, repeats=repeats, seconds=seconds, **scales, **self.facts)


@dataclass(frozen=True)
class Progress:
    """How far a comparison has come: `done` of `total` runs, `restored` of them taken from the store."""

    done: int
    total: int
    restored: int
    run: Run
    _runs: tuple[Run, ...]
    _prepared: _Prepared
    _started: float

    def comparison(self) -> Comparison | None:
        """A comparison of the leading repeats that every arm has finished; None before there is one.

        For show while waiting: stopping when it looks right would undo the error rates of the final verdict.
        """
        in_repeat = len(self._prepared.facts["arms"]) * self._prepared.facts["folds"]
        counts: dict[int, int] = {}
        for run in self._runs:
            counts[run.repeat] = counts.get(run.repeat, 0) + 1
        complete = 0
        while counts.get(complete) == in_repeat:
            complete += 1
        seconds = perf_counter() - self._started
        return self._prepared.comparison(self._runs, complete, seconds) if complete else None


def compare(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    parameter: str = "activation",
    values: Iterable[Any],
    reference: Any = None,
    repeats: int = 5,
    folds: int = 5,
    scoring: str | None = None,
    practical_margin: float | None = None,
    alpha: float = 0.05,
    tuning: None = None,
    racing: bool = False,
    executor: Executor | None = None,
    store: str | os.PathLike[str] | None = None,
    random_state: int = 0,
    on_run: Callable[[Progress], None] | None = None,
) -> Comparison:
    """Which value of one parameter predicts best on these data, or that the data cannot tell.

    Every value (arm) is trained on the same repeated K-fold partitions from the same seeds, and each held-out example
    is scored; the differences to the reference are tested with the variation between examples and between repeats
    both counted, and adjusted for their number. See `nonlin.study.statistics`.

    Parameters
    ----------
    estimator
        Anything with `fit`, `predict`, `get_params` and `set_params`, a pipeline too. It is cloned, never fitted.
        Networks of `nonlin.nn` whose `dtype` is None are trained in float32.
    X, y
        A row each per example: a data frame, an array, a sparse matrix; and one target each. Kept in their dtype.
    parameter, values, reference
        The name of the parameter (nested as in `mlpclassifier__activation`), its values, and which of them the others
        are compared with (default: the first).
    repeats, folds, random_state
        Each repeat has a partition and each run a seed of its own, drawn from named keys of `random_state` and shared
        by all arms. Every parameter called `random_state` is set to it. Classes have equal shares in every fold.
        With fewer than 5 repeats the intervals are a good deal wider, as little is known of how repeats vary; with one
        there are none.
    scoring
        `neg_log_loss` (default for classifiers with probabilities), `accuracy` (for others), `r2` (default for
        regressors; by the variance of all of `y`), `neg_mean_squared_error`, `neg_mean_absolute_error`, `hit_rate`
        (the share of errors of at most a quarter of the standard deviation of `y`). Where `parameter` is a loss, the
        default is one that no arm is trained for, and the verdict says why: accuracy where an arm gives no
        probabilities or is trained for them, else log loss; R² where no arm is trained for the mean, else absolute
        error where none is for the median, else the hit rate.
    practical_margin, alpha
        The largest difference that does not matter (default: 0.01 for log loss, accuracy and R², 1 % of the
        reference's own score for errors), and the chance that any of the differences' intervals misses the truth.
    executor
        Any `concurrent.futures.Executor`; default: a thread per core. The result does not depend on it.
    store
        A path. Finished runs are written to this SQLite file at once; the same call with the same store resumes,
        and arms or repeats added later reuse what is there.
    on_run
        Called in this thread after each finished run with a `Progress`.
    tuning, racing
        Not available yet.

    Raises `InputError`, a `ValueError`, in one sentence with the mend, before any training where possible. Runs that
    diverge (an `ArithmeticError`, predictions that are not finite) stay in the table with the worst score.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> result = compare(DecisionTreeClassifier(), X, y, parameter="max_depth", values=[1, 3], scoring="accuracy")
    >>> print(result.verdict)  # doctest: +NORMALIZE_WHITESPACE
    Use max_depth=3: its accuracy is higher than max_depth=1's by 28 percentage points (95 % interval 20 to 36)
    on these 150 rows.
    """
    check_later_stages(tuning, racing)
    check_shares(alpha, practical_margin)
    check_executor(executor)
    repeats, folds = whole_number("repeats", repeats, 1), whole_number("folds", folds, 2)
    random_state = whole_number("random_state", random_state, 0)
    check_estimator(estimator)
    check_parameter(estimator, parameter)
    arms = make_arms(values)
    named = reference_name(reference, arms)
    data = check_data(X, y, infer_task(estimator, scoring), folds)
    estimator = with_comparison_defaults(estimator)
    prepared = _prepare(estimator, data, parameter, arms, scoring, repeats, folds, random_state)
    prepared = replace(prepared, facts={**prepared.facts, "reference": named, "alpha": alpha}, margin=practical_margin)
    return _carry_out(prepared, repeats, executor, store, on_run)


def _prepare(
    estimator: Any, data: Data, parameter: str, arms: tuple[Arm, ...], scoring: str | None,
    repeats: int, folds: int, random_state: int,
) -> _Prepared:  # fmt: skip
    """Lay out all runs; every check that needs no training is made here."""
    models = check_arms(estimator, parameter, arms)
    configured = {arm.name: model for arm, model in zip(arms, models, strict=True)}
    chosen = choose_scoring(scoring, data.task, configured, parameter)
    setting = Setting(estimator, data.X, data.y, parameter, chosen.name, data.spread)
    identity = {
        "data": data_fingerprint(data.X, data.y), "parameter": parameter, "scoring": chosen.name,
        "folds": str(folds), "random_state": str(random_state), **estimator_description(estimator, parameter),
    }  # fmt: skip
    facts = {
        "arms": [arm.name for arm in arms], "parameter": parameter, "scoring": chosen.name, "task": data.task,
        "scoring_reason": chosen.reason,
        "folds": folds, "random_state": random_state, "n_examples": len(data.y), "n_features": data.n_features,
        "fingerprint": hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16],
    }  # fmt: skip
    jobs = make_plan(data, arms, repeats, folds, random_state)
    guesses = guessing_scores(chosen.name, data, [job for job in jobs if job.arm is arms[0]])
    return _Prepared(setting, jobs, identity, facts, None, guesses)


def _carry_out(
    prepared: _Prepared,
    repeats: int,
    executor: Executor | None,
    path: str | os.PathLike[str] | None,
    on_run: Callable[[Progress], None] | None,
) -> Comparison:
    """Make the runs that the store does not have yet, writing each as it ends."""
    started, jobs = perf_counter(), prepared.jobs
    with ExitStack() as stack:
        store = None if path is None else stack.enter_context(Store(path, prepared.identity))
        runs = {} if store is None else store.restore(jobs)
        restored = len(runs)
        missing = [job for job in jobs if job.key not in runs]
        for job, run in stack.enter_context(closing(finished_runs(prepared.setting, missing, executor))):
            runs[job.key] = run
            if store is not None:
                store.write(job, run)
            if on_run is not None:
                on_run(Progress(len(runs), len(jobs), restored, run, tuple(runs.values()), prepared, started))
    return prepared.comparison(runs.values(), repeats, perf_counter() - started)
