"""Sources whose rows can be taken from anywhere: arrays mapped from files, and sparse matrices."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse

from nonlin.errors import InputError
from nonlin.nn.sources.blocks import Block, Source


class RowSource(Source):
    """The rows of an array or a sparse matrix, with targets and weights a row.

    The pages of a file that a part was read from are given back at once, so that no more of it is in memory than that.
    """

    def __init__(self, name: str, X: Any, y: Any, weights: Any, dtype: np.dtype | None):
        self.name = name
        if X.ndim != 2 or 0 in X.shape or X.dtype.kind not in "biuf":
            raise InputError(
                f"{name} has shape {X.shape} and dtype {X.dtype}; expected numbers of shape (examples, features), "
                "at least one of each"
            )
        self.examples, self.features = self._count, _ = X.shape
        self.dtype = dtype or training_dtype(X.dtype)
        self._inputs = X.tocsr() if scipy.sparse.issparse(X) else X
        self._targets = self._checked("y", y, (1, 2))
        self._weights = None if weights is None else self._checked("sample_weight", weights, (1,))
        self.target_shape = self._targets.shape[1:]
        self._mappings = [*filter(None, map(_mapping, (X, self._targets, self._weights)))]

    def _checked(self, name: str, values: Any, dimensions: tuple[int, ...]) -> np.ndarray:
        array = np.asanyarray(values)
        if array.ndim not in dimensions or len(array) != self._count:
            raise InputError(
                f"{name} has shape {array.shape}, but {self.name} has {self._count} rows; expected one entry a row"
            )
        return array

    def parts(self, random: np.random.Generator | None) -> Iterator[Block]:
        """The rows in slices."""
        for rows in self._slices(random):
            weights = None if self._weights is None else np.array(self._weights[rows])
            numbers = np.arange(rows.start, rows.stop)
            yield Block(dense(self._inputs[rows]), np.array(self._targets[rows]), weights, numbers)
            self._give_back()

    def targets(self) -> Iterator[np.ndarray]:
        """The targets in slices."""
        for rows in self._slices(None):
            yield np.array(self._targets[rows])
            self._give_back()

    def _slices(self, random: np.random.Generator | None) -> Iterator[slice]:
        starts = range(0, self._count, self.part_rows)
        order = range(len(starts)) if random is None else random.permutation(len(starts))
        return (slice(starts[i], min(starts[i] + self.part_rows, self._count)) for i in order)

    def _give_back(self) -> None:
        for mapping in self._mappings:
            mapping.madvise(mmap.MADV_DONTNEED)


def dense(inputs: Any) -> np.ndarray:
    """Rows as an array, also those of a sparse matrix."""
    return inputs.toarray() if scipy.sparse.issparse(inputs) else inputs


def training_dtype(dtype: Any) -> np.dtype:
    """What numbers of a dtype are trained in where nothing else is asked for: float32 stays, all else is float64.

    >>> training_dtype(np.float32), training_dtype(int)
    (dtype('float32'), dtype('float64'))
    """
    return np.dtype(np.float32 if np.dtype(dtype) == np.float32 else np.float64)


def mapped(array: Any) -> np.memmap | None:
    """The mapped array that an array is, or is a view of; None for one in memory."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap) and isinstance(array.base, (np.memmap, mmap.mmap)):
            return array
        array = array.base
    return None


def _mapping(array: Any) -> mmap.mmap | None:
    """The mapping of a file whose pages can be given back, as those that were written to in mode "c" cannot."""
    view = mapped(array)
    if view is None or view.mode == "c" or not hasattr(mmap, "MADV_DONTNEED"):  # Windows takes pages back itself
        return None
    return view._mmap  # type: ignore[attr-defined]
