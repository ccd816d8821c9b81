"""Milliseconds of the functions of whole rows, beside PyTorch's, SciPy's and JAX's softmax.

    python benchmarks/rows.py [--dtype float64] [--rounds 7] [--quick]

softmax and log_softmax of 4096 rows of 1000 and 512 of 32,000 numbers, sparsemax and entmax15 of 4096 rows of 1000, and
their vector-Jacobian products; along the last axis, the first and a middle one; in one thread and in all. PyTorch
writes into a given array; its products are its backward kernels, which get the forward result for nothing. JAX is
compiled with jit and runs in all threads, SciPy in one; both make a new array for the result, and are compared with our
call that does so too. Contenders take turns; figures are medians. Columns named after a peer are its time over ours;
the last one is our time over that of our own softmax on the same array.
"""

from __future__ import annotations

import argparse
import statistics
import warnings
from typing import Any, NamedTuple

import numpy as np

from _contenders import Call, ours, threads
from _peers import installed
from _timing import machine, print_table, seconds_a_call, warn_of_load

FUNCTIONS = ("softmax", "log_softmax", "sparsemax", "entmax15")
SHARED = ("softmax", "log_softmax")  # those that the peers have
LEAST_RATIO, MOST_SOFTMAXES = 1.5, 5.0
ONE, ALL = "1 thread", "all threads"
MAKING_ARRAYS = ("scipy", "jax")


class Layout(NamedTuple):
    """An array of rows along an axis."""

    shape: tuple[int, ...]
    axis: int
    functions: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'x'.join(map(str, self.shape))} along {self.axis}"


LAYOUTS = (
    Layout((4096, 1000), -1, FUNCTIONS),
    Layout((512, 32000), -1, SHARED),
    Layout((1000, 4096), 0, FUNCTIONS),
    Layout((64, 1000, 64), 1, FUNCTIONS),
)
QUICK = (Layout((64, 100), -1, FUNCTIONS), Layout((4, 100, 16), 1, FUNCTIONS))


class Figure(NamedTuple):
    """The median of one function on one layout; `ratios` are the peers' times over ours."""

    name: str
    part: str
    layout: Layout
    threads: str
    seconds: float
    ratios: dict[str, float]


def torchs(name: str, part: str, x: np.ndarray, axis: int) -> Call:
    import torch

    given, aten = torch.from_numpy(x), torch.ops.aten
    out, ones = torch.empty_like(given), torch.ones_like(given)
    forward = {"softmax": torch.softmax, "log_softmax": torch.log_softmax}[name]
    if part == "value":
        into = {"softmax": aten._softmax.out, "log_softmax": aten._log_softmax.out}[name]
        return lambda: into(given, axis, False, out=out)
    result, kind = forward(given, axis), given.dtype
    if name == "softmax":
        return lambda: aten._softmax_backward_data.out(ones, result, axis, kind, grad_input=out)
    return lambda: aten._log_softmax_backward_data.out(ones, result, axis, kind, out=out)


def scipys(name: str, x: np.ndarray, axis: int) -> Call:
    from scipy import special

    function = getattr(special, name)
    return lambda: function(x, axis=axis)


def jaxs(name: str, part: str, x: np.ndarray, axis: int) -> Call:
    import jax

    given, function = jax.device_put(x), getattr(jax.nn, name)

    def product(v: Any) -> Any:
        value, pull = jax.vjp(lambda u: function(u, axis=axis), v)
        return pull(jax.numpy.ones_like(value))[0]

    compiled = jax.jit((lambda v: function(v, axis=axis)) if part == "value" else product)
    return lambda: compiled(given).block_until_ready()


def contenders(name: str, part: str, x: np.ndarray, axis: int, where: str, libraries: list[str]) -> dict[str, Call]:
    mine = ours(name, part, x, axis=axis)
    found = {"ours": mine.into, "ours, new": mine.new}
    if name not in SHARED:
        return found
    if "torch" in libraries:
        found["torch"] = torchs(name, part, x, axis)
    if "scipy" in libraries and part == "value" and where == ONE:
        found["scipy"] = scipys(name, x, axis)
    if "jax" in libraries and where == ALL:
        found["jax"] = jaxs(name, part, x, axis)
    return found


def figures_of(layout: Layout, dtype: str, where: str, rounds: int, libraries: list[str]) -> list[Figure]:
    x = np.random.default_rng(0).standard_normal(layout.shape).astype(dtype)
    found = []
    for name in layout.functions:
        for part in ("value", "product"):
            seconds = seconds_a_call(contenders(name, part, x, layout.axis, where, libraries), rounds)
            medians = {who: statistics.median(s) for who, s in seconds.items()}
            mine, new = medians.pop("ours"), medians.pop("ours, new")
            ratios = {who: s / (new if who in MAKING_ARRAYS else mine) for who, s in medians.items()}
            found.append(Figure(name, part, layout, where, mine, ratios))
    return found


def in_softmaxes(figure: Figure, figures: list[Figure]) -> float:
    """The time of a function over that of our softmax on the same array."""
    return next(
        figure.seconds / other.seconds
        for other in figures
        if other.name == "softmax" and other[1:4] == figure[1:4]
    )  # fmt: skip


def summary(figures: list[Figure]) -> list[str]:
    lines = []
    for library in ("torch", "scipy", "jax"):
        known = [f for f in figures if library in f.ratios and f.part == "value"]
        if known:
            worst = min(known, key=lambda f: f.ratios[library])
            lines.append(
                f"least {library}/ours of softmax and log_softmax: {worst.ratios[library]:.2f} "
                f"({worst.name}, {worst.layout}, {worst.threads}; bar {LEAST_RATIO})"
            )
    others = [f for f in figures if f.name not in SHARED and f.part == "value"]
    if others:
        worst = max(others, key=lambda f: in_softmaxes(f, figures))
        lines.append(
            f"most softmaxes that sparsemax or entmax15 cost: {in_softmaxes(worst, figures):.2f} "
            f"({worst.name}, {worst.layout}, {worst.threads}; bar {MOST_SOFTMAXES})"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="one round of small arrays, to see that it runs")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    warn_of_load()
    libraries, figures = installed("torch", "scipy", "jax"), []
    for where, count in ((ONE, 1), (ALL, None)):
        for layout in QUICK if options.quick else LAYOUTS:
            with threads(count):
                figures += figures_of(layout, options.dtype, where, 1 if options.quick else options.rounds, libraries)
    print(f"{options.dtype}; {machine(*libraries)}")
    print_table(
        ["function", "array", "threads", "ms", *libraries, "in softmaxes"],
        [
            [
                f"{f.name}{' product' if f.part == 'product' else ''}",
                str(f.layout),
                f.threads,
                f"{1e3 * f.seconds:.2f}",
                *(f"{f.ratios[library]:.2f}" if library in f.ratios else "-" for library in libraries),
                f"{in_softmaxes(f, figures):.2f}",
            ]
            for f in figures
        ],
    )
    print("\n" + "\n".join(summary(figures)))


if __name__ == "__main__":
    main()
