"""Named randomness: every random thing is drawn from a key of its own, made of one seed and a name.

So one seed means the same base weights and the same batches for every activation, and nothing that is added
or left out shifts the draws of the rest.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from numbers import Integral
from typing import Any

import numpy as np
import sklearn.utils

from nonlin.errors import InputError

RandomState = int | np.integer | np.random.RandomState | np.random.Generator | None


def check_random_state(random_state: Any) -> None:
    """Raise `InputError` for what is no source of random numbers."""
    if not isinstance(random_state, RandomState) or (isinstance(random_state, Integral) and random_state < 0):
        raise InputError(
            f"random_state must be a whole number from 0 on, a generator of NumPy or None, got {random_state!r}"
        )


def root_seed(random_state: RandomState) -> int:
    """The one number that all draws of a fit follow from: the seed itself, or one that a generator draws.

    For None that is NumPy's global one, as in scikit-learn, so that `np.random.seed` makes fits repeatable.

    >>> root_seed(7)
    7
    """
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    return int(sklearn.utils.check_random_state(random_state).randint(2**31))


def sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """The seed sequence of the thing so named, independent of that of every other name.

    >>> first, again, other = (sequence(0, "weights", layer).generate_state(1) for layer in (0, 0, 1))
    >>> bool(first == again), bool(first == other)
    (True, False)
    """
    return np.random.SeedSequence(seed, spawn_key=_words("/".join(map(str, names))))


@lru_cache(maxsize=1024)
def _words(name: str) -> tuple[int, ...]:
    """Four numbers of 32 bits that stand for a name."""
    digest = hashlib.sha256(name.encode()).digest()
    return tuple(np.frombuffer(digest[:16], "<u4").tolist())


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A generator for the thing so named."""
    return np.random.Generator(np.random.PCG64(sequence(seed, *names)))


def key(seed: int, *names: str | int) -> int:
    """A number of 63 bits for the thing so named, for generators of compiled code."""
    return int(sequence(seed, *names).generate_state(1, np.uint64)[0] >> np.uint64(1))
