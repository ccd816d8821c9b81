"""Carrying out runs, in threads of our own or on any `concurrent.futures.Executor`."""

from __future__ import annotations

import os
from collections.abc import Generator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed

from nonlin.study.environment import limit_openmp, run_environment
from nonlin.study.plan import Job
from nonlin.study.run import Run, Setting, execute


def available_cores() -> int:
    """Cores that this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def finished_runs(setting: Setting, jobs: list[Job], executor: Executor | None) -> Generator[tuple[Job, Run]]:
    """Each job with its run, as soon as it has finished, in whatever order that is.

    Closed early, or stopped by an error or Ctrl-C, it cancels what has not begun and waits for what has (a second
    Ctrl-C does not), so that nothing goes on behind the caller's back. An executor that was given is left open.
    """
    if not jobs:
        return
    own = _threads(len(jobs)) if executor is None else None
    pool = executor or own
    assert pool is not None
    futures = {}
    try:
        with run_environment():
            futures = {pool.submit(execute, setting, job): job for job in jobs}
            for future in as_completed(futures):
                yield futures[future], future.result()
    finally:
        for future in futures:
            future.cancel()
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)


def _threads(jobs: int) -> ThreadPoolExecutor:
    # Training releases the GIL; more threads than cores, or threads inside runs, would only contend.
    workers = min(available_cores(), jobs)
    return ThreadPoolExecutor(workers, thread_name_prefix="nonlin", initializer=limit_openmp)
