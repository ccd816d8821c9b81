"""The memory that a call takes at its peak beyond its arguments and its results, measured in a process of its own.

Run with a loss, a contender and sizes it prints bytes: how far the resident memory of the process rose above what it
was with the arguments in place and everything compiled, less the results. Needs Linux.
"""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import nonlin as nl

Made = tuple[Callable[[], Any], int]  # a call and the bytes of its new results


def _logits(rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.standard_normal((rows, classes), np.float32), random.integers(classes, size=rows)


def _ours(rows: int, classes: int) -> Made:
    logits, targets = _logits(rows, classes)
    return lambda: nl.loss.cross_entropy.value_and_gradient(logits, targets), logits.nbytes


def _in_place(rows: int, classes: int) -> Made:
    logits, targets = _logits(rows, classes)
    return lambda: nl.loss.cross_entropy.value_and_gradient(logits, targets, out=logits), 0


def _torchs(rows: int, classes: int) -> Made:
    import torch

    logits, targets = map(torch.from_numpy, _logits(rows, classes))
    logits.requires_grad_()
    return lambda: torch.nn.functional.cross_entropy(logits, targets).backward(), logits.nbytes


def _layer(rows: int, width: int, classes: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    shapes = (rows, width), (classes, width)
    return [*(random.standard_normal(shape, np.float32) for shape in shapes), random.integers(classes, size=rows)]


def _linear_ours(rows: int, width: int, classes: int) -> Made:
    features, weight, targets = _layer(rows, width, classes)
    function, wanted = nl.loss.linear_cross_entropy.value_and_gradient, ("features", "weight")
    return lambda: function(features, weight, targets, with_respect_to=wanted), features.nbytes + weight.nbytes


def _linear_torchs(rows: int, width: int, classes: int) -> Made:
    import torch
    from torch.nn import functional

    def loss(features: Any, weight: Any, targets: Any) -> Any:
        return functional.cross_entropy(functional.linear(features, weight), targets)

    return _backward(loss, *map(torch.from_numpy, _layer(rows, width, classes)))


def _linear_torchs_own(rows: int, width: int, classes: int) -> Made:
    import torch

    functional: Any = torch.nn.functional
    return _backward(functional.linear_cross_entropy, *map(torch.from_numpy, _layer(rows, width, classes)))


def _backward(loss: Callable[..., Any], features: Any, weight: Any, targets: Any) -> Made:
    features.requires_grad_()
    weight.requires_grad_()
    return lambda: loss(features, weight, targets).backward(), features.nbytes + weight.nbytes


CONTENDERS: dict[str, dict[str, Callable[..., Made]]] = {
    "cross_entropy": {"ours": _ours, "ours in place": _in_place, "torch": _torchs},
    "linear_cross_entropy": {"ours": _linear_ours, "torch": _linear_torchs, "torch's own": _linear_torchs_own},
}


def known_contenders(loss: str) -> list[str]:
    """Those that this installation has."""
    known = ["ours", "ours in place"]
    if find_spec("torch"):
        from torch.nn import functional

        known += ["torch", *["torch's own"] * hasattr(functional, "linear_cross_entropy")]
    return [contender for contender in CONTENDERS[loss] if contender in known]


def extra_bytes(loss: str, contender: str, *sizes: int) -> int:
    """What a contender takes in a new process; the sizes are rows, for a linear layer its width, and classes."""
    command = [sys.executable, __file__, loss, contender, *map(str, sizes)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _give_back() -> None:
    """Give memory that was freed back to the system, so that taking it again counts."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU C library
    if trim:
        trim(0)


def _status(entry: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(entry))


def main() -> None:
    loss, contender, *sizes = sys.argv[1:]
    make, (rows, *others) = CONTENDERS[loss][contender], map(int, sizes)
    make(max(1, rows // 16), *others)[0]()
    call, results = make(rows, *others)
    _give_back()
    Path("/proc/self/clear_refs").write_text("5")  # the peak is the present from here
    before = _status("VmRSS")
    kept = call()
    print(_status("VmHWM") - before - results)
    del kept


if __name__ == "__main__":
    main()
