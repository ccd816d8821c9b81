"""The main job as a whole process: `nonlin compare breast_cancer` with defaults, first and later runs.

    python benchmarks/comparison.py [--rounds 3] [--quick]

200 trainings (8 activations, 5 x 5 cross-validation), the verdict and the report. The first run of a round finds no
compiled code at all: an empty folder of kernels and an empty cache of Numba's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _timing import print_table

QUICK = ("--repeats", "2", "--folds", "2", "--epochs", "2", "--activations", "relu,tanh")


def run(folder: Path, options: tuple[str, ...]) -> float:
    """Seconds of one comparison with its caches in a folder; checks that it ends with a verdict and a report."""
    report = folder / "report.html"
    environment = os.environ | {
        "NONLIN_CACHE_DIR": str(folder / "kernels"),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
    }
    command = [sys.executable, "-m", "nonlin", "compare", "breast_cancer", "--report", str(report), *options]
    start = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    seconds = time.perf_counter() - start
    if "relu" not in result.stdout or "</html>" not in report.read_text():
        raise RuntimeError(f"no verdict or no report:\n{result.stdout}{result.stderr}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round of 8 short trainings, to see that it runs")
    options = parser.parse_args()
    extra = QUICK if options.quick else ()
    times: dict[str, list[float]] = {"first run, nothing compiled": [], "second run": []}
    for _ in range(1 if options.quick else options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for what in times:
                times[what].append(run(Path(folder), extra))
    print_table(
        ["nonlin compare breast_cancer", "median s", "least s", "most s"],
        [[what, *(f"{f(s):.1f}" for f in (statistics.median, min, max))] for what, s in times.items()],
    )


if __name__ == "__main__":
    main()
