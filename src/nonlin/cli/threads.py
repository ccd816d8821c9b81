"""Threads that carry out trainings, with the features of a fold encoded before the clock of any training starts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np

from nonlin.cli.features import TableFeatures, keep_folds
from nonlin.study.environment import limit_openmp, run_environment
from nonlin.study.execution import available_cores


class FeaturesFirst(ThreadPoolExecutor):
    """An executor for runs of a comparison whose pipeline begins with `TableFeatures`.

    All activations share the features of a fold, and one of them has to compute them. Within its run that would count
    as its training time, so that an activation looked slower for being named first. `before_all` is called once, when
    the first run is asked for: by then everything is checked, and something is left to train.
    """

    def __init__(self, workers: int | None, before_all: Callable[[], None]) -> None:
        workers = workers or available_cores()
        super().__init__(workers, thread_name_prefix="nonlin", initializer=limit_openmp)
        keep_folds(2 * workers)
        self._before_all: Callable[[], None] | None = before_all

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have `fn(setting, job)` called, as `nonlin.compare` asks for its runs."""
        setting, job = args
        if self._before_all is not None:
            before_all, self._before_all = self._before_all, None
            before_all()

        def encoded_before() -> Any:
            with suppress(Exception), run_environment():  # what cannot be encoded is told by the run itself
                encode(setting.X, job.test_indices)
            return fn(setting, job, **kwargs)

        return super().submit(encoded_before)


def encode(X: Any, test: np.ndarray) -> None:
    """Have the features of a fold at hand: those of the training rows, and of the held-out rows `test`."""
    features = TableFeatures()
    features.fit(X.iloc[np.delete(np.arange(len(X)), test)])
    features.transform(X.iloc[test])
