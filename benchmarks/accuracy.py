"""The largest error of every function and derivative in units in the last place, and where it occurs.

    python benchmarks/accuracy.py [--only NAME ...] [--points 3000] [--write docs/accuracy.md] [--quick]

float64 results are compared with 50-digit arithmetic, which takes up to a millisecond a number, at `--points` inputs:
every binade with both signs, subnormals, the range where functions bend, both tails. float32 results are compared at
64,000 such inputs, float16 and bfloat16 ones at all 65,536, with our own float64 results: those err by a few of their
own units (the float64 column), a few billionths of a float32's. Where that is too coarse to say which of two 16-bit
numbers is the nearest, 50-digit arithmetic decides. PyTorch, JAX and SciPy are measured at the same inputs, where they
are installed and have the function; they are not asked for subnormal numbers, which JAX takes for 0 as inputs and as
results, nor for derivatives at kinks. A result of 0 where a normal number is right counts as 1.7e7 ULP in float32, a
NaN as inf. Functions of rows, gated, pooled and concatenated ones are compared with 50-digit arithmetic in both
formats.

So are losses, unreduced: each value with its textbook formula, gradients (with respect to further inputs too) and the
Hessian's diagonal with theirs, at a third as many inputs (ordinary, tiny, huge, equal, nearly equal, at the ends of
their domains) and the default parameters. Beside a root at which inputs cancel each other, or a kink, a float32 result
is taken for right that errs by less than a change of the inputs by 2^-52 of themselves makes, a float64 one by 2^-100.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import nonlin as nl
from _peers import installed, peer
from _timing import machine, markdown_table, print_table
from nonlin.definition import Elementwise
from nonlin.testing import exact_values, loss_accuracy, representative_points, ulp_error
from nonlin.testing.checks import accuracy
from nonlin.testing.ulp import FORMATS, every_input, near_ties, rounded_to

LIBRARIES = ("torch", "jax", "scipy")
WIDE, NARROW = ("float32", "float64"), ("float16", "bfloat16")
MANY = 64_000  # inputs in float32


class Errors(NamedTuple):
    """The largest error, where it occurs, and in 16-bit formats the share of correctly rounded results."""

    ulp: float
    at: float
    share: float

    def __str__(self) -> str:
        size = f"{self.ulp:.2f}" if self.ulp < 100 else f"{self.ulp:.1e}"
        return size if np.isnan(self.at) else f"{size} at {self.at:.4g}"


def inputs(dtype: str, points: int) -> np.ndarray:
    if dtype in NARROW:
        x = every_input(numpy_dtype(dtype))
        return x[np.isfinite(x.astype(float))]
    return representative_points(dtype, points if dtype == "float64" else max(points, min(MANY, 20 * points)))


def numpy_dtype(dtype: str) -> np.dtype:
    """A dtype by name; bfloat16 needs ml_dtypes."""
    if dtype == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(dtype)


def known(dtype: str) -> bool:
    """Whether this installation can compute in a format."""
    return dtype != "bfloat16" or bool(installed("ml_dtypes"))


def ours(name: str, part: str, x: np.ndarray) -> np.ndarray:
    record = nl.get(name)
    return record(x) if part == "value" else record.derivative(x)


def reference(name: str, part: str, x: np.ndarray) -> Any:
    """50-digit numbers for float64, doubles for the narrower formats."""
    if x.dtype == np.float64:
        return exact_values(nl.get(name), "definition" if part == "value" else part, x)
    return ours(name, part, x.astype(float))


def theirs(library: str, name: str, part: str, x: np.ndarray) -> np.ndarray | None:
    """A library's own function, or None where it has none."""
    found = peer(library, name)
    if found is None or not found.own or (library == "scipy" and (part != "value" or x.dtype.name in NARROW)):
        return None
    return {"torch": _torch, "jax": _jax, "scipy": _scipy}[library](found.function, part, x)


def _torch(function: Any, part: str, x: np.ndarray) -> np.ndarray | None:
    import torch

    torch.set_num_threads(1)
    given = torch.from_numpy(x.astype(np.float32) if x.dtype.name == "bfloat16" else x)
    given = given.to(getattr(torch, x.dtype.name)).requires_grad_(part != "value")
    value = function(given)
    if part != "value":
        try:
            (value,) = torch.autograd.grad(value.sum(), given)
        except RuntimeError:  # the step function has no gradient in PyTorch
            return None
    return value.float().numpy().astype(x.dtype) if x.dtype.name == "bfloat16" else value.detach().numpy()


def _jax(function: Any, part: str, x: np.ndarray) -> np.ndarray:
    import jax

    jax.config.update("jax_enable_x64", True)
    if part == "value":
        return np.asarray(jax.jit(function)(x))
    slope = jax.jit(lambda v: jax.vjp(function, v)[1](jax.numpy.ones_like(v))[0])
    return np.asarray(slope(x))


def _scipy(function: Any, part: str, x: np.ndarray) -> np.ndarray:
    return function(x)


def measure(dtype: str, points: int, name: str) -> dict[str, dict[str, Errors]]:
    """The errors of everybody, by library and part."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    x, kinks = inputs(dtype, points), np.asarray(nl.get(name).kinks, float)
    found: dict[str, dict[str, Errors]] = {}
    for part in ("value", "derivative"):
        exact = reference(name, part, x)
        found.setdefault("ours", {})[part] = errors(ours(name, part, x), exact, x, name, part, np.ones(x.shape, bool))
        asked = normal(exact, x.dtype.name) & normal(x.astype(float), x.dtype.name)
        asked &= ~(np.isin(x.astype(float), kinks) & (part != "value"))
        for library in installed(*LIBRARIES):
            got = theirs(library, name, part, x)
            if got is not None:
                found.setdefault(library, {})[part] = errors(got, exact, x, name, part, asked)
    return found


def normal(numbers: Any, dtype: str) -> np.ndarray:
    """Where numbers are zero or normal ones of a format."""
    kind, size = FORMATS[dtype], np.abs(numbers)
    return ((size == 0) | ((size >= kind.smallest_normal) & (size <= kind.largest))).astype(bool)


def errors(got: np.ndarray, exact: Any, x: np.ndarray, name: str, part: str, asked: np.ndarray) -> Errors:
    sizes = np.where(asked, ulp_error(got, exact), 0)
    worst = int(np.argmax(sizes))
    at = float(x[worst]) if sizes[worst] > 0.5 else np.nan
    if x.dtype.name not in NARROW:
        return Errors(float(sizes[worst]), at, np.nan)
    right = got.astype(float) == rounded_to(x.dtype, exact)
    for place in np.flatnonzero(near_ties(x.dtype, exact) & asked):
        truth = exact_values(nl.get(name), "definition" if part == "value" else part, float(x[place]))
        right[place] = ulp_error(got[place], truth) <= 0.5
    return Errors(float(sizes[worst]), at, float(right[asked].mean()))


def elementwise_table(dtype: str, points: int, names: list[str], pool: Executor) -> tuple[list[str], list[list[str]]]:
    """One row for each elementwise function."""
    libraries = ["ours", *(library for library in installed(*LIBRARIES) if library != "scipy" or dtype in WIDE)]
    columns = [(who, part) for who in libraries for part in ("value", "derivative") if (who, part) != SCIPYS_SLOPE]
    rows = []
    for name, found in zip(names, pool.map(partial(measure, dtype, points), names), strict=True):
        row = [name]
        for who, part in columns:
            figure = found.get(who, {}).get(part)
            row.append("-" if figure is None else str(figure) if dtype in WIDE else share(figure))
        rows.append(row)
    return ["function", *(f"{who} {part}" for who, part in columns)], rows


SCIPYS_SLOPE = ("scipy", "derivative")


def share(figure: Errors) -> str:
    """The share of correctly rounded results, rounded down, so that 100 % means all."""
    return f"{np.floor(figure.share * 1e4) / 100:.2f} %"


def others_table(dtype: str, points: int, pool: Executor) -> tuple[list[str], list[list[str]]]:
    """One row for each function of rows and halves, ours alone."""
    names = [name for name in nl.activations() if not isinstance(nl.get(name), Elementwise)]
    found = pool.map(partial(measure_other, dtype, points), names)
    return ["function", "value", "derivative or product"], [[n, *row] for n, row in zip(names, found, strict=True)]


def measure_other(dtype: str, points: int, name: str) -> list[str]:
    return [f"{error:.2f}" for _, error, _ in accuracy(nl.get(name), dtype, points)]


def losses_table(dtype: str, points: int, pool: Executor) -> tuple[list[str], list[list[str]]]:
    """One row for each loss that a formula gives."""
    names = [name for name in nl.losses() if nl.get_loss(name).kind != "algorithm"]
    found = pool.map(partial(measure_loss, dtype, points), names)
    header = ["loss", "value", "gradient", "with respect to other inputs", "Hessian's diagonal"]
    return header, [[name, *row] for name, row in zip(names, found, strict=True)]


def measure_loss(dtype: str, points: int, name: str) -> list[str]:
    """The largest errors of the value, the gradient, the other gradients and the second derivative."""
    found = {part: error for part, error, _ in loss_accuracy(nl.get_loss(name), dtype, points)}
    others = [part for part in found if part.startswith("gradient_")]
    groups = (["value"], ["gradient"], others, ["hessian_diagonal"])
    worst = (max((found[part] for part in group if part in found), default=None) for group in groups)
    return ["-" if error is None else f"{error:.2f}" for error in worst]


def sections(points: int, names: list[str], everything: bool) -> list[tuple[str, list[str], list[list[str]]]]:
    """Headings and tables."""
    found = []
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for dtype in (*WIDE, *NARROW):
            if not known(dtype):
                print(f"{dtype} cannot be computed with here: left out")
                continue
            what = "largest error in ULP, and the input" if dtype in WIDE else "share of correctly rounded results"
            found.append((f"{dtype}: {what}", *elementwise_table(dtype, points, names, pool)))
        for dtype in WIDE if everything else ():
            error = f"{dtype}: largest error in ULP of"
            found.append((f"{error} functions of rows and halves", *others_table(dtype, points, pool)))
            found.append((f"{error} losses", *losses_table(dtype, points // 3, pool)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these elementwise functions; all if not")
    parser.add_argument("--points", type=int, default=3000, help="inputs of each function in float64 (default 3000)")
    parser.add_argument("--write", type=Path, metavar="docs/accuracy.md", help="write the tables as Markdown too")
    parser.add_argument("--quick", action="store_true", help="few inputs, to see that it runs")
    options = parser.parse_args()
    names = [nl.get(name).name for name in options.only or nl.activations()]
    names = [name for name in names if isinstance(nl.get(name), Elementwise)]
    tables = sections(50 if options.quick else options.points, names, everything=not options.only)
    for title, header, rows in tables:
        print(f"\n{title}")
        print_table(header, rows)
    if options.write:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        text = f"# Accuracy\n\nMeasured by `benchmarks/accuracy.py` on {time.strftime('%Y-%m-%d')}.\n"
        text += (
            f"{machine('nonlin', 'torch', 'jax', 'scipy', 'ml_dtypes')}.\n\n{(__doc__ or '').split(chr(10) * 2, 2)[2]}"
        )
        for title, header, rows in tables:
            text += f"\n## {title}\n\n{markdown_table(header, rows)}"
        options.write.write_text(text)


if __name__ == "__main__":
    main()
