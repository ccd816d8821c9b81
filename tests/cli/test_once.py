"""Once: one computation a key, whatever the threads do."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from nonlin.cli.once import Once


def test_threads_that_ask_together_share_one_computation():
    once, calls, ready = Once(4), [], threading.Barrier(8)

    def compute():
        calls.append(1)
        time.sleep(0.02)
        return object()

    def ask(_):
        ready.wait()
        return once("key", compute)

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(ask, range(8)))
    assert len(calls) == 1
    assert all(value is values[0] for value in values)


def test_the_oldest_is_forgotten():
    once, calls = Once(2), []
    for key in "abcab":
        once(key, lambda key=key: calls.append(key))
    assert calls == list("abcab")
    once("b", lambda: calls.append("again"))
    assert calls == list("abcab")


def test_an_error_is_raised_and_not_kept():
    once = Once(2)
    with pytest.raises(ZeroDivisionError):
        once("a", lambda: 1 // 0)
    assert once("a", lambda: 5) == 5
