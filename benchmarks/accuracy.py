"""The largest error of every definition, in units in the last place, against 50-digit arithmetic.

    python benchmarks/accuracy.py [--points 6000] [--quick]

Inputs cover every binade with both signs, subnormals, the range where functions bend and both tails. PyTorch's figures
are measured at the same inputs where it is installed and has the function; a result of 0 where the exact one is a
normal number counts as 1.7e7 ULP in float32.
"""

from __future__ import annotations

import argparse
import importlib.util
from typing import Any

import numpy as np

import nonlin as nl
from _timing import print_table
from nonlin.definition import Elementwise
from nonlin.testing import exact_values, representative_points, ulp_error
from nonlin.testing.checks import accuracy, loss_accuracy


def torchs(name: str, x: np.ndarray) -> list[str]:
    """PyTorch's largest errors of value and gradient, or dashes."""
    if importlib.util.find_spec("torch") is None:
        return ["-", "-"]
    import torch

    function = getattr(torch.nn.functional, {"identity": "", "step": ""}.get(name, name), None)
    if function is None:
        return ["-", "-"]
    inputs = torch.tensor(x, requires_grad=True)
    value = function(inputs)
    (gradient,) = torch.autograd.grad(value.sum(), inputs)
    record = nl.get(name)
    return [
        _figure(worst_normal(got.detach().numpy(), exact_values(record, part, x), x))
        for got, part in ((value, "definition"), (gradient, "derivative"))
    ]


def worst_normal(got: np.ndarray, exact: np.ndarray, x: np.ndarray) -> float:
    """The largest error where the exact result is zero or a normal number."""
    tiny = float(np.finfo(x.dtype).smallest_normal)
    normal = np.array([e == 0 or abs(e) >= tiny for e in exact])
    return float(np.max(np.where(normal, ulp_error(got, exact), 0)))


def _figure(error: float) -> str:
    return f"{error:.2f}" if error < 100 else f"{error:.1e}"


def rows(dtype: str, points: int) -> list[list[str]]:
    """One row for each definition: largest errors of value and derivative (gradient, vector-Jacobian product)."""
    table = []
    for name in nl.activations():
        record: Any = nl.get(name)
        errors = [_figure(error) for _, error, _ in accuracy(record, dtype, points)]
        others = torchs(name, representative_points(dtype, points)) if isinstance(record, Elementwise) else ["-", "-"]
        table.append([name, *errors, *others])
    for name in nl.losses():
        errors = [_figure(error) for _, error, _ in loss_accuracy(nl.get_loss(name), dtype, points)]
        table.append([name, *errors, "-", "-"])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=6000, help="inputs of each function (default 6000)")
    parser.add_argument("--quick", action="store_true", help="200 inputs, to see that it runs")
    options = parser.parse_args()
    points = 200 if options.quick else options.points
    for dtype in ("float32", "float64"):
        print(f"\n{dtype}: largest error in ULP at about {points} inputs")
        table = rows(dtype, points)
        print_table(["function", "value", "derivative", "torch value", "torch gradient"], table)
        for column, what in ((1, "value"), (2, "derivative")):
            print(f"largest {what} error of all: {max(float(row[column]) for row in table):.2f} ULP")


if __name__ == "__main__":
    main()
