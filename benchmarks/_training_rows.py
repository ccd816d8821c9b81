"""One epoch of a million rows in one thread, and its floor: the time of its matrix products alone, by BLAS."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_info

from _timing import interleaved, print_table, ratio
from _training_workloads import example_flops

WIDTHS, BATCH = (50, 128, 128, 1), 200
Product = Callable[[np.ndarray, np.ndarray, np.ndarray], object]


def report_rows(rows: int, rounds: int) -> None:
    """Print the seconds of an epoch of nonlin beside those of BLAS."""
    from nonlin.nn import MLPRegressor

    warnings.simplefilter("ignore")  # one epoch is not meant to converge
    X = np.random.default_rng(0).standard_normal((rows, WIDTHS[0]), np.float32)
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2]
    settings = {"hidden_layer_sizes": WIDTHS[1:-1], "batch_size": BATCH, "random_state": 0}
    MLPRegressor(**settings, max_iter=1).fit(X[: 2 * BATCH], y[: 2 * BATCH])
    contenders = {
        "nonlin": lambda: MLPRegressor(**settings, max_iter=1).fit(X, y),
        "SciPy's sgemm, products only": lambda: _epoch(_sgemm, X),
        "NumPy's matmul, products only": lambda: _epoch(_matmul, X),
    }
    seconds = interleaved(contenders, rounds)
    flops = rows * example_flops(WIDTHS)
    table = [
        [name, f"{statistics.median(s):.3f}", f"{flops / statistics.median(s) / 1e9:.0f}", f"{ratio(ours, s):.2f}"]
        for ours in [seconds["nonlin"]]
        for name, s in seconds.items()
    ]
    kernels = sorted({f"{library['filepath'].split('/')[-1]}: {library.get('architecture')}" for library in _blas()})
    print(f"BLAS kernels in use: {', '.join(kernels)}")
    print_table([f"one epoch of {rows:,} x 50, 128-128, one thread", "median s", "GFLOP/s", "nonlin's over it"], table)


def _blas() -> list[dict[str, str]]:
    return [library for library in threadpool_info() if library["user_api"] == "blas"]


def _epoch(product: Product, X: np.ndarray) -> None:
    """All products of an epoch, a batch at a time, in buffers as small as those of a training."""
    generator = np.random.default_rng(0)
    weights = [generator.standard_normal(shape, np.float32) for shape in pairwise(WIDTHS)]
    gradients = [np.empty_like(matrix) for matrix in weights]
    values = [np.zeros((BATCH, width), np.float32) for width in WIDTHS]
    errors = [np.zeros_like(block) for block in values]
    for start in range(0, len(X), BATCH):
        values[0] = X[start : start + BATCH]
        for i, matrix in enumerate(weights):
            product(values[i], matrix, values[i + 1])
        for i in reversed(range(len(weights))):
            product(values[i].T, errors[i + 1], gradients[i])
            if i > 0:
                product(errors[i + 1], weights[i].T, errors[i])


def _matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    np.matmul(a, b, out=out)


def _sgemm(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """The same by BLAS itself, which counts by columns: out' = b' a', nothing copied."""
    from scipy.linalg.blas import sgemm

    plain_a, plain_b = a.flags.c_contiguous, b.flags.c_contiguous
    first, second = b.T if plain_b else b, a.T if plain_a else a
    sgemm(1.0, first, second, 0.0, out.T, trans_a=not plain_b, trans_b=not plain_a, overwrite_c=True)
