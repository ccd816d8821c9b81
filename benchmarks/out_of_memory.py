"""The memory and time of a training on more data than fit into memory, beside the time of merely reading them.

    python benchmarks/out_of_memory.py [--gigabytes 20] [--folder DIRECTORY] [--quick]

The data set is a .npy file of float32 rows of 50 columns, sparse on disk: it is all holes, which read as zeros, but for
blocks of random numbers spread over it. Every contender runs in a new process: a plain read of the file into one buffer
again and again; the same in blocks, as a training takes them, with their targets; an epoch of a network of 50-32-1. The
peak of the resident memory counts Python, all libraries and the pages of mapped files. Needs Linux.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from _timing import machine, print_table, warn_of_load

COLUMNS = 50
WRITTEN = 64  # blocks of 2^12 rows that hold random numbers
GIGABYTE = 10**9


def make(folder: Path, size: int) -> tuple[Path, Path]:
    """The files of inputs, of about `size` bytes, and targets."""
    rows = size // (4 * COLUMNS)
    random = np.random.default_rng(0)
    weights = random.standard_normal(COLUMNS)
    inputs = np.lib.format.open_memmap(folder / "X.npy", "w+", np.float32, (rows, COLUMNS))
    targets = np.lib.format.open_memmap(folder / "y.npy", "w+", np.int8, (rows,))
    for start in np.linspace(0, rows - 2**12, WRITTEN).astype(int):
        block = random.standard_normal((2**12, COLUMNS), np.float32)
        inputs[start : start + len(block)] = block
        targets[start : start + len(block)] = block @ weights > 0
    return folder / "X.npy", folder / "y.npy"


def read_plainly(inputs: Path, targets: Path) -> None:
    buffer = bytearray(2**25)
    for path in (inputs, targets):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def read_in_blocks(inputs: Path, targets: Path) -> None:
    from nonlin.nn.sources import source_of

    source = source_of(inputs, targets)
    assert source is not None
    assert sum(len(block.rows) for block in source.blocks(0, seed=0)) == source.examples


def train(inputs: Path, targets: Path) -> None:
    from nonlin.nn import MLPClassifier

    warnings.simplefilter("ignore")  # one epoch is not enough to converge
    MLPClassifier((32,), batch_size=1000, max_iter=1, random_state=0).fit(str(inputs), str(targets))


CONTENDERS: dict[str, Callable[[Path, Path], None]] = {
    "plain read": read_plainly,
    "read in blocks": read_in_blocks,
    "one epoch": train,
}


def measured(contender: str, *files: Path) -> tuple[float, int]:
    """Seconds and bytes at the peak of a contender in a new process, imports and compilation counted."""
    for path in files:
        with path.open("r+b") as file:  # no contender finds in memory what the one before has read
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    start = time.perf_counter()
    command = [sys.executable, __file__, "--contender", contender, *map(str, files)]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return time.perf_counter() - start, int(run.stdout)


def peak() -> int:
    status = Path("/proc/self/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--folder", type=Path, help="where the files are made and deleted again")
    parser.add_argument("--quick", action="store_true", help="0.4 GB, to see that it runs")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        CONTENDERS[options.contender](*options.files)
        print(peak())
        return
    warn_of_load()
    size = int(GIGABYTE * (0.4 if options.quick else options.gigabytes))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        files = make(Path(folder), size)
        disk = sum(512 * file.stat().st_blocks for file in files)
        print(f"{size / GIGABYTE:g} GB of inputs, {disk / GIGABYTE:.1f} GB on disk; {machine('nonlin', 'numba')}")
        rows = []
        for contender in CONTENDERS:
            seconds, memory = measured(contender, *files)
            rows.append([contender, f"{seconds:.1f}", f"{size / seconds / GIGABYTE:.2f}", f"{memory / 2**20:.0f}"])
        print_table(["contender", "seconds", "GB/s", "peak of resident memory, MB"], rows)


if __name__ == "__main__":
    main()
