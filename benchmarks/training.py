"""Forty trainings: 8 activations x 5 seeds, of two workloads, against scikit-learn, PyTorch and JAX.

    python benchmarks/training.py [--rounds 5] [--only W1 W2 rows single cold] [--cold] [--quick]

W1 and W2: float32, Adam, the same number of steps, in steady state: all have imported and compiled before the clock
starts, and take turns. nonlin trains in two threads of one process, its peers in two processes of one thread each, in
each form in which they may be fast. scikit-learn knows 3 of the activations: its 18 trainings are scaled to 40.
GFLOP/s count the matrix products only; the peak is the rate of multiply-adds that the cores reach in the same run.
rows: an epoch of a million rows beside its matrix products. single: a network's way to 97 % test accuracy on digits,
from interpreter start. cold: all trainings of W1 from interpreter start, and what a first fit costs; --cold for that
alone. A peer that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from shutil import which

from _timing import machine, pin_threads, print_table, ratio, warn_of_load

pin_threads()

from _training_estimators import SKLEARN_NAMES  # noqa: E402
from _training_race import WORKERS, Contender, run_rounds, shares, two_processes, two_threads  # noqa: E402
from _training_roof import peak  # noqa: E402
from _training_rows import report_rows  # noqa: E402
from _training_starts import report_first_fits, report_single, report_whole  # noqa: E402
from _training_workloads import ACTIVATIONS, W1, W2, Workload, jobs  # noqa: E402

PEERS = {
    "torch": {
        "torch eager": "_training_torch.train_eager",
        "torch eager, fused Adam": "_training_torch.train_fused",
        "torch.compile, whole step": "_training_torch.train_compiled",
        "torch.compile, vmap over seeds": "_training_torch.train_compiled_seeds",
    },
    "jax": {
        "JAX, jit + scan + vmap over seeds": "_training_jax.train_seeds",
        "JAX, the same, one switch for all": "_training_jax.train_switch",
    },
}
SLOW_TO_COMPILE = ("torch.compile", "JAX")  # left out of a quick run
PARTS = ("W1", "W2", "rows", "single", "cold")


def contenders(workload: Workload, seeds: int, quick: bool, stack: ExitStack) -> list[Contender]:
    """All that is installed; in a quick run no processes are started, which would have to import their libraries."""
    workers = two_threads if quick else two_processes
    found = [
        Contender("nonlin", "_training_estimators.train_nonlin", workload, two_threads(stack), shares(seeds)),
        _sklearn(workload, seeds, workers(stack)),
    ]
    left_out = SLOW_TO_COMPILE if quick else ()
    if not quick and not which("g++"):
        print("there is no g++, which torch.compile needs: left out")
        left_out = ("torch.compile",)
    for library, forms in PEERS.items():
        if not find_spec(library):
            print(f"{library} is not installed: left out")
            continue
        pair = workers(stack)
        names = [name for name in forms if not name.startswith(left_out)]
        found += [Contender(name, forms[name], workload, pair, shares(seeds)) for name in names]
    return found


def _sklearn(workload: Workload, seeds: int, workers: list) -> Contender:
    """3 activations, and seeds in plenty for two even shares."""
    even = [jobs(SKLEARN_NAMES, range(worker, seeds + 1, WORKERS)) for worker in range(WORKERS)]
    scale = len(ACTIVATIONS) * seeds / sum(map(len, even))
    train = "_training_estimators.train_sklearn"
    return Contender("scikit-learn, scaled", train, workload, workers, even, scale)


def race(workload: Workload, seeds: int, rounds: int, quick: bool, roof: float) -> None:
    with ExitStack() as stack:
        found = contenders(workload, seeds, quick, stack)
        run_rounds(found, rounds)
    trainings = len(ACTIVATIONS) * seeds
    rows = []
    for contender in found:
        median = statistics.median(contender.seconds)
        rate = trainings * workload.flops / median / WORKERS
        times = f"{ratio(contender.seconds, found[0].seconds):.1f}"
        row = [contender.name, f"{median:.3f}", times, f"{rate / 1e9:.1f}", f"{rate / roof:.0%}"]
        rows.append([*row, f"{contender.quality:.4f}"])
    print(f"\n{trainings} trainings of {workload.name}")
    quality = "mean test accuracy" if workload.classifies else "mean test R2"
    print_table(["contender", "median s", "times nonlin's", "GFLOP/s a core", "of peak", quality], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=" ".join(PARTS))
    parser.add_argument("--cold", dest="only", action="store_const", const=("cold",), help="the same as --only cold")
    parser.add_argument(
        "--quick", action="store_true", help="a few seconds, to see that it runs; the figures say nothing"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # nobody converges in these epochs, nor is meant to
    print(machine("nonlin", "scikit-learn", "torch", "jax", "scipy", "numba"))
    warn_of_load()
    roof = peak(WORKERS)
    print(f"peak: {roof / 1e9:.0f} GFLOP/s a core")
    seeds, rounds = (1, 1) if options.quick else (5, options.rounds)
    for name, workload in {"W1": W1, "W2": W2}.items():
        if name in options.only:
            race(replace(workload, epochs=1) if options.quick else workload, seeds, rounds, options.quick, roof)
    if "rows" in options.only:
        print()
        report_rows(20_000 if options.quick else 1_000_000, rounds)
    if options.quick:
        return  # what follows starts processes
    if "single" in options.only:
        print()
        report_single(seeds)
    if "cold" in options.only:
        print()
        report_whole(rounds)
        print()
        report_first_fits(rounds)


if __name__ == "__main__":
    main()
