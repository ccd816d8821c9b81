"""The order of the examples in an epoch, by SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""

from __future__ import annotations

import numpy as np

from nonlin.nn.compiling import compiled

GOLDEN = 0x9E3779B97F4A7C15  # what SplitMix64 counts by
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB  # the factors of its output function


@compiled
def shuffle(order, key, epoch):
    """Fisher and Yates's shuffle, from the natural order: an epoch's order depends on its key and number only."""
    state = scramble(np.uint64(key) + scramble(np.uint64(epoch)))
    for i in range(len(order)):
        order[i] = i
    for i in range(len(order) - 1, 0, -1):
        state += np.uint64(GOLDEN)
        j = np.int64(((scramble(state) >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
        order[i], order[j] = order[j], order[i]


@compiled
def scramble(state):
    """The output function of SplitMix64."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(FIRST)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(SECOND)
    return state ^ (state >> np.uint64(31))
