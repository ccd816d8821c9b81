"""What is said while kernels are compiled: on a new machine a first fit takes longer than those after it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from nonlin.backends.numpy.jit import watchers

_LONG = 1.0  # seconds of compilation
_announced = False


@contextmanager
def announced_compilation() -> Iterator[None]:
    """Say so, once in a process, where kernels have to be compiled meanwhile and it takes long."""
    watchers.append(_announce)
    try:
        yield
    finally:
        watchers.remove(_announce)


def _announce(seconds: float) -> None:
    global _announced
    if seconds >= _LONG and not _announced:
        _announced = True
        tell("Compiling for this machine, which is needed once ...")


def tell(message: str) -> None:
    """A line on standard error."""
    print(message, file=sys.stderr, flush=True)
