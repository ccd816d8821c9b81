"""What surrounds a run: one BLAS thread, and convergence warnings counted instead of shown.

Both are settings of the whole process, while runs overlap in threads. Changed and put back by each run they would
race; so they are counted: the first that comes changes them and the last that leaves puts them back. A comparison
holds them around all its runs, which also keeps both in one thread: OpenBLAS takes back a limit only from the thread
that set it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_depth = 0
_undo = ExitStack()
_tally = threading.local()


@contextmanager
def run_environment() -> Iterator[None]:
    """Hold the process in the state that runs need; may be nested and may overlap in threads."""
    global _depth, _undo
    with _lock:
        if _depth == 0:
            _undo = _change()
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0:
                _undo.close()


def reset_convergence_warnings() -> None:
    """Begin a new count in this thread."""
    _tally.count = 0


def convergence_warnings() -> int:
    """How many convergence warnings this thread has raised since the count began."""
    return getattr(_tally, "count", 0)


def limit_openmp() -> None:
    """Keep OpenMP loops of the calling thread to one thread, for the thread's life."""
    threadpool_limits(limits=1, user_api="openmp")


def _change() -> ExitStack:
    stack = ExitStack()
    stack.enter_context(threadpool_limits(limits=1, user_api="blas"))
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("always", ConvergenceWarning)
    show = warnings.showwarning

    def count_or_show(message: Any, category: Any, *place: Any, **more: Any) -> None:
        if issubclass(category, ConvergenceWarning):
            _tally.count = convergence_warnings() + 1
        else:
            show(message, category, *place, **more)

    warnings.showwarning = count_or_show
    return stack
