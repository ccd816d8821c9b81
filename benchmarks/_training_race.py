"""The race of the contenders: each one's trainings shared between two workers, in turns, on one clock."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import NamedTuple

from _training_workloads import ACTIVATIONS, Job, Workload, jobs

WORKERS = 2


class Share(NamedTuple):
    """What a worker did: when it began and ended, and how good its networks are."""

    start: float
    end: float
    qualities: list[float]


@dataclass
class Contender:
    """A library's form of training, as `module.function`; its figures are collected here."""

    name: str
    train: str
    workload: Workload
    workers: Sequence[Executor]
    shares: list[list[Job]]  # one a worker
    scale: float = 1.0  # from the seconds of these jobs to those of as many as the others have
    seconds: list[float] = field(default_factory=list)
    quality: float = float("nan")

    def run(self) -> float:
        """Train all; return the seconds from the first worker's start to the last one's end."""
        work = zip(self.workers, self.shares, strict=True)
        running = [worker.submit(timed, self.train, self.workload, share) for worker, share in work]
        done = [future.result() for future in running]
        self.quality = statistics.mean(quality for share in done for quality in share.qualities)
        return self.scale * (max(share.end for share in done) - min(share.start for share in done))


def timed(train: str, workload: Workload, share: list[Job]) -> Share:
    """Train a share of the jobs; importing and judging are not on the clock."""
    module, function = train.split(".")
    function = getattr(importlib.import_module(module), function)
    workload.data  # noqa: B018 (it is loaded now)
    start = time.perf_counter()
    qualities = function(workload, share)
    return Share(start, time.perf_counter(), qualities())


def run_rounds(contenders: Sequence[Contender], rounds: int) -> None:
    """Train once for what is compiled at first, then in turns on the clock."""
    for contender in contenders:
        contender.run()
    for _ in range(rounds):
        for contender in contenders:
            contender.seconds.append(contender.run())


def two_threads(stack: ExitStack) -> list[Executor]:
    """Two workers in this process."""
    return [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(WORKERS)]


def two_processes(stack: ExitStack) -> list[Executor]:
    """Two workers in processes of their own, each on a core of its own."""
    spawn = multiprocessing.get_context("spawn")
    pools = (ProcessPoolExecutor(1, spawn, stay_on_core, (core,)) for core in range(WORKERS))
    return [stack.enter_context(pool) for pool in pools]


def shares(seeds: int) -> list[list[Job]]:
    """All trainings, half of the activations for each worker."""
    return [jobs(ACTIVATIONS[worker::WORKERS], range(seeds)) for worker in range(WORKERS)]


def stay_on_core(core: int) -> None:
    """Bind this process to one of the cores that it may use."""
    if hasattr(os, "sched_setaffinity"):  # libraries that start a thread a core then start one
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})
