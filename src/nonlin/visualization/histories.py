"""What runs recorded while they trained, brought to one length: runs stop early, at different epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.visualization.ranking import EVERY_RUN_DIVERGED

Array = NDArray[np.float64]


class Recorded(NamedTuple):
    """One arm's recorded runs: `series` for the runs that have one, and how many have not."""

    series: list[Array]
    finished: int
    diverged: int


def recorded(comparison: Any, arm: str, key: str) -> Recorded:
    """The series `key` of the arm's runs that recorded a non-empty one, as float64 arrays."""
    runs = [run for run in comparison.runs if run.arm == arm]
    finished = [run for run in runs if run.status == "finished"]
    found = [np.asarray(run.history[key], dtype=np.float64) for run in finished if run.history and key in run.history]
    return Recorded([series for series in found if series.size], len(finished), len(runs) - len(finished))


def why_empty(comparison: Any, otherwise: str) -> str:
    """Why no arm has a series: because every run diverged, or the reason given."""
    return EVERY_RUN_DIVERGED if all(run.status != "finished" for run in comparison.runs) else otherwise


def thinned(length: int, most: int = 48) -> NDArray[np.intp]:
    """Indices of at most about `most` of `length` epochs: every early one, where curves bend, then fewer.

    >>> thinned(4).tolist()
    [0, 1, 2, 3]
    >>> len(thinned(1000)) <= 48
    True
    """
    if length <= most:
        return np.arange(length)
    half = most // 2
    early = np.geomspace(1, length, half) - 1
    return np.unique(np.concatenate([early, np.linspace(0, length - 1, half)]).round().astype(np.intp))


def carried_forward(series: Sequence[Array]) -> Array:
    """Runs stacked to the longest one's length; a run that stopped early keeps its last value.

    Averaging only the runs still under way would compare different runs at different epochs (the quick learners leave
    first), so that the curve would rise where nothing got worse.

    >>> carried_forward([np.array([2.0, 1.0]), np.array([3.0])]).tolist()
    [[2.0, 1.0], [3.0, 3.0]]
    """
    longest = max(len(s) for s in series)
    return np.stack([np.concatenate([s, np.broadcast_to(s[-1:], (longest - len(s), *s.shape[1:]))]) for s in series])


def half_stopped(lengths: Sequence[int]) -> int:
    """The number of epochs that at least half of the runs reached.

    >>> half_stopped([10, 20, 30]), half_stopped([5])
    (20, 5)
    """
    ordered = sorted(lengths, reverse=True)
    return ordered[(len(ordered) - 1) // 2]
