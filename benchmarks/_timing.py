"""What the benchmarks share: pinned threads, interleaved rounds, medians, ratios, a plain table."""

from __future__ import annotations

import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def pin_threads() -> None:
    """One thread for every BLAS, in this process and those it starts; to be called before NumPy is imported."""
    for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
        os.environ[f"{library}_NUM_THREADS"] = "1"


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each contender in each round; the contenders take turns, so that all see the same machine."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def seconds_a_call(
    contenders: Mapping[str, Callable[[], object]], rounds: int, least: float = 1e-3, pause: float = 5e-3
) -> dict[str, list[float]]:
    """Seconds a call of each contender in each round, from as many calls as take the least time together.

    The contenders take turns. Before each turn is a pause, in which the threads of the one before fall asleep (OpenMP's
    spin for milliseconds), and an unmeasured call where calls are short.
    """
    calls, seconds = {}, {name: [] for name in contenders}
    for name, run in contenders.items():
        run()
        start = time.perf_counter()
        run()
        calls[name] = max(1, int(least / (time.perf_counter() - start)))
    for _ in range(rounds):
        for name, run in contenders.items():
            time.sleep(pause)
            if calls[name] > 1:
                run()
            start = time.perf_counter()
            for _ in range(calls[name]):
                run()
            seconds[name].append((time.perf_counter() - start) / calls[name])
    return seconds


def ratio(seconds: Sequence[float], reference: Sequence[float]) -> float:
    """The median over rounds of a contender's time over the reference's in the same round."""
    return statistics.median(mine / theirs for mine, theirs in zip(seconds, reference, strict=True))


def geometric_mean(numbers: Iterable[float]) -> float:
    """The number whose power is the product; NaN of none."""
    logarithms = [math.log(number) for number in numbers]
    return math.exp(statistics.fmean(logarithms)) if logarithms else math.nan


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for the documentation, numbers to the right."""
    rule = [":--", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows)) + "\n"


def machine(*packages: str) -> str:
    """What was measured on, with the versions of the packages that are installed."""
    found = []
    for package in ("numpy", *packages):
        with suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, {', '.join(found)}"


def warn_of_load() -> None:
    """Say on standard error when other programs compute: libraries whose threads spin for each other suffer most."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if busy > 0.5:
        print(f"the machine is busy (load {busy:.1f}): figures in several threads mean little", file=sys.stderr)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest entry, the first one to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *cells]))
