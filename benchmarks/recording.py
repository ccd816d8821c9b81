"""What it costs to record layers and to call a function while a network trains, in CPU time of the fit.

    python benchmarks/recording.py [--rounds 25] [--quick]

Two workloads of the training benchmark, relu, float32, one thread. Fits with and without recording take turns, and each
is compared with the fit of its own round that records nothing; the median over rounds is printed. CPU time, as a fit is
one thread and other programs disturb that less.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from dataclasses import replace
from typing import Any

from _timing import machine, pin_threads, print_table, ratio, warn_of_load

pin_threads()

from _training_estimators import estimator  # noqa: E402
from _training_workloads import W1, W2, Job, Workload  # noqa: E402
from nonlin import nn  # noqa: E402

NOTHING = "nothing"
WATCHED: dict[str, tuple[Any, list[Any]]] = {  # what is recorded, and who is called
    NOTHING: (None, []),
    'record="epoch"': ("epoch", []),
    "record=50": (50, []),
    "record=10": (10, []),
    "record=1": (1, []),
    "a callback an epoch": (None, [lambda epoch: None]),
    'both, record="epoch"': ("epoch", [lambda epoch: None]),
}


def fit_seconds(workload: Workload, record: Any, callbacks: list[Any]) -> float:
    """CPU seconds of one fit."""
    model = estimator(nn, workload, Job("relu", 0), workload.epochs).set_params(record=record)
    start = time.process_time()
    model.fit(workload.data.X, workload.data.y, callbacks=callbacks)
    return time.process_time() - start


def race(workload: Workload, rounds: int) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in WATCHED}
    for _ in range(rounds + 1):
        for name, watched in WATCHED.items():
            seconds[name].append(fit_seconds(workload, *watched))
    timed = {name: each[1:] for name, each in seconds.items()}  # the first round compiles
    rows = [
        [name, f"{1000 * statistics.median(each):.1f}", f"{100 * (ratio(each, timed[NOTHING]) - 1):+.1f} %"]
        for name, each in timed.items()
    ]
    print(f"\n{workload.name}, {workload.steps} steps an epoch")
    print_table(["watched", "CPU ms", "cost"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--quick", action="store_true", help="two rounds of two epochs")
    options = parser.parse_args()
    warn_of_load()
    warnings.simplefilter("ignore")  # nobody converges in these epochs, nor is meant to
    print(machine("numba"))
    for workload in (W1, W2):
        epochs = 2 if options.quick else workload.epochs
        race(replace(workload, epochs=epochs), 2 if options.quick else options.rounds)


if __name__ == "__main__":
    main()
