"""The score of guessing: what anybody gets without looking at a single column."""

from __future__ import annotations

import numpy as np

from nonlin.study.checks import Data
from nonlin.study.plan import Job
from nonlin.study.scoring import SCORINGS


def guessing_scores(scoring: str, data: Data, jobs: list[Job]) -> np.ndarray:
    """Mean score of the best constant prediction, float64, one per repeat.

    The constant is that of each training fold, scored on the fold held out: the shares of the classes for log loss,
    the most frequent class for accuracy, the mean of the target for R² and squared error, the median for absolute
    error, the middle of the largest group that one number can hit for the hit rate. `jobs` are those of one arm.
    """
    # Classes as numbers 0, 1, ...: sorted once, not once a fold.
    classes = data.task == "classification"
    target = np.unique(data.y, return_inverse=True)[1] if classes else data.y.astype(np.float64)
    sums = np.zeros(1 + max(job.repeat for job in jobs))
    for job in jobs:
        train = np.delete(target, job.test_indices)
        sums[job.repeat] += SCORINGS[scoring].guess(train, target[job.test_indices], data.spread).sum()
    return sums / len(target)
