"""Whole processes: 40 trainings from interpreter start, a network's first fit, digits to 97 % test accuracy.

Run as a script with the name of a deed, it does that deed once; the functions that print start it as a process.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any, NamedTuple

from _timing import pin_threads, print_table

GOAL, LONGEST, SEEDS = 0.97, 100, 5
CACHES = ("NONLIN_CACHE_DIR", "NUMBA_CACHE_DIR", "JAX_COMPILATION_CACHE_DIR")


class Outcome(NamedTuple):
    """A process's seconds from start to end, and what it printed."""

    seconds: float
    result: Any


def _process(caches: str | None, *deed: str) -> Outcome:
    """Run this file in a new process, its caches in a folder or where they are by default."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    if caches:
        environment |= dict.fromkeys(CACHES, caches)
        environment |= {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    start = time.perf_counter()
    command = [sys.executable, __file__, *deed]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(deed)} failed:\n{done.stderr}")
    return Outcome(seconds, json.loads(done.stdout))


def _median(numbers: Any) -> str:
    return f"{statistics.median(numbers):.2f}"


def report_whole(rounds: int) -> None:
    """Print the seconds of all 40 trainings of W1 from interpreter start, caches empty and full."""
    contenders = {"nonlin, two threads": ("nonlin",)}
    if find_spec("jax"):
        contenders |= {"JAX, one switch, two threads": ("jax",), "JAX, one switch, two processes": ("jax-processes",)}
    outcomes: dict[str, list[list[Outcome]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, deed in contenders.items():
            with tempfile.TemporaryDirectory() as folder:
                outcomes[name].append([_process(folder, *deed) for _ in ("empty", "full")])
    rows = []
    for name, found in outcomes.items():
        empty, full = zip(*found, strict=True)
        rows.append([name, _median(o.seconds for o in empty), _median(o.seconds for o in full)])
        rows[-1].append(f"{statistics.median(o.result for o in empty):.4f}")
    print_table(["whole process, W1", "caches empty, s", "caches full, s", "mean test accuracy"], rows)


def report_first_fits(rounds: int) -> None:
    """Print what nonlin's first fit costs beyond a second one alike, caches empty and full."""
    outcomes = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            outcomes.append([_process(folder, "first").result for _ in ("empty", "full")])
    names = list(outcomes[0][0])
    rows = [[name, *(_median(pair[i][name] for pair in outcomes) for i in range(2))] for name in names]
    print_table(["nonlin in a new process", "caches empty, s", "caches full, s"], rows)


def report_single(seeds: int) -> None:
    """Print the seconds until one network has 97 % test accuracy on digits, from interpreter start."""
    rows = []
    for library in ("nonlin", "sklearn"):
        epochs = [_epochs_needed(library, seed) for seed in range(seeds)]
        empty, full = [], []
        for seed, count in enumerate(epochs):
            with tempfile.TemporaryDirectory() as folder:
                for outcomes in (empty, full):
                    outcomes.append(_process(folder, "single", library, str(seed), str(count)))
        seconds = ([o.seconds for o in empty], [o.seconds for o in full], [o.result for o in full])
        rows.append([library, f"{statistics.median(epochs):.0f}", *map(_median, seconds)])
    goal = f"64-100-10, digits to {GOAL:.0%}, median of {seeds} seeds"
    print_table([goal, "epochs", "caches empty, s", "caches full, s", "of it fit, s"], rows)


def _epochs_needed(library: str, seed: int) -> int:
    return next(count for count in range(1, LONGEST) if _fitted(library, seed, count)[1] >= GOAL)


def _fitted(library: str, seed: int, epochs: int) -> tuple[float, float]:
    """Seconds of a fit, and its test accuracy."""
    from _training_estimators import estimator
    from _training_workloads import ONE, Job

    if library == "nonlin":
        from nonlin import nn as module
    else:
        from sklearn import neural_network as module
    data = ONE.data
    start = time.perf_counter()
    model = estimator(module, ONE, Job("relu", seed), epochs).fit(data.X, data.y)
    return time.perf_counter() - start, ONE.quality(model.predict(data.X_test))


def single(library: str, seed: str, epochs: str) -> float:
    """Train to the goal; the seconds of the fit alone."""
    seconds, accuracy = _fitted(library, int(seed), int(epochs))
    if accuracy < GOAL:
        raise RuntimeError(f"{library} missed the goal with {accuracy:.4f}")
    return seconds


def first() -> dict[str, float]:
    """Seconds of the import and of first fits beyond second ones."""
    from _training_estimators import estimator
    from _training_workloads import ACTIVATIONS, W1, Job

    data = W1.data  # scikit-learn is imported now
    start = time.perf_counter()
    from nonlin import nn

    imported = time.perf_counter() - start

    def overhead(activation: str) -> float:
        times = [time.perf_counter()]
        for _ in range(2):
            estimator(nn, W1, Job(activation, 0), 1).fit(data.X, data.y)
            times.append(time.perf_counter())
        return times[1] - times[0] - (times[2] - times[1])

    overheads = [*map(overhead, ACTIVATIONS)]
    return {
        "import, scikit-learn's apart": imported,
        "first fit, beyond a second one alike": overheads[0],
        "first fits of 7 further activations, the same": sum(overheads[1:]),
    }


def whole(train: str) -> float:
    """All trainings of W1 in two threads; the mean accuracy."""
    from _training_race import Contender, shares, two_threads
    from _training_workloads import W1

    with ExitStack() as stack:
        contender = Contender(train, train, W1, two_threads(stack), shares(5))
        contender.run()
    return contender.quality


def half(worker: str) -> list[float]:
    """A worker's half of the trainings by JAX."""
    from _training_race import shares, stay_on_core, timed
    from _training_workloads import W1

    stay_on_core(int(worker))
    return timed("_training_jax.train_switch", W1, shares(5)[int(worker)]).qualities


def halves() -> float:
    """Both halves, each in a process of its own; the mean accuracy."""
    running = [subprocess.Popen([sys.executable, __file__, "half", str(i)], stdout=subprocess.PIPE) for i in range(2)]
    return statistics.mean(quality for process in running for quality in json.loads(process.communicate()[0]))


DEEDS: dict[str, Callable[..., Any]] = {
    "nonlin": lambda: whole("_training_estimators.train_nonlin"),
    "jax": lambda: whole("_training_jax.train_switch"),
    "jax-processes": halves,
    "half": half,
    "single": single,
    "first": first,
}

if __name__ == "__main__":
    pin_threads()
    warnings.simplefilter("ignore")
    print(json.dumps(DEEDS[sys.argv[1]](*sys.argv[2:])))
