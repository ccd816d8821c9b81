"""One BLAS thread while networks with wide layers train: how BLAS shares a product out changes its last bits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_before: list[int] = []


@cache
def _libraries() -> list[Any]:
    return ThreadpoolController().select(user_api="blas").lib_controllers


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS in one thread; may be nested and may overlap in threads, of which the last puts back what was.

    Everyone sets the limit anew, as some builds of BLAS keep one for each thread that calls.
    """
    global _inside
    with _lock:
        if _inside == 0:
            _before[:] = [library.num_threads for library in _libraries()]
        _inside += 1
        for library in _libraries():
            library.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                for library, count in zip(_libraries(), _before, strict=True):
                    library.set_num_threads(count)
