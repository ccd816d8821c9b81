"""Forty trainings: 8 activations x 5 seeds on scikit-learn's digits, against scikit-learn and PyTorch.

    python benchmarks/training.py [--rounds 5] [--quick]

Layers 64-64-64-10, cross-entropy, Adam 1e-3, batches of 32, 20 epochs, float32, standardised inputs, 80 % to train on.
nonlin trains in two threads of one process, its peers in two processes of one thread each; all have imported and
compiled before the clock starts, and take turns. scikit-learn knows 3 of the activations: its 15 trainings are scaled
to 40. A peer that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

from _timing import interleaved, pin_threads, print_table, ratio

pin_threads()

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus")
THEIR_NAMES = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}  # what scikit-learn has
HIDDEN, BATCH, RATE, WORKERS = (64, 64), 32, 1e-3, 2


class Job(NamedTuple):
    """One training."""

    activation: str
    seed: int
    epochs: int


@cache
def data() -> list[Any]:
    """Training and test inputs, training and test classes."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    X, y = load_digits(return_X_y=True)
    parts = train_test_split(X.astype("float32"), y, test_size=0.2, random_state=0, stratify=y)
    scaler = StandardScaler().fit(parts[0])
    return [scaler.transform(parts[0]), scaler.transform(parts[1]), *parts[2:]]


def train_estimator(estimator: type, jobs: list[Job], names: dict[str, str]) -> list[float]:
    X, X_test, y, y_test = data()
    settings = {"batch_size": BATCH, "learning_rate_init": RATE, "alpha": 0.0, "tol": 0.0, "n_iter_no_change": 10**6}
    accuracies = []
    for job in jobs:
        activation = names.get(job.activation, job.activation)
        model = estimator(HIDDEN, activation, max_iter=job.epochs, random_state=job.seed, **settings)
        accuracies.append(model.fit(X, y).score(X_test, y_test))
    return accuracies


def train_nonlin(jobs: list[Job]) -> list[float]:
    from nonlin.nn import MLPClassifier

    return train_estimator(MLPClassifier, jobs, {})


def train_sklearn(jobs: list[Job]) -> list[float]:
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")
    return train_estimator(MLPClassifier, jobs, THEIR_NAMES)


def train_torch(jobs: list[Job], fused: bool = False) -> list[float]:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    X, X_test, y, y_test = map(torch.from_numpy, data())
    names = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "elu": "ELU", "gelu": "GELU", "silu": "SiLU", "tanh": "Tanh"}
    names |= {"sigmoid": "Sigmoid", "softplus": "Softplus"}
    accuracies = []
    for job in jobs:
        torch.manual_seed(job.seed)
        act = getattr(nn, names[job.activation])
        model = nn.Sequential(nn.Linear(64, HIDDEN[0]), act(), nn.Linear(*HIDDEN), act(), nn.Linear(HIDDEN[1], 10))
        optimizer, loss = torch.optim.Adam(model.parameters(), lr=RATE, fused=fused or None), nn.CrossEntropyLoss()
        for _ in range(job.epochs):
            for batch in torch.randperm(len(X)).split(BATCH):
                optimizer.zero_grad()
                loss(model(X[batch]), y[batch]).backward()
                optimizer.step()
        with torch.no_grad():
            accuracies.append((model(X_test).argmax(1) == y_test).float().mean().item())
    return accuracies


def train_torch_fused(jobs: list[Job]) -> list[float]:
    return train_torch(jobs, fused=True)


class Contender:
    """A library's 40 trainings, shared between two workers; keeps the accuracies of its latest round."""

    def __init__(self, train: Callable[[list[Job]], list[float]], jobs: list[Job], workers: Executor):
        self._train, self._jobs, self._workers = train, jobs, workers
        self.accuracy = float("nan")

    def __call__(self) -> None:
        """Train all."""
        shares = [self._jobs[worker::WORKERS] for worker in range(WORKERS)]
        self.accuracy = statistics.mean(itertools.chain(*self._workers.map(self._train, shares)))


def first_run() -> None:
    """Print the seconds until each activation has trained for one epoch, import and compilation included."""
    data()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train_nonlin([Job(activation, 0, 1) for activation in ACTIVATIONS])
    print(time.perf_counter() - start)


def print_first_runs() -> None:
    """What compilation adds to the first run, in new processes: with empty caches, then with full ones."""
    with tempfile.TemporaryDirectory() as folder:
        caches = {"NONLIN_CACHE_DIR": folder, "NUMBA_CACHE_DIR": folder}
        command = [sys.executable, __file__, "--first-run"]
        for state in ("empty", "full"):
            result = subprocess.run(command, env=os.environ | caches, capture_output=True, text=True, check=True)
            print(f"first run, {len(ACTIVATIONS)} activations, caches {state}: {float(result.stdout):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--quick", action="store_true", help="a few seconds, to see that it runs; the times say nothing"
    )
    parser.add_argument("--first-run", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.first_run:
        return first_run()
    warnings.simplefilter("ignore")  # nobody converges in 20 epochs, nor is meant to
    seeds, epochs, rounds = (1, 1, 1) if options.quick else (5, 20, options.rounds)
    jobs = [Job(activation, seed, epochs) for seed in range(seeds) for activation in ACTIVATIONS]
    their_jobs = [job for job in jobs if job.activation in THEIR_NAMES]
    spawn = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor(WORKERS) as threads, ProcessPoolExecutor(WORKERS, spawn) as pool:
        processes = threads if options.quick else pool  # starting processes that import torch takes seconds
        contenders = {
            "nonlin": Contender(train_nonlin, jobs, threads),
            "scikit-learn, scaled": Contender(train_sklearn, their_jobs, processes),
        }
        if importlib.util.find_spec("torch"):
            contenders["torch eager"] = Contender(train_torch, jobs, processes)
            contenders["torch eager, fused Adam"] = Contender(train_torch_fused, jobs, processes)
        else:
            print("torch is not installed: left out")
        for contender in contenders.values():
            Contender(contender._train, [job._replace(epochs=1) for job in contender._jobs], contender._workers)()
        seconds = interleaved(contenders, rounds)
    scale = len(jobs) / len(their_jobs)
    seconds["scikit-learn, scaled"] = [scale * second for second in seconds["scikit-learn, scaled"]]
    report(contenders, seconds, len(jobs))
    if not options.quick:
        print_first_runs()
    return None


def report(contenders: dict[str, Contender], seconds: dict[str, list[float]], trainings: int) -> None:
    rows = [
        [
            name,
            f"{statistics.median(seconds[name]):.3f}",
            f"{ratio(seconds[name], seconds['nonlin']):.1f}",
            f"{contender.accuracy:.4f}",
        ]
        for name, contender in contenders.items()
    ]
    print_table([f"{trainings} trainings", "median s", "times nonlin's", "mean test accuracy"], rows)


if __name__ == "__main__":
    main()
