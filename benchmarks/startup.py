"""How long `import nonlin`, a first call and `nonlin list` take in a new process, beside `import numpy`.

    python benchmarks/startup.py [--rounds 9] [--quick]

Cold: an empty folder of compiled kernels. Warm: the kernels of the round before.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from _timing import interleaved, print_table

CODE = {
    "python": "pass",
    "import numpy": "import numpy",
    "import nonlin": "import nonlin",
    "nonlin list": "import sys; sys.argv = ['nonlin', 'list']; from nonlin.cli import main; main()",
}
FIRST_CALL = "import time, nonlin as nl; t = time.perf_counter(); nl.gelu(1.0); print(time.perf_counter() - t)"


def run(code: str, environment: dict[str, str] | None = None) -> str:
    """The output of a new Python process."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout


def first_call(rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of a first `gelu(1.0)` with an empty and with a filled folder of kernels."""
    cold, warm = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"NONLIN_CACHE_DIR": folder}
            cold.append(float(run(FIRST_CALL, environment)))
            warm.append(float(run(FIRST_CALL, environment)))
    return cold, warm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="one round, to see that it runs")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    seconds = interleaved({name: lambda code=code: run(code) for name, code in CODE.items()}, rounds)
    bare = statistics.median(seconds.pop("python"))
    table = [[name, f"{statistics.median(s) - bare:.3f}", f"{min(s) - bare:.3f}"] for name, s in seconds.items()]
    for name, times in zip(("first gelu(1.0), cold", "first gelu(1.0), warm"), first_call(rounds), strict=True):
        table.append([name, f"{statistics.median(times):.3f}", f"{min(times):.3f}"])
    print(f"seconds beyond starting Python ({bare:.3f} s), {rounds} rounds, {time.strftime('%Y-%m-%d')}")
    print_table(["what", "median", "least"], table)


if __name__ == "__main__":
    main()
