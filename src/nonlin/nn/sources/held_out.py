"""The examples of a source that early stopping validates on."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nonlin.nn import randomness
from nonlin.nn.holding_out import check_held
from nonlin.nn.sources.blocks import Block, Source


class Remaining(Source):
    """A source without some of its rows."""

    def __init__(self, source: Source, without: np.ndarray, examples: int):
        self._source, self._without = source, without
        self.examples = examples - len(without)
        self.name, self.features, self.feature_names = source.name, source.features, source.feature_names
        self.target_shape, self.dtype, self.reads_ahead = source.target_shape, source.dtype, source.reads_ahead

    def parts(self, random: np.random.Generator | None) -> Iterator[Block]:
        """The parts of the source without those rows."""
        for part in self._source.parts(random):
            yield part.chosen(~_among(part.rows, self._without))

    def targets(self) -> Iterator[np.ndarray]:
        """The targets of the source, with those rows: classes that only they have are known too."""
        return self._source.targets()


def hold_out(source: Source, share: float, seed: int) -> tuple[Source, Block]:
    """The source without a `share` of its examples, and these, but no more of them than a block holds.

    Which ones follows from the seed; they are read in a pass through the data before training. A source that has them
    in another order each epoch trains on some of them too.
    """
    examples = source.examples or sum(map(len, source.targets()))
    wanted = min(math.ceil(share * examples), source.block_rows)
    check_held(share, wanted, examples)
    random = randomness.generator(seed, "validation split")
    rows = np.sort(random.choice(examples, wanted, replace=False, shuffle=False))
    held = [block.chosen(_among(block.rows, rows)) for block in source.blocks()]
    return Remaining(source, rows, examples), Block.joined(held)


def _among(numbers: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Which numbers are among the chosen ones, which are in order: `np.isin` would sort them for every part."""
    places = np.searchsorted(chosen, numbers)
    return chosen[np.minimum(places, len(chosen) - 1)] == numbers
