"""A source of batches that come from anywhere: a list, an object that can be gone through, a generator, a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

from nonlin.errors import InputError
from nonlin.nn.sources.blocks import Block, Source
from nonlin.nn.sources.rows import dense, training_dtype

Batches = Iterable[Any] | Callable[[], Any]
_EXPECTED = "expected (X, y) or (X, y, weights) with X of shape (examples, features)"


class BatchSource(Source):
    """Batches (X, y) or (X, y, weights) of any sizes; blocks are put together from small ones and cut from large ones.

    An iterable is gone through once an epoch, a function is called once an epoch and what it returns gone through, an
    iterator (such as a generator) serves one epoch. Batches keep their order, and are asked for by the thread that
    trains: they may come from something that is bound to it.
    """

    name = "X"
    reads_ahead = False

    def __init__(self, batches: Batches, dtype: np.dtype | None):
        self._batches = batches
        self.once = isinstance(batches, Iterator)
        self._passes = 0
        iterator = self._iterator()
        first = next(iterator, None)
        if first is None:
            raise InputError(f"X gives no batches; {_EXPECTED}")
        self._begun: Iterator[Any] | None = chain([first], iterator)  # the first pass asks for nothing twice
        self._first = _arrays(0, first)
        self.features, self.target_shape = self._first.X.shape[1], self._first.y.shape[1:]
        self.dtype = dtype or training_dtype(self._first.X.dtype)

    def parts(self, random: np.random.Generator | None) -> Iterator[Block]:
        """The batches in slices, in their order, also where a random one is asked for."""
        row = 0
        for X, y, weights in self._checked_batches():
            batch = Block(X, y, weights, np.arange(row, row + len(y)))
            row += len(y)
            for start in range(0, len(y), self.part_rows):
                part = batch.chosen(slice(start, start + self.part_rows))
                yield part._replace(inputs=dense(part.inputs))

    def targets(self) -> Iterator[np.ndarray]:
        """The targets, for which all batches have to be gone through."""
        return (batch.y for batch in self._checked_batches())

    def _iterator(self) -> Iterator[Any]:
        batches = self._batches() if callable(self._batches) else self._batches
        if not isinstance(batches, Iterable):
            raise InputError(f"the function X must return something to go through, got {type(batches).__name__}")
        return iter(batches)

    def _checked_batches(self) -> Iterator[_Batch]:
        self._passes += 1
        self.check_passes(self._passes)
        iterator, self._begun = self._begun or self._iterator(), None
        for number, given in enumerate(iterator):
            batch = _arrays(number, given)
            self._check_like_first(number, batch)
            yield batch

    def _check_like_first(self, number: int, batch: _Batch) -> None:
        first = self._first
        for what, is_now, was in (
            ("features", batch.X.shape[1], self.features),
            ("targets an example", batch.y.shape[1:], self.target_shape),
            ("weights", batch.weights is not None, first.weights is not None),
        ):
            if is_now != was:
                raise InputError(f"batch {number} has {what}: {is_now}, but batch 0 had {was}; make all batches alike")


class _Batch(NamedTuple):
    X: Any
    y: np.ndarray
    weights: np.ndarray | None


def _arrays(number: int, batch: Any) -> _Batch:
    """What a batch consists of, as arrays (inputs also sparse); raises `InputError` for what is no batch."""
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        raise InputError(f"X gives {type(batch).__name__} as batch {number}; {_EXPECTED}, or an array X and its y")
    X = batch[0].tocsr() if scipy.sparse.issparse(batch[0]) else np.asarray(batch[0])
    y, *weights = map(np.asarray, batch[1:])
    if X.ndim != 2 or X.dtype.kind not in "biuf" or X.shape[1] == 0:
        raise InputError(f"batch {number} has X of shape {X.shape} and dtype {X.dtype}; {_EXPECTED}, of numbers")
    if y.ndim not in (1, 2) or any(len(array) != X.shape[0] for array in (y, *weights)):
        shapes = [array.shape for array in (X, y, *weights)]
        raise InputError(f"batch {number} has the shapes {shapes}; expected one target and one weight a row of X")
    return _Batch(X, y, weights[0] if weights else None)
