"""Compute a value once for all threads that ask for it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any


class Once:
    """The last `size` values computed, by key; threads that ask for one in the making wait for it.

    >>> once = Once(2)
    >>> once("a", lambda: print("computing") or 1), once("a", lambda: print("again") or 2)
    computing
    (1, 1)
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, Future] = OrderedDict()

    def hold(self, size: int) -> None:
        """Keep at least `size` values from now on."""
        self._size = max(self._size, size)

    def __call__(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The value of `key`, computed by the first who asks; an error is raised to all who waited and forgotten."""
        with self._lock:
            future = self._values.get(key)
            first = future is None
            if future is None:
                future = self._values[key] = Future()
                if len(self._values) > self._size:
                    self._values.popitem(last=False)
            self._values.move_to_end(key)
        if first:
            self._fulfil(key, future, compute)
        return future.result()

    def _fulfil(self, key: Hashable, future: Future, compute: Callable[[], Any]) -> None:
        try:
            future.set_result(compute())
        except BaseException as error:
            with self._lock:
                self._values.pop(key, None)
            future.set_exception(error)
