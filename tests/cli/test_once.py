"""Once: one computation a key, whatever the threads do."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from nonlin.cli.once import Once


def test_threads_that_ask_together_share_one_computation():
    once, calls, begun, go_on = Once(4), [], threading.Event(), threading.Event()

    def compute():
        calls.append(1)
        begun.set()
        assert go_on.wait(60)
        return object()

    def ask():
        return once("key", compute)

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(ask)
        assert begun.wait(60)
        others = [pool.submit(ask) for _ in range(7)]
        assert not wait(others, timeout=0.05).done  # they wait for the one in the making
        go_on.set()
        values = [asked.result(60) for asked in (first, *others)]
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
