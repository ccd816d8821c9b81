"""Examples a block at a time: what a source of them gives, and how its parts become blocks that can be trained on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from nonlin.errors import InputError
from nonlin.nn import randomness

BLOCK_BYTES = 2**25  # 32 MB of inputs: reading it takes far longer than starting to, and three fit anywhere
PART_BYTES = BLOCK_BYTES // 16  # read in one go: a block of 16 from all over the data has all classes of sorted data
IN_MEMORY = 8 * BLOCK_BYTES  # up to here data are read once and trained on as arrays are


class Block(NamedTuple):
    """Examples: inputs (n, features), targets (n,) or (n, outputs) as given, weights (n,) or None, row numbers (n,)."""

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    rows: np.ndarray

    def chosen(self, rows: Any) -> Block:
        """The examples that a mask or a slice chooses."""
        weights = None if self.weights is None else self.weights[rows]
        return Block(self.inputs[rows], self.targets[rows], weights, self.rows[rows])

    @staticmethod
    def joined(blocks: Sequence[Block]) -> Block:
        """The examples of all the blocks, one after another."""
        inputs, targets, weights, rows = zip(*blocks, strict=True)
        joined = None if weights[0] is None else np.concatenate(weights)
        return Block(np.concatenate(inputs), np.concatenate(targets), joined, np.concatenate(rows))


class Source(ABC):
    """Examples that are not all in memory: every epoch goes through them in blocks, which hold finite numbers only.

    `examples` is None where their number is unknown before the end; `target_shape` is the shape of one example's
    targets, () or (outputs,); `dtype`, float32 or float64, is that of the blocks' inputs and weights. Where `once` is
    True a second pass cannot be had. `name` is what errors call the inputs.
    """

    name: str
    features: int
    target_shape: tuple[int, ...]
    dtype: np.dtype
    examples: int | None = None
    feature_names: list[str] | None = None
    once = False
    reads_ahead = True  # in a thread beside the training

    @abstractmethod
    def parts(self, random: np.random.Generator | None) -> Iterator[Block]:
        """The examples in parts of at most `part_rows`, in the order of the data or a random one; numbers unchecked."""

    @abstractmethod
    def targets(self) -> Iterator[np.ndarray]:
        """The targets alone, in parts, in the order of the data; inputs are not read where that can be helped."""

    @property
    def block_rows(self) -> int:
        """The examples that `BLOCK_BYTES` hold, at least one."""
        return max(1, BLOCK_BYTES // (self.features * self.dtype.itemsize))

    @property
    def part_rows(self) -> int:
        """The examples that `PART_BYTES` hold, at least one."""
        return max(1, PART_BYTES // (self.features * self.dtype.itemsize))

    def blocks(self, epoch: int = 0, seed: int | None = None) -> Iterator[Block]:
        """Every example once, in blocks of at most `BLOCK_BYTES` of inputs, C-contiguous.

        With a seed the parts that make up the blocks come in a random order that depends on the seed and the epoch
        only, otherwise in that of the data; the rows of a part stay in order. Raises InputError where an input, a
        target or a weight is NaN or infinite, naming its row, and where the data end without any.
        """
        random = None if seed is None else randomness.generator(seed, "block order", epoch)
        blocks = self._assembled(random, self.block_rows)
        return _ahead(blocks) if self.reads_ahead else blocks

    def whole(self) -> Block | None:
        """All examples in the order of the data, None where they are many (`IN_MEMORY`) or their number is unknown."""
        if self.examples is None or self.examples * self.features * self.dtype.itemsize > IN_MEMORY:
            return None
        return next(self._assembled(None, self.examples))

    def check_passes(self, passes: int) -> None:
        """Raise `InputError` where the examples cannot be gone through so many times."""
        if self.once and passes > 1:
            raise InputError(
                f"{self.name} is an iterator, which gives its batches once, but they are needed again; give a list of "
                "batches or a function that returns a new iterator, or train one epoch (max_iter=1) without "
                "early_stopping, and a classifier with `classes`"
            )

    def _assembled(self, random: np.random.Generator | None, rows: int) -> Iterator[Block]:
        """Blocks of at most `rows` examples, each put together from as many parts as fit."""
        space, taken, filled = self._space(rows), [], 0
        for part in self.parts(random):
            if filled + len(part.rows) > rows:
                yield self._finished(space[:filled], taken)
                space, taken, filled = self._space(rows), [], 0
            with np.errstate(over="ignore"):  # what is infinite in float32 is found below
                space[filled : filled + len(part.rows)] = part.inputs
            taken.append(part._replace(inputs=space[:0]))  # the part's own memory can go
            filled += len(part.rows)
        if not taken:
            raise InputError(f"{self.name} has no examples; a network needs some to learn from")
        yield self._finished(space[:filled], taken)

    def _space(self, rows: int) -> np.ndarray:
        return np.empty((rows, self.features), self.dtype)

    def _finished(self, inputs: np.ndarray, parts: list[Block]) -> Block:
        """The block of these inputs with the rest of its parts; raises `InputError` for what is not finite."""
        _, targets, weights, rows = Block.joined(parts)
        _check(self.name, inputs, rows, np.isfinite(inputs), self.feature_names)
        _check("y", targets, rows, _known(targets))
        if weights is not None:
            weights = weights.astype(self.dtype)
            _check("sample_weight", weights, rows, np.isfinite(weights) & (weights >= 0))
        return Block(inputs, targets, weights, rows)


def _check(
    name: str, values: np.ndarray, rows: np.ndarray, good: np.ndarray, columns: Sequence[Any] | None = None
) -> None:
    """Raise `InputError` for the first value that is not good."""
    if good.all():
        return
    row, *column = (int(i) for i in np.argwhere(~good)[0])
    where = f", column {columns[column[0]] if columns else column[0]!r}" if column else ""
    raise InputError(
        f"{name} has {values[row, *column]} in row {rows[row]}{where}; expected finite numbers"
        f"{' from 0 on' if name == 'sample_weight' else ''}: leave such rows out, or fill the gaps"
    )


def _known(values: np.ndarray) -> np.ndarray:
    """Which targets are no gaps and no infinities."""
    if values.dtype.kind == "O":
        import pandas as pd

        return ~pd.isna(values)
    return np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)


def _ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """The same blocks, the next one read by a thread while the caller is busy with the one before."""
    with ThreadPoolExecutor(1, "nonlin-reader") as reader:
        coming = reader.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = reader.submit(next, blocks, None)
            yield block
