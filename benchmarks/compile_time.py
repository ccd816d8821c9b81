"""How long the first call of every function takes, with an empty cache of compiled kernels and with a full one.

    python benchmarks/compile_time.py [--only NAME ...] [--quick]

The first calls of value and derivative of each activation on one float32 row, and of each loss and its gradient, in new
processes, after `import nonlin`, NumPy and LLVM (their loading is what benchmarks/startup.py measures). An empty cache:
a new folder for each run. A full one: a second process with the folder of the first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import nonlin as nl
from _timing import machine, print_table
from nonlin.testing.loss_points import ordinary_inputs

MOST_COLD, MOST_WARM = 0.4, 0.02  # seconds, medians


def first_calls(names: list[str]) -> dict[str, float]:
    """Seconds of each first call in this process; one unlisted function goes first and loads what all share."""
    row = np.linspace(-2, 2, 16, dtype=np.float32)
    if names:
        nl.get("identity")(row)
        nl.get("softmax")(row)
    found = {}
    for name in names:
        record = nl.get(name)
        slope = getattr(record, "vjp", None) or record.derivative
        of_rows = hasattr(record, "vjp")
        arrays = (row, *[np.full_like(row, 0.5)] * (len(record.inputs) - 1)) if of_rows else (row,)  # and a sample
        found[name] = _seconds(lambda record=record, arrays=arrays: record(*arrays))
        arrays += (np.ones_like(record(*arrays)),) if of_rows else ()
        found[f"{name}'"] = _seconds(lambda slope=slope, arrays=arrays: slope(*arrays))
    return found


def loss_calls() -> dict[str, float]:
    """The same of losses that are called with what their formulas see."""
    found = {}
    for loss in map(nl.get_loss, nl.losses()):
        if loss.kind in ("similarity", "algorithm"):
            continue
        inputs = ordinary_inputs(loss, (1, 4), np.float32)[: len(loss.inputs) - len(loss.optional)]
        found[f"{loss.name} (loss)"] = _seconds(lambda loss=loss, inputs=inputs: loss(*inputs))
        if loss.has_gradient:
            found[f"{loss.name}' (loss)"] = _seconds(lambda loss=loss, inputs=inputs: loss.gradient(*inputs))
    return found


def _seconds(call: object) -> float:
    assert callable(call)
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def in_new_process(names: list[str], folder: str) -> dict[str, float]:
    """The first calls in a new process whose kernels lie in a folder."""
    command = [sys.executable, __file__, "--first-calls", *names]
    environment = os.environ | {"NONLIN_CACHE_DIR": folder}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these functions; all if not given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round of three functions, to see that it runs")
    parser.add_argument("--first-calls", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first_calls is not None:
        print(json.dumps(first_calls(options.first_calls) | loss_calls()))
        return
    names = [name for name in options.only or nl.activations() if name not in ("identity", "softmax")]
    names, rounds = (names[:3], 1) if options.quick else (names, options.rounds)
    cold, warm = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(in_new_process(names, folder))
            warm.append(in_new_process(names, folder))
    report(cold, warm)


def report(cold: list[dict[str, float]], warm: list[dict[str, float]]) -> None:
    """One row for each function, and the bars."""
    medians = {
        name: [statistics.median(run[name] for run in runs) for runs in (cold, warm)]
        for name in cold[0]
    }  # fmt: skip
    rows = [[name, f"{1e3 * first:.0f}", f"{1e3 * second:.1f}"] for name, (first, second) in medians.items()]
    print(f"milliseconds of a first call, {len(cold)} rounds; {machine('llvmlite')}")
    print_table(["function", "empty cache", "full cache"], rows)
    for which, what, bar in ((0, "empty cache", MOST_COLD), (1, "full cache", MOST_WARM)):
        times = [found[which] for found in medians.values()]
        worst = max(medians, key=lambda name: medians[name][which])
        print(
            f"{what}: median {1e3 * statistics.median(times):.1f} ms (bar {1e3 * bar:.0f}), "
            f"most {1e3 * max(times):.1f} ms ({worst}), above the bar {sum(t > bar for t in times)} of {len(times)}"
        )


if __name__ == "__main__":
    main()
