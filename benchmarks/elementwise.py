"""Nanoseconds an element of every activation and its derivative, beside the libraries that people use.

    python benchmarks/elementwise.py [--only NAME ...] [--dtype float64] [--write docs/speed.md] [--quick]

Sizes 2^10, 2^16, 2^20 and 2^24, in one thread and in all. Peers: PyTorch eager (its own kernels into a given array and
its backward kernels, else the expression that its users write), jax.jit on the CPU, SciPy's ufuncs, the NumPy
one-liner, and np.copyto. All get x and nothing else: where PyTorch's backward pass takes the result of the forward one,
that is part of its time; its backward kernels read a gradient beside x, of ones here. A peer that makes a new array for
its result, as expressions, autograd and JAX do, is compared with our call that does so too. Contenders take turns;
figures are medians. JAX runs in all threads only, SciPy and NumPy in one.

Columns named after a peer are its time over ours: above 1, ours is faster. A name with ' is the derivative; * marks
functions that PyTorch lacks, for which its users' expression stands.
Share of the copy: the time of np.copyto, in all threads of one piece a core, over ours, for as many bytes as we read
and write: at the largest size, where an elementwise function reads and writes one number an element.
Call overhead: a call without out= on 16 to 1024 elements minus np.negative's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

import nonlin as nl
from _contenders import Call, copying, ours, theirs, threads
from _pages import write_part
from _peers import disagreement, installed, peer
from _timing import geometric_mean, machine, markdown_table, print_table, seconds_a_call, warn_of_load

SIZES = (1 << 10, 1 << 16, 1 << 20, 1 << 24)
SMALL = (16, 128, 1024)
COLUMNS = 16  # an even last axis for gated and pooled functions
ONE, ALL = "1 thread", "all threads"
PEERS = {ONE: ("torch", "scipy", "numpy"), ALL: ("torch", "jax")}
LEAST_RATIO, LEAST_SHARE, MOST_OVERHEAD = 0.8, 0.7, 1.5


class Figure(NamedTuple):
    """The medians of one function at one size; `ratios` are the peers' times over ours, `share` the copy's."""

    name: str
    part: str
    size: int
    threads: str
    seconds: float
    ratios: dict[str, float]
    share: float
    own: bool  # PyTorch has this function itself


def names_of(only: list[str]) -> list[str]:
    """The activations to measure: all but those of whole rows."""
    chosen = [nl.get(name).name for name in only] or nl.activations()
    return [name for name in chosen if nl.get(name).kind != "row"]


def inputs(size: int, dtype: str) -> np.ndarray:
    """Numbers as networks have them before an activation."""
    return (2 * np.random.default_rng(0).standard_normal((size // COLUMNS, COLUMNS), np.float32)).astype(dtype)


def measure(name: str, part: str, x: np.ndarray, where: str, rounds: int, libraries: list[str]) -> Figure:
    """One function at one size."""
    mine, found = ours(name, part, x), {}
    for library in PEERS[where]:
        peers_form = theirs(library, name, part, x) if library in libraries else None
        if peers_form is not None:
            found[library] = peers_form
    contenders: dict[str, Call] = {"ours": mine.into, "copy": copying(x, where == ALL)}
    contenders |= {"ours, new": mine.new} if any(form.is_new for form in found.values()) else {}
    contenders |= {library: form.call for library, form in found.items()}
    medians = {who: statistics.median(s) for who, s in seconds_a_call(contenders, rounds).items()}
    known = peer("torch", name) if "torch" in libraries else None
    ratios = {who: medians[who] / medians["ours, new" if form.is_new else "ours"] for who, form in found.items()}
    share = medians["copy"] * mine.size / (2 * x.nbytes) / medians["ours"]
    return Figure(name, part, x.size, where, medians["ours"], ratios, share, known is not None and known.own)


def all_figures(
    names: list[str], wheres: tuple[str, ...], sizes: tuple[int, ...], dtype: str, rounds: int, libraries: list[str]
) -> Iterator[Figure]:
    """Every function and derivative at every size."""
    for where in wheres:
        for size in sizes:
            x = inputs(size, dtype)
            with threads(1 if where == ONE else None):
                for name in names:
                    for part in ("value", "derivative"):
                        yield measure(name, part, x, where, rounds, libraries)
            print(f"{where}, {power(size)}: {time.strftime('%H:%M:%S')}", file=sys.stderr)


def overheads(names: list[str], dtype: str, rounds: int) -> dict[int, dict[str, float]]:
    """Microseconds of a call beyond np.negative's on the same few elements, by size and name."""
    found: dict[int, dict[str, float]] = {}
    for size in SMALL:
        x = inputs(size, dtype)
        found[size] = {}
        for name in names:
            record = nl.get(name)
            calls = {"ours": partial(record, x), "negative": partial(np.negative, x)}
            seconds = {who: statistics.median(s) for who, s in seconds_a_call(calls, rounds, pause=0).items()}
            found[size][name] = 1e6 * (seconds["ours"] - seconds["negative"])
    return found


def check_peers(names: list[str], libraries: list[str]) -> None:
    """Raise `RuntimeError` where a peer computes something else, and name functions that have no peer."""
    for name in names:
        known = [library for library in libraries if peer(library, name)]
        for library in known:
            if not disagreement(library, name) < 1e-5:
                raise RuntimeError(f"{library}'s form of {name} is another function: see benchmarks/_expressions.py")
        if not known:
            print(f"{name} has no peer: add one to benchmarks/_expressions.py", file=sys.stderr)


def power(size: int) -> str:
    """A size as a power of two."""
    return f"2^{size.bit_length() - 1}"


def table(figures: list[Figure], where: str) -> tuple[list[str], list[list[str]]]:
    """One row for each function and derivative."""
    sizes = sorted({figure.size for figure in figures})
    known = {(f.name, f.part, f.size): f for f in figures if f.threads == where}
    peers = [peer for peer in PEERS[where] if any(peer in figure.ratios for figure in known.values())]
    header = ["function", *(f"ns {power(size)}" for size in sizes)]
    header += [f"{peer} {power(size)}" for peer in peers for size in sizes]
    header += ["share of copy"]
    rows = []
    for name, part in dict.fromkeys((f.name, f.part) for f in figures):
        at = [known[name, part, size] for size in sizes]
        label = name + ("'" if part == "derivative" else "") + ("" if at[0].own else " *")
        row = [label, *(f"{1e9 * f.seconds / f.size:.3f}" for f in at)]
        row += [f"{f.ratios[peer]:.2f}" if peer in f.ratios else "-" for peer in peers for f in at]
        rows.append([*row, f"{100 * at[-1].share:.0f} %"])
    return header, rows


def summary(figures: list[Figure], overhead: dict[int, dict[str, float]]) -> list[str]:
    """The figures that the bars are about, a sentence each."""
    lines = []
    for where in (ONE, ALL):
        large = [f for f in figures if f.threads == where and f.size >= 1 << 16 and "torch" in f.ratios]
        if large:
            lines += _against_torch(large, where)
    last = [f for f in figures if f.threads == ALL and f.size == SIZES[-1]]
    if last:
        shares = [f.share for f in last]
        low = sorted((f.share, f.name, f.part) for f in last if f.share < LEAST_SHARE)
        lines.append(
            f"Share of the copy's bandwidth at 2^24 in all threads: median {statistics.median(shares):.0%}, "
            f"below {LEAST_SHARE:.0%}: {', '.join(f'{n} {p} {s:.0%}' for s, n, p in low) or 'none'}"
        )
    for size, found in overhead.items():
        worst = max(found, key=lambda name: found[name])
        lines.append(
            f"Call overhead on {size} elements beyond np.negative: median {statistics.median(found.values()):.2f} µs, "
            f"most {found[worst]:.2f} µs ({worst}), above {MOST_OVERHEAD} µs: "
            f"{sum(m > MOST_OVERHEAD for m in found.values())} of {len(found)}"
        )
    return lines


def _against_torch(large: list[Figure], where: str) -> list[str]:
    ratios = [f.ratios["torch"] for f in large]
    own = [f.ratios["torch"] for f in large if f.own]
    slow = sorted((f.ratios["torch"], f.name, f.part, power(f.size)) for f in large if f.ratios["torch"] < LEAST_RATIO)
    return [
        f"Geometric mean of torch/ours, sizes 2^16 and above, {where}: {geometric_mean(ratios):.2f} "
        f"(its own functions: {geometric_mean(own):.2f}; expressions, marked *: "
        f"{geometric_mean(f.ratios['torch'] for f in large if not f.own):.2f})",
        f"Below {LEAST_RATIO} of torch's speed, {where}: "
        + (", ".join(f"{n} {p} {s} {r:.2f}" for r, n, p, s in slow) or "none"),
    ]


def write(path: Path, figures: list[Figure], lines: list[str], dtype: str) -> None:
    """The tables and the summary as a part of a page of the documentation."""
    explanation = (__doc__ or "").split("\n\n", 2)[2]
    text = f"# Speed\n\nMeasured by `benchmarks/elementwise.py` on {time.strftime('%Y-%m-%d')}, {dtype}.\n"
    text += f"{machine('nonlin', 'torch', 'jax', 'scipy')}.\n\n" + "".join(f"- {line}.\n" for line in lines)
    text += f"\n{explanation}"
    for where in dict.fromkeys(f.threads for f in figures):
        text += f"\n## {where.capitalize()}\n\n{markdown_table(*table(figures, where))}"
    write_part(path, "elementwise", text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these functions; all if not given")
    parser.add_argument("--peers", nargs="*", default=["torch", "jax", "scipy", "numpy"], help="these libraries")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--sizes", nargs="+", type=int, metavar="POWER", help="powers of two; 10 16 20 24 if not given")
    parser.add_argument("--threads", choices=["one", "all"], help="in one thread or in all only; both if not given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, metavar="docs/speed.md", help="write the tables as Markdown too")
    parser.add_argument("--quick", action="store_true", help="one round of small arrays, to see that it runs")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # NumPy's one-liners overflow
    warn_of_load()
    names, libraries = names_of(options.only), installed(*options.peers)
    sizes = tuple(1 << power for power in options.sizes) if options.sizes else SIZES
    sizes, rounds = (SIZES[:1], 1) if options.quick else (sizes, options.rounds)
    wheres = {"one": (ONE,), "all": (ALL,), None: (ONE, ALL)}[options.threads]
    check_peers(names, libraries)
    with np.errstate(all="ignore"):
        figures = list(all_figures(names, wheres, sizes, options.dtype, rounds, libraries))
    lines = summary(figures, overheads(names, options.dtype, 1 if options.quick else 20))
    for where in wheres:
        print(f"\n{options.dtype}, {where}; {machine('torch', 'jax', 'scipy')}")
        print_table(*table(figures, where))
    print("\n" + "\n".join(lines))
    if options.write:
        write(options.write, figures, lines, options.dtype)


if __name__ == "__main__":
    main()
