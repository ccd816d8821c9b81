"""Scorings: one number per held-out example, greater is better, named as scikit-learn names them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from nonlin.errors import InputError, unknown
from nonlin.study.yardstick import Yardstick, compared_losses, neutral

# A probability of zero would make one example's log loss infinite and every mean with it. The smallest normal
# float32 stands for it, and for anything smaller, so that the order of scores is kept: log(p) is at least -87.34.
LOG_OF_ZERO = float(np.log(np.finfo(np.float32).tiny))

Judge = Callable[[Any, Any, np.ndarray, float], np.ndarray]
Guess = Callable[[np.ndarray, np.ndarray, float], np.ndarray]


class Measure(NamedTuple):
    """A yardstick in its natural units: the table's scores are greater-is-better, a reader's need not be."""

    name: str
    lower_is_better: bool
    scale: float = 1.0
    unit: str = ""
    difference_unit: str = ""
    axis_unit: str = ""  # stands on axes only: in a sentence it would explain nothing

    @property
    def direction(self) -> str:
        """Which way is better, in words."""
        return "lower is better" if self.lower_is_better else "higher is better"

    def natural(self, score: float) -> float:
        """The table's (greater-is-better) score in natural units."""
        return (-score if self.lower_is_better else score) * self.scale + 0.0

    def improvement(self, difference: float) -> float:
        """A difference of the table's scores in natural units; positive is better, whichever way the measure runs."""
        return difference * self.scale + 0.0


@dataclass(frozen=True)
class Scoring:
    """How held-out examples are scored, and how the score is spoken of (`measure`).

    `best` is the highest score that there can be; `guess` scores the best constant prediction from the targets alone.
    `margin` is the largest difference that is no difference in practice (None: 1 % of the reference's own score),
    `least` the score of a diverged run (None: the worst score that any example got in the comparison).
    """

    name: str
    task: Literal["classification", "regression"]
    measure: Measure
    margin: float | None
    judge: Judge
    guess: Guess
    best: float
    least: float | None = None


def score_examples(
    scoring: str, model: Any, X: Any, y: np.ndarray, spread: float
) -> tuple[np.ndarray, dict[str, float]]:
    """Scores of the fitted `model`, one float32 per row of X, and further metrics by name.

    `spread` is the variance of the whole target (for R²). Raises `ArithmeticError` if anything is not finite.
    """
    with np.errstate(all="ignore"):
        scores = SCORINGS[scoring].judge(model, X, y, spread).astype(np.float32)
    if not np.all(np.isfinite(scores)):
        raise ArithmeticError("predictions are not finite, or too large for float32 scores")
    metrics = {"accuracy": float(np.mean(_accuracy(model, X, y, spread)))} if scoring == "neg_log_loss" else {}
    return scores, metrics


def _log_loss(model: Any, X: Any, y: np.ndarray, spread: float) -> np.ndarray:
    """Log of the probability given to the true class; zero for a class that the model never saw."""
    exact = hasattr(model, "predict_log_proba")
    logs = np.asarray(model.predict_log_proba(X) if exact else np.log(model.predict_proba(X)))
    classes = np.asarray(model.classes_)
    expected = (len(y), len(classes))
    if logs.shape != expected:
        raise InputError(
            f"probabilities have shape {logs.shape}, not {expected} (rows, classes); use scoring='accuracy'"
        )
    # Minus infinity is a probability of zero; anything else that is not finite is a failure, in whichever column.
    if np.any(np.isnan(logs) | (logs == np.inf)):
        raise ArithmeticError("predicted probabilities are not finite")
    order = np.argsort(classes)
    position = np.minimum(np.searchsorted(classes, y, sorter=order), len(classes) - 1)
    column = order[position]
    chosen = logs[np.arange(len(y)), column].astype(np.float64)
    return np.maximum(np.where(classes[column] == y, chosen, -np.inf), LOG_OF_ZERO)


def _accuracy(model: Any, X: Any, y: np.ndarray, spread: float) -> np.ndarray:
    predictions = np.asarray(model.predict(X)).reshape(len(y))
    return (predictions == y).astype(np.float64)


def _errors(model: Any, X: Any, y: np.ndarray) -> np.ndarray:
    predictions = np.asarray(model.predict(X), dtype=np.float64).reshape(len(y))
    return predictions - y.astype(np.float64)


def _r2(model: Any, X: Any, y: np.ndarray, spread: float) -> np.ndarray:
    return 1.0 - _errors(model, X, y) ** 2 / spread


def _squared_error(model: Any, X: Any, y: np.ndarray, spread: float) -> np.ndarray:
    return -(_errors(model, X, y) ** 2)


def _absolute_error(model: Any, X: Any, y: np.ndarray, spread: float) -> np.ndarray:
    return -np.abs(_errors(model, X, y))


def _hit(model: Any, X: Any, y: np.ndarray, spread: float) -> np.ndarray:
    return (np.abs(_errors(model, X, y)) <= _reach(spread)).astype(np.float64)


def _reach(spread: float) -> float:
    """The largest error that is a hit: a quarter of the target's standard deviation."""
    return float(np.sqrt(spread)) / 4


def _guess_shares(train: np.ndarray, test: np.ndarray, spread: float) -> np.ndarray:
    """Log loss of the classes' shares; classes are 0, 1, ..."""
    counts = np.bincount(train, minlength=int(test.max()) + 1)
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(counts / len(train)), LOG_OF_ZERO)[test]


def _guess_most_frequent(train: np.ndarray, test: np.ndarray, spread: float) -> np.ndarray:
    return (test == np.argmax(np.bincount(train))).astype(np.float64)


def _guess_mean_r2(train: np.ndarray, test: np.ndarray, spread: float) -> np.ndarray:
    return 1.0 - (np.mean(train) - test) ** 2 / spread


def _guess_mean(train: np.ndarray, test: np.ndarray, spread: float) -> np.ndarray:
    return -((np.mean(train) - test) ** 2)


def _guess_median(train: np.ndarray, test: np.ndarray, spread: float) -> np.ndarray:
    return -np.abs(np.median(train) - test)


def _guess_densest(train: np.ndarray, test: np.ndarray, spread: float) -> np.ndarray:
    """Hits of the middle of the largest group of targets that one number can hit."""
    targets = np.sort(train)
    ends = np.searchsorted(targets, targets + 2 * _reach(spread), side="right")
    first = int(np.argmax(ends - np.arange(len(targets))))
    middle = (targets[first] + targets[ends[first] - 1]) / 2
    return (np.abs(middle - test) <= _reach(spread)).astype(np.float64)


_NATS = Measure("log loss", True, axis_unit="nats")
_PERCENT = Measure("accuracy", False, 100.0, " %", " percentage points")
_HITS = _PERCENT._replace(name="hit rate")
_SQUARED, _ABSOLUTE = Measure("mean squared error", True), Measure("mean absolute error", True)
_CLASSES, _NUMBERS = "classification", "regression"
SCORINGS: dict[str, Scoring] = {
    scoring.name: scoring
    for scoring in (
        Scoring("neg_log_loss", _CLASSES, _NATS, 0.01, _log_loss, _guess_shares, best=0.0),
        Scoring("accuracy", _CLASSES, _PERCENT, 0.01, _accuracy, _guess_most_frequent, best=1.0, least=0.0),
        Scoring("r2", _NUMBERS, Measure("R²", False), 0.01, _r2, _guess_mean_r2, best=1.0),
        Scoring("neg_mean_squared_error", _NUMBERS, _SQUARED, None, _squared_error, _guess_mean, best=0.0),
        Scoring("neg_mean_absolute_error", _NUMBERS, _ABSOLUTE, None, _absolute_error, _guess_median, best=0.0),
        Scoring("hit_rate", _NUMBERS, _HITS, 0.01, _hit, _guess_densest, best=1.0, least=0.0),
    )
}


def choose_scoring(scoring: str | None, task: str, models: dict[str, Any], parameter: str = "") -> Yardstick:
    """The scoring asked for, or the default; raises `InputError` if it does not fit the task or an arm.

    `models` are the configured estimators by arm. The default is R², or log loss where all of them give probabilities,
    else accuracy; where losses are compared, one that none of them is trained for.
    """
    probable = ("predict_proba", "predict_log_proba")
    mute = [arm for arm, model in models.items() if not any(hasattr(model, name) for name in probable)]
    if scoring is None:
        losses = compared_losses(parameter, models)
        usual = "r2" if task == "regression" else "accuracy" if mute else "neg_log_loss"
        return neutral(task, losses, mute) if losses else Yardstick(usual)
    fitting = [name for name, entry in SCORINGS.items() if entry.task == task]
    if scoring not in SCORINGS:
        raise unknown("scoring", scoring, fitting)
    if scoring not in fitting:
        raise InputError(f"scoring={scoring!r} does not fit {task}; use one of {', '.join(fitting)}")
    if scoring == "neg_log_loss" and mute:
        raise InputError(
            f"scoring='neg_log_loss' needs predict_proba, which {mute[0]!r} has not; use scoring='accuracy'"
        )
    return Yardstick(scoring)
