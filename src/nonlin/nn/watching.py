"""Who is told how a training goes, epoch by epoch: callbacks, and with `verbose` a progress bar or plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import isnan
from typing import Any, Self

import numpy as np

from nonlin.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What a callback is told after each epoch; it cannot be changed.

    Attributes
    ----------
    number : int
        The epoch of this fit, the first is 1.
    loss : float
        The mean loss on the training examples, L2 penalty included.
    validation_score : float or None
        The score on the examples held out, None without early stopping. Greater is better.
    learning_rate : float
        That of the epoch's last step; NaN with lbfgs, which has none.
    seconds : float
        Since training began.
    records : mapping of str to array
        What was recorded so far: see `records_` of the estimator.
    model : estimator
        The one that is being fitted: its `coefs_` and `intercepts_` are those after this epoch.
    """

    number: int
    loss: float
    validation_score: float | None
    learning_rate: float
    seconds: float
    records: Mapping[str, np.ndarray]
    model: Any


class Callback:
    """What wants to know more than the end of each epoch: a base class whose methods do nothing.

    `fit` takes objects of subclasses, and plain functions in place of `on_epoch_end`. An exception of theirs stops the
    training, and is raised by `fit` once the best weights are kept.

    Examples
    --------
    >>> from nonlin.nn import Callback, MLPClassifier
    >>> class Losses(Callback):
    ...     def on_fit_begin(self, model):
    ...         self.seen = []
    ...
    ...     def on_epoch_end(self, epoch):
    ...         self.seen.append(epoch.loss)
    ...         return epoch.number == 3
    >>> losses = Losses()
    >>> model = MLPClassifier((4,), random_state=0).fit([[0.0], [1.0]], [0, 1], callbacks=[losses])
    >>> losses.seen == model.loss_curve_, model.n_iter_
    (True, 3)
    """

    def on_fit_begin(self, model: Any) -> None:
        """The training of `model` is about to begin."""

    def on_epoch_end(self, epoch: Epoch) -> bool | None:
        """An epoch is done; True stops the training."""

    def on_fit_end(self, model: Any) -> None:
        """The training of `model` is over, be it by an exception."""


class _Function(Callback):
    """A function of an `Epoch` as a callback."""

    def __init__(self, function: Callable[[Epoch], Any]):
        self.on_epoch_end = function  # type: ignore[method-assign]


def check_callbacks(callbacks: Any) -> list[Callback]:
    """The callbacks as objects; raises `InputError` for what cannot be called.

    >>> check_callbacks(None)
    []
    """
    if callbacks is None:
        return []
    if not isinstance(callbacks, Sequence):
        raise InputError(f"callbacks must be a list of functions or Callback objects, got {callbacks!r}")
    return [_checked(i, callback) for i, callback in enumerate(callbacks)]


def _checked(i: int, callback: Any) -> Callback:
    if isinstance(callback, Callback):
        return callback
    if isinstance(callback, type):
        raise InputError(
            f"callbacks[{i}] is the class {callback.__name__}; give an object of it: {callback.__name__}()"
        )
    if not callable(callback):
        raise InputError(f"callbacks[{i}] must be a function of an Epoch or a Callback object, got {callback!r}")
    return _Function(callback)


class Watching:
    """A fit's callbacks, told of its beginning on entry, of each epoch, and of its end on exit, whatever ends it.

    `epochs` are the most that there may be. An exception of a callback stops the training, whose best weights are kept
    as ever, and is raised on exit.
    """

    def __init__(self, model: Any, callbacks: Any, verbose: bool, epochs: int):
        self._model = model
        self._callbacks = [*check_callbacks(callbacks), *([progress(epochs)] if verbose else [])]
        self._exits = ExitStack()
        self._error: Exception | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody is to be told: without, epochs need not be run one by one."""
        return bool(self._callbacks)

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        with ExitStack() as exits:
            for callback in self._callbacks:
                callback.on_fit_begin(self._model)
                exits.callback(callback.on_fit_end, self._model)
            self._exits = exits.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        try:
            self._exits.__exit__(*error)
        finally:
            if self._error:
                raise self._error

    def epoch_ended(
        self,
        number: int,
        *,
        loss: float,
        validation_score: float | None,
        learning_rate: float,
        records: Mapping[str, np.ndarray],
    ) -> bool:
        """Tell every callback; True where one of them asks to stop or fails."""
        seconds = time.perf_counter() - self._start
        epoch = Epoch(
            number=number,
            loss=loss,
            validation_score=validation_score,
            learning_rate=learning_rate,
            seconds=seconds,
            records=records,
            model=self._model,
        )
        try:
            answers = [callback.on_epoch_end(epoch) for callback in self._callbacks]
        except Exception as error:
            self._error = error
            return True
        return any(isinstance(answer, (bool, np.bool_)) and bool(answer) for answer in answers)


def progress(epochs: int) -> Callback:
    """What `verbose` shows on standard output: a bar on a terminal, scikit-learn's lines elsewhere."""
    return _Bar(epochs) if sys.stdout.isatty() else _Lines()


class _Lines(Callback):
    """A line an epoch, worded as scikit-learn's."""

    def on_epoch_end(self, epoch: Epoch) -> None:
        print(f"Iteration {epoch.number}, loss = {epoch.loss:.8f}")
        if epoch.validation_score is not None:
            print(f"Validation score: {epoch.validation_score:f}")


class _Bar(Callback):
    """A bar with epoch, loss, validation score, learning rate and the time that is left at most."""

    def __init__(self, epochs: int):
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        left = TimeRemainingColumn(compact=True, elapsed_when_finished=True)
        columns = MofNCompleteColumn(), BarColumn(bar_width=24), left, TextColumn("{task.fields[note]}")
        self._bar = Progress(TextColumn("epoch"), *columns)
        self._task = self._bar.add_task("epoch", total=epochs, note="")

    def on_fit_begin(self, model: Any) -> None:
        self._bar.start()

    def on_epoch_end(self, epoch: Epoch) -> None:
        self._bar.update(self._task, completed=epoch.number, note=_in_words(epoch))

    def on_fit_end(self, model: Any) -> None:
        self._bar.update(self._task, total=self._bar.tasks[0].completed)
        self._bar.stop()


def _in_words(epoch: Epoch) -> str:
    score = "" if epoch.validation_score is None else f", validation score {epoch.validation_score:.4g}"
    rate = "" if isnan(epoch.learning_rate) else f", learning rate {epoch.learning_rate:.3g}"
    return f"loss {epoch.loss:.4g}{score}{rate}"
