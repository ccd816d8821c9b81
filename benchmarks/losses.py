"""Time and memory of losses with their gradients, beside PyTorch and JAX, and the accuracy of a mean.

    python benchmarks/losses.py [--only PART ...] [--threads one] [--rounds 5] [--write docs/speed.md] [--quick]

Parts are cross_entropy, memory, mean, and the names of losses that PyTorch's users write in elementwise operations.

Everybody computes the mean loss and its gradient, float32; PyTorch through autograd, forward and backward, into a new
gradient; JAX compiled with jit, in all threads only. Contenders take turns; figures are medians. Columns named after a
peer are its time over ours, which makes a new gradient too: above 1, ours is faster. "In place" is ours with the
gradient written over the logits. Share of the copy: the bytes that must move (logits read once, targets too if they are
as large, the gradient written once) in our time, over what a copy of the logits moves in its time, in as many threads;
the faster of our identity and PyTorch's copy_ counts. * marks losses that PyTorch lacks, for which the expression of
another library stands. Memory is the peak beyond arguments and results; a row of it is one of logits.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import nonlin as nl
from _contenders import threads
from _cross_entropies import CASES, QUICK, Case, contenders, disagreement
from _loss_peers import gradient_disagreement, inputs, loss_peers, torchs
from _pages import write_part
from _peak_memory import extra_bytes, known_contenders
from _peers import installed
from _timing import geometric_mean, machine, markdown_table, print_table, seconds_a_call, warn_of_load

ONE, ALL = "1 thread", "all threads"
LEAST_RATIO, LEAST_SHARE = 2.0, 0.6
LIBRARIES = ("torch", "jax")
COPIES = ("copy", "torch copy")
PARTS = ("cross_entropy", "memory", "mean")
MEMORY = {"cross_entropy": (1024, 32000), "linear_cross_entropy": (2048, 512, 32000)}
QUICK_MEMORY = {"cross_entropy": (256, 1000), "linear_cross_entropy": (256, 16, 1000)}


class Section(NamedTuple):
    """A table, and the sentences that say what it comes to."""

    title: str
    header: list[str]
    rows: list[list[str]]
    lines: list[str]


class Figure(NamedTuple):
    """The cross-entropy of one case: our seconds, those in place, and the peers' times over ours.

    `share` is the copy's bandwidth that we reach, in_place_share that in place.
    """

    case: Case
    threads: str
    ours: float
    in_place: float
    ratios: dict[str, float]
    share: float
    in_place_share: float

    def __str__(self) -> str:
        return f"{self.case}, {self.threads}"


def measure(case: Case, where: str, rounds: int, compiled: bool) -> Figure:
    """Everybody's time for one case."""
    libraries = [library for library in installed(*LIBRARIES) if library != "jax" or where == ALL]
    with threads(1 if where == ONE else None):
        seconds = seconds_a_call(contenders(case, libraries, compiled), rounds)
    medians = {who: statistics.median(s) for who, s in seconds.items()}
    ours, in_place = medians.pop("ours"), medians.pop("in place")
    copy = min(medians.pop(who) for who in COPIES if who in medians)
    ideal = copy * case.bytes_to_move / (8 * case.size)
    ratios = {who: s / ours for who, s in medians.items()}
    return Figure(case, where, ours, in_place, ratios, ideal / ours, ideal / in_place)


def cross_entropies(cases: Sequence[Case], wheres: Sequence[str], rounds: int, compiled: bool) -> Section:
    """The cross-entropy on logits of several shapes, with its options."""
    figures = []
    for where in wheres:
        figures += [measure(case, where, rounds, compiled) for case in cases]
        print(f"cross-entropy, {where}: {time.strftime('%H:%M:%S')}", file=sys.stderr)
    peers = list(dict.fromkeys(peer for figure in figures for peer in figure.ratios))
    rows = [
        [
            str(f.case),
            f.threads,
            *(f"{1e9 * seconds / f.case.size:.3f}" for seconds in (f.ours, f.in_place)),
            *(f"{f.ratios[peer]:.2f}" if peer in f.ratios else "-" for peer in peers),
            *(f"{share:.0%}" for share in (f.share, f.in_place_share)),
        ]
        for f in figures
    ]
    header = ["logits", "threads", "ns an entry", "in place", *peers, "share of copy", "in place"]
    return Section("Cross-entropy and its gradient", header, rows, _against_bars(figures))


def _against_bars(figures: list[Figure]) -> list[str]:
    lines = []
    if all("torch" in figure.ratios for figure in figures):
        worst = min(figures, key=lambda figure: figure.ratios["torch"])
        lines = [f"Least torch/ours of the cross-entropy: {worst.ratios['torch']:.2f} ({worst}; bar {LEAST_RATIO:.0f})"]
    new = min(figures, key=lambda figure: figure.share)
    used = min(figures, key=lambda figure: figure.in_place_share)
    return [
        *lines,
        f"Least share of the copy's bandwidth: {new.share:.0%} ({new}), in place {used.in_place_share:.0%} ({used}; "
        f"bar {LEAST_SHARE:.0%})",
    ]


def elementwise_losses(names: Sequence[str], size: int, wheres: Sequence[str], rounds: int) -> Section:
    """Losses of single numbers and of rows, each with its gradient, against what PyTorch's users write."""
    figures = {where: {name: _against_torch(name, size, where, rounds) for name in names} for where in wheres}
    rows = []
    for name in names:
        source = loss_peers()[name].source
        at = [figures[where][name] for where in wheres]
        row = [f"{name} *" if source else name, source or "torch"]
        rows.append([*row, *(f"{1e9 * ours / size:.3f}" for ours, _ in at), *(f"{ratio:.2f}" for _, ratio in at)])
    lines = []
    for where in wheres:
        ratios = {name: ratio for name, (_, ratio) in figures[where].items()}
        own = [ratio for name, ratio in ratios.items() if not loss_peers()[name].source]
        slow = sorted((ratio, name) for name, ratio in ratios.items() if ratio < LEAST_RATIO)
        lines += [
            f"Geometric mean of torch/ours of these losses, {where}: {geometric_mean(ratios.values()):.2f} "
            f"(its own: {geometric_mean(own):.2f})",
            f"Below {LEAST_RATIO:.0f} times torch's speed, {where}: "
            + (", ".join(f"{name} {ratio:.2f}" for ratio, name in slow) or "none"),
        ]
    header = ["loss", "form of", *(f"ns, {where}" for where in wheres), *(f"torch, {where}" for where in wheres)]
    return Section(f"Losses of {size:,} numbers and their gradients", header, rows, lines)


def _against_torch(name: str, size: int, where: str, rounds: int) -> tuple[float, float]:
    """Our seconds, and PyTorch's over ours."""
    arrays, loss = inputs(name, size), nl.get_loss(name)
    with threads(1 if where == ONE else None):
        calls = {"ours": lambda: loss.value_and_gradient(*arrays), "torch": torchs(name, arrays)}
        medians = {who: statistics.median(s) for who, s in seconds_a_call(calls, rounds).items()}
    return medians["ours"], medians["torch"] / medians["ours"]


def memory(sizes: Mapping[str, tuple[int, ...]]) -> Section:
    """The peak of memory beyond arguments and results, each contender in a process of its own, in all threads."""
    rows = []
    for name, shape in sizes.items():
        for contender in known_contenders(name):
            taken = extra_bytes(name, contender, *shape)
            size = "x".join(map(str, shape))
            rows.append([name, contender, size, f"{taken / 1e6:.2f}", f"{taken / (4 * shape[-1]):.1f}"])
    header = ["loss and gradient", "of", "rows x (width x) classes", "extra MB", "extra rows"]
    return Section("Peak memory beyond arguments and results", header, rows, [])


def accuracy_of_a_mean(size: int) -> Section:
    """The mean of many float32 numbers against their exact mean, rounded once to float64."""
    rows, errors = [], []
    numbers = {"exponential": np.random.default_rng(0).standard_exponential(size, np.float32)}
    numbers["all 0.1"] = np.full(size, 0.1, np.float32)
    for label, x in numbers.items():
        exact = math.fsum(math.fsum(piece.tolist()) for piece in np.array_split(x, max(1, size >> 20))) / size
        found = {who: abs(mean(x) - exact) / exact for who, mean in _means().items()}
        errors.append((found["nonlin mae"], label))
        rows.append([label, *(f"{error:.1e}" for error in found.values())])
    worst, label = max(errors)
    line = f"Largest relative error of our mean of {size:,} numbers: {worst:.1e} ({label}; bar 1e-7)"
    return Section(f"Relative error of a mean of {size:,} float32 numbers", ["numbers", *_means()], rows, [line])


def _means() -> dict[str, Callable[[np.ndarray], float]]:
    """Ours is the mean absolute error of numbers above 0, whose targets are 0."""
    found: dict[str, Callable[[np.ndarray], float]] = {
        "nonlin mae": lambda x: float(nl.loss.mae(x, np.zeros_like(x))),
        "numpy mean": lambda x: float(np.mean(x)),
    }
    known = installed(*LIBRARIES)
    if "torch" in known:
        import torch

        found["torch mean"] = lambda x: float(torch.from_numpy(x).mean())
        found["torch l1_loss"] = lambda x: float(torch.nn.functional.l1_loss(torch.from_numpy(x), torch.zeros(len(x))))
    if "jax" in known:
        import jax

        found["jax mean"] = lambda x: float(jax.numpy.mean(x))
    return found


def check_peers(names: Sequence[str], has_cross_entropy: bool) -> None:
    """Raise `RuntimeError` where a peer computes another gradient."""
    found = {name: gradient_disagreement(name) for name in names}
    if has_cross_entropy:
        found |= {f"cross_entropy of {case}": disagreement(case, installed(*LIBRARIES)) for case in QUICK}
    for name, error in found.items():
        if not error < 1e-5:
            raise RuntimeError(f"a peer's form of {name} is another function: see benchmarks/_loss_peers.py")


def sections(parts: Sequence[str], options: argparse.Namespace) -> list[Section]:
    """What was asked for."""
    quick, rounds = options.quick, 1 if options.quick else options.rounds
    wheres = {"one": (ONE,), "all": (ALL,), None: (ONE, ALL)}[options.threads]
    names = [name for name in parts if name not in PARTS]
    check_peers(names, "cross_entropy" in parts)
    found = []
    if "cross_entropy" in parts:
        found.append(cross_entropies(QUICK if quick else CASES, wheres, rounds, options.compile))
    if names:
        found.append(elementwise_losses(names, 1 << (12 if quick else 22), wheres, rounds))
    if "memory" in parts and sys.platform == "linux":
        found.append(memory(QUICK_MEMORY if quick else MEMORY))
    if "mean" in parts:
        found.append(accuracy_of_a_mean(10**5 if quick else 10**8))
    return found


def write(path: Path, found: list[Section], machines: str) -> None:
    """The tables and the sentences as a part of a page of the documentation."""
    text = f"## Losses\n\nMeasured by `benchmarks/losses.py` on {time.strftime('%Y-%m-%d')}, float32.\n{machines}.\n\n"
    text += "".join(f"- {line}.\n" for section in found for line in section.lines)
    text += "\n" + (__doc__ or "").split("\n\n", 3)[3]
    text += "".join(f"\n### {section.title}\n\n{markdown_table(section.header, section.rows)}" for section in found)
    write_part(path, "losses", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="these parts; all if not given")
    parser.add_argument("--threads", choices=["one", "all"], help="in one thread or in all only; both if not given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="torch.compile's cross-entropy too")
    parser.add_argument("--write", type=Path, metavar="docs/speed.md", help="write the tables as Markdown too")
    parser.add_argument("--quick", action="store_true", help="one round of small arrays, to see that it runs")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    warn_of_load()
    losses = list(loss_peers()) if installed("torch") else []
    unknown = set(options.only) - {*PARTS, *losses}
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join([*PARTS, *losses])}")
    found, machines = sections(options.only or [*PARTS, *losses], options), machine("nonlin", *LIBRARIES)
    print(f"float32; {machines}")
    for section in found:
        print(f"\n{section.title}")
        print_table(section.header, section.rows)
    print("\n" + "\n".join(line for section in found for line in section.lines))
    if options.write:
        write(options.write, found, machines)


if __name__ == "__main__":
    main()
