"""Work shared between cores: the same results whoever computes them, from any thread, in any process."""

import ctypes
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nonlin as nl
from nonlin.backends.numpy import parallel
from nonlin.backends.numpy.parallel import core_count, limit_threads, run_parallel
from nonlin.backends.numpy.ufunc_loops import GRAIN

LARGE = 5 * GRAIN + 137
FUNCTIONS = ["relu", "sigmoid", "silu", "mish", "gelu", "leaky_relu"]
DTYPES = [np.float16, np.float32, np.float64]


def numbers(size, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(0, 4, size).astype(dtype)


def same(got, expected):
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_do_not_depend_on_the_number_of_threads(name, dtype):
    function, x = nl.get(name), numbers(LARGE, dtype)
    with limit_threads(1):
        expected = function(x)
    same(function(x), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_length_and_offset_gives_each_element_the_same_bits(name, dtype):
    """Around multiples of the 8 and 16 numbers of a step and the 1024 of a block."""
    function, x = nl.get(name), numbers(1024 + 64, dtype, seed=1)
    x[::37] = np.resize([200, -300, 0.0, -0.0, np.inf, 1e-7], x[::37].size)
    expected = np.array([function(number) for number in x])
    for length in (*range(0, 50), *range(1008, 1041)):
        for offset in (0, 1, 3, 16):
            got = function(x[offset : offset + length])
            same(got, expected[offset : offset + length])


@settings(deadline=None, max_examples=30)
@given(st.data())
@pytest.mark.parametrize("dtype", DTYPES)
def test_strides_of_input_and_output_do_not_matter(dtype, data):
    size = data.draw(st.sampled_from([37, 1030, 2 * GRAIN + 5, 4 * GRAIN]))
    step, other = (data.draw(st.sampled_from([-3, -1, 1, 2])) for _ in range(2))
    x = numbers(abs(step) * size + 1, dtype, seed=2)[::step][:size]
    expected = nl.silu(x.copy())
    memory = np.full(abs(other) * size + 3, 77, dtype)
    out = memory[1:-1][::other][:size]
    assert nl.silu(x, out=out) is out
    same(out, expected)
    untouched = np.ones(memory.size, bool)
    untouched[1:-1][::other][:size] = False
    assert (memory[untouched] == 77).all()


@pytest.mark.parametrize("size", [100, 2 * GRAIN + 11, LARGE])
@pytest.mark.parametrize("shift", [-17, -1, 0, 1, 16, 1000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_output_that_overlaps_its_input(dtype, shift, size):
    memory = numbers(size + 2000, dtype, seed=3)
    x, out = memory[1000 : 1000 + size], memory[1000 + shift : 1000 + shift + size]
    expected = nl.sigmoid(x.copy())
    nl.sigmoid(x, out=out)
    same(out, expected)


def test_many_threads_at_once():
    """One of them has the helpers, the others compute by themselves, and nobody takes another's piece."""
    inputs = [numbers(LARGE + k, seed=k) for k in range(8)]
    with limit_threads(1):
        expected = [nl.silu(x) for x in inputs]
    start = threading.Barrier(8)

    def work(k):
        start.wait()
        return all((nl.silu(inputs[k]) == expected[k]).all() for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [True] * 8


def test_many_threads_and_different_functions_and_limits():
    x = numbers(LARGE)
    with limit_threads(1):
        expected = {name: nl.get(name)(x) for name in FUNCTIONS}

    def work(k):
        name = FUNCTIONS[k % len(FUNCTIONS)]
        if k % 4:
            return (nl.get(name)(x) == expected[name]).all()
        with limit_threads(1 + k % 3):
            return (nl.get(name)(x) == expected[name]).all()

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(120)))


KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def pieces(count, grain):
    """The stretches that `run_parallel` hands out, with the threads that took them."""
    taken = []
    kernel = KERNEL(lambda _, begin, end: taken.append((begin, end, threading.get_ident())))
    # Called with the interpreter's lock released, so that helpers can run Python here.
    run_parallel(ctypes.cast(kernel, ctypes.c_void_p).value, (ctypes.c_int64 * 1)(0), count, grain)
    return taken


@pytest.mark.parametrize(("count", "grain"), [(0, 5), (1, 5), (9, 5), (10, 5), (11, 5), (1000, 7), (64, 1)])
def test_every_index_is_in_one_piece(count, grain):
    taken = sorted((begin, end) for begin, end, _ in pieces(count, grain))
    assert [i for begin, end in taken for i in range(begin, end)] == list(range(count))


def test_work_inside_work():
    """A kernel that asks for helpers while they are busy computes alone, and all is done."""
    inner, lock = [], threading.Lock()

    def outer(_, begin, end):
        found = pieces(100, 10)
        with lock:
            inner.append(sum(last - first for first, last, _ in found))

    kernel = KERNEL(outer)
    run_parallel(ctypes.cast(kernel, ctypes.c_void_p).value, (ctypes.c_int64 * 1)(0), 12, 1)
    assert set(inner) == {100}
    assert 1 <= len(inner) <= 12


def test_the_limit_is_kept():
    me = threading.get_ident()
    with limit_threads(1):
        assert {thread for _, _, thread in pieces(100, 1)} == {me}
        with limit_threads(50):  # the smallest of nested limits holds
            assert {thread for _, _, thread in pieces(100, 1)} == {me}
    assert parallel._limits == []


def test_a_limit_ends_with_an_error_too():
    with pytest.raises(KeyError), limit_threads(1):
        raise KeyError
    assert parallel._limits == []


@pytest.mark.parametrize("count", [0, -1])
def test_limits_that_make_no_sense(count):
    with pytest.raises(nl.InputError, match=f"count must be at least 1, got {count}"), limit_threads(count):
        pass


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("3", 3), ("1000", 65)])
def test_the_number_of_threads_from_the_environment(monkeypatch, text, expected):
    monkeypatch.setenv("NONLIN_NUM_THREADS", text)
    assert core_count() == expected


@pytest.mark.parametrize("text", ["0", "-2", "two", "", "1.5", " "])
def test_a_bad_number_of_threads(monkeypatch, text):
    monkeypatch.setenv("NONLIN_NUM_THREADS", text)
    with pytest.raises(nl.InputError, match="NONLIN_NUM_THREADS must be a positive whole number"):
        core_count()


def run(program, **environment):
    command = [sys.executable, "-W", "ignore", "-c", program]
    return subprocess.run(command, env=os.environ | environment, timeout=100, capture_output=True, text=True)


def test_the_first_call_tells_of_a_bad_number_of_threads():
    result = run("import nonlin as nl; nl.relu(1.0)", NONLIN_NUM_THREADS="many")
    assert "InputError: NONLIN_NUM_THREADS must be a positive whole number, got 'many'" in result.stderr


COUNT_HELPERS = """
import threading
import numpy as np
import nonlin as nl
nl.relu(np.ones(1 << 20, np.float32))
print(sum(thread.name.startswith("nonlin-") for thread in threading.enumerate()))
"""


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_helpers_are_one_fewer_than_threads(threads):
    assert run(COUNT_HELPERS, NONLIN_NUM_THREADS=str(threads)).stdout == f"{threads - 1}\n"


FORKS = """
import os, threading
import numpy as np
import nonlin as nl

x = np.linspace(-5, 5, 1 << 18, dtype=np.float32)
expected = nl.silu(x)
stop = threading.Event()

def busy():
    while not stop.is_set():
        nl.mish(x)

threading.Thread(target=busy, daemon=True).start()  # so that a fork comes while helpers are at work
for _ in range(8):
    child = os.fork()
    if child == 0:
        right = all((nl.silu(x) == expected).all() for _ in range(3))
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(0 if (nl.silu(x) == expected).all() else 1)
        os._exit(0 if right and os.waitpid(grandchild, 0)[1] == 0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert (nl.silu(x) == expected).all()
stop.set()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_forks_while_helpers_work():
    result = run(FORKS, NONLIN_NUM_THREADS="3")
    assert result.returncode == 0, result.stderr
