"""Carrying out runs, in threads of our own or on any `concurrent.futures.Executor`."""

from __future__ import annotations

import os
from collections.abc import Generator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed

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

    An error in a run stops the rest, but runs that had begun are still given before it is raised: they may be stored.
    Closed early, or stopped by Ctrl-C, it cancels what has not begun and waits for what has (a second Ctrl-C does
    not), so that nothing goes on behind the caller's back. An executor that was given is left open.
    """
    if not jobs:
        return
    own = _threads(len(jobs)) if executor is None else None
    pool = executor or own
    assert pool is not None
    futures: dict[Future[Run], Job] = {}
    try:
        with run_environment():
            futures = {pool.submit(execute, setting, job): job for job in jobs}
            yield from _as_they_finish(futures)
    finally:
        for future in futures:
            future.cancel()
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)


def _as_they_finish(futures: dict[Future[Run], Job]) -> Generator[tuple[Job, Run]]:
    seen, error = set(), None
    for future in as_completed(futures):
        seen.add(future)
        error = future.exception()
        if error is not None:
            break
        yield futures[future], future.result()
    begun = [future for future in futures if future not in seen and not future.cancel()]
    for future in as_completed(begun):
        if future.exception() is None:
            yield futures[future], future.result()
    if error is not None:
        raise error


def _threads(jobs: int) -> ThreadPoolExecutor:
    # Training releases the GIL; more threads than cores, or threads inside runs, would only contend.
    workers = min(available_cores(), jobs)
    return ThreadPoolExecutor(workers, thread_name_prefix="nonlin", initializer=limit_openmp)
