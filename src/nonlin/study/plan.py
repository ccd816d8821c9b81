"""The plan: which rows each run holds out and which seed it starts from, the same for every arm."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from nonlin.study.arms import Arm
from nonlin.study.checks import Data


@dataclass(frozen=True)
class Job:
    """One run to be made: an arm trained without `test_indices` and scored on them."""

    arm: Arm
    repeat: int
    fold: int
    seed: int
    test_indices: np.ndarray

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells the run from all others of its comparison."""
        return self.arm.name, self.repeat, self.fold


def named_seed(random_state: int, name: str, *key: int) -> int:
    """A 32-bit seed of its own for each name and key: adding arms or repeats never shifts another's.

    >>> named_seed(0, "run", 1, 2) == named_seed(0, "run", 1, 2) != named_seed(0, "run", 2, 1)
    True
    """
    sequence = np.random.SeedSequence(random_state, spawn_key=(crc32(name.encode()), *key))
    return int(sequence.generate_state(1)[0])


def partition(data: Data, folds: int, seed: int) -> list[np.ndarray]:
    """The rows divided into test folds, with equal shares of every class in classification; sorted int64 each."""
    splitter = StratifiedKFold if data.task == "classification" else KFold
    splits = splitter(folds, shuffle=True, random_state=seed).split(np.zeros(len(data.y)), data.y)
    return [test for _, test in splits]


def make_plan(data: Data, arms: tuple[Arm, ...], repeats: int, folds: int, random_state: int) -> list[Job]:
    """All runs, repeat by repeat, and within a fold arm by arm.

    So a value that an estimator refuses shows in the first few runs, and every finished repeat can be judged at once.
    """
    jobs = []
    for repeat in range(repeats):
        tests = partition(data, folds, named_seed(random_state, "partition", repeat))
        for fold, test in enumerate(tests):
            seed = named_seed(random_state, "run", repeat, fold)
            jobs += [Job(arm, repeat, fold, seed, test) for arm in arms]
    return jobs
