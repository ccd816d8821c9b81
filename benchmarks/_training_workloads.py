"""What is trained: two workloads, the jobs of each, what a training costs at least, and how well it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np

ACTIVATIONS = ("relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus")
RATE, BETAS, EPSILON = 1e-3, (0.9, 0.999), 1e-8  # of Adam, in every library


class Job(NamedTuple):
    """One training."""

    activation: str
    seed: int


def jobs(activations: Iterable[str], seeds: Iterable[int]) -> list[Job]:
    """A training of each activation with each seed."""
    return [Job(*pair) for pair in product(activations, seeds)]


class Data(NamedTuple):
    """Training and test inputs in float32, and targets: class numbers, or numbers of shape (examples,)."""

    X: np.ndarray
    X_test: np.ndarray
    y: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True)
class Workload:
    """Layers of these widths, trained on some data; the loss is cross-entropy, or squared error for one output."""

    name: str
    widths: tuple[int, ...]
    batch: int
    epochs: int
    load: Callable[[], Data]

    @property
    def data(self) -> Data:
        """The data, which `load` makes once in a process."""
        return self.load()

    @property
    def classifies(self) -> bool:
        """Whether the targets are classes."""
        return self.widths[-1] > 1

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.data.X) // self.batch)

    @property
    def flops(self) -> int:
        """Operations in the matrix products of one training, which no way of computing can do without."""
        return self.epochs * len(self.data.X) * example_flops(self.widths)

    def quality(self, predictions: Any) -> float:
        """Accuracy, or the share of variance explained, on the test examples."""
        predictions, y = np.asarray(predictions), self.data.y_test
        if self.classifies:
            return float(np.mean(predictions == y))
        return float(1 - np.mean((predictions - y) ** 2) / np.var(y))

    def batches(self, seed: int) -> np.ndarray:
        """The examples of every batch, shape (epochs, steps, batch), for contenders that need batches of one size.

        Where an epoch's last batch lacks examples, it is filled up with the epoch's first ones.
        """
        generator, count = np.random.default_rng(seed), len(self.data.X)
        orders = [np.resize(generator.permutation(count), self.steps * self.batch) for _ in range(self.epochs)]
        return np.stack(orders).reshape(self.epochs, self.steps, self.batch)

    def parameters(self, seed: int) -> list[np.ndarray]:
        """Initial weights (fan_in, width) and biases of each layer in turn, drawn as PyTorch's `nn.Linear` does."""
        generator = np.random.default_rng(seed)
        shapes = [shape for before, after in pairwise(self.widths) for shape in ((before, after), (after,))]
        bounds = [before**-0.5 for before in self.widths[:-1] for _ in range(2)]
        drawn = zip(shapes, bounds, strict=True)
        return [generator.uniform(-bound, bound, shape).astype(np.float32) for shape, bound in drawn]


def example_flops(widths: tuple[int, ...]) -> int:
    """Operations in the products of one example's step: values, weight gradients, errors of all but the inputs."""
    numbers = [before * after for before, after in pairwise(widths)]
    return 2 * (3 * sum(numbers) - numbers[0])


@cache
def digits() -> Data:
    """scikit-learn's 1,797 digits, standardised, 80 % to train on."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X.astype(np.float32), y, test_size=0.2, random_state=0, stratify=y)
    scaler = StandardScaler().fit(X)
    return Data(scaler.transform(X), scaler.transform(X_test), y, y_test)


@cache
def friedman() -> Data:
    """20,000 x 8 of Friedman's first regression problem (1991), standardised, and 5,000 examples to test on."""
    from sklearn.datasets import make_friedman1

    X, y = make_friedman1(25_000, n_features=8, noise=1.0, random_state=0)
    X, y = (((part - part.mean(axis=0)) / part.std(axis=0)).astype(np.float32) for part in (X, y))
    return Data(X[:20_000], X[20_000:], y[:20_000], y[20_000:])


W1 = Workload("W1: digits, 64-64-64-10, batches of 32, 20 epochs", (64, 64, 64, 10), 32, 20, digits)
W2 = Workload("W2: 20,000 x 8, 8-128-128-1, batches of 256, 10 epochs", (8, 128, 128, 1), 256, 10, friedman)
ONE = Workload("one network on digits, 64-100-10, batches of 32", (64, 100, 10), 32, 20, digits)
