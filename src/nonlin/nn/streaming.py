"""The examples of a source as a training takes them: encoded blocks, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from nonlin.nn.sources import Block, Source, hold_out
from nonlin.nn.training import Data


class Stream(NamedTuple):
    """A source, what makes a block of it a network's data, and the seed of the order of blocks, None for their own."""

    source: Source
    encoded: Callable[[Block], Data]
    seed: int | None

    @property
    def dtype(self) -> np.dtype:
        """The number format of the inputs."""
        return self.source.dtype

    def epoch(self, number: int, stopped: Callable[[], bool]) -> Iterator[Data]:
        """Every example once, in an order that depends on the number of the epoch; no more once it is `stopped`."""
        for block in self.source.blocks(number, self.seed):
            yield self.encoded(block)
            if stopped():
                return

    def held_out(self, share: float, seed: int) -> tuple[Stream, Data]:
        """The stream without a share of its examples, and these."""
        remaining, held = hold_out(self.source, share, seed)
        return self._replace(source=remaining), self.encoded(held)
