"""The examples that early stopping validates on: drawn from a key, so the same ones for every activation."""

from __future__ import annotations

import math

import numpy as np

from nonlin.errors import InputError


def split(generator: np.random.Generator, count: int, share: float, classes: np.ndarray | None) -> list[np.ndarray]:
    """The indices of the examples to train on and of those held out, a `share` of all `count`, each in order.

    With `classes` (the class of each example) every class gives its share, as near as whole examples allow; the only
    example of a class stays in training. Raises InputError where fewer than two are left on either side.

    >>> kept, held = split(np.random.default_rng(0), 40, 0.1, np.repeat([0, 1], [30, 10]))
    >>> len(kept), len(held), int((held < 30).sum())
    (36, 4, 3)
    """
    order = generator.permutation(count)
    wanted = math.ceil(share * count)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    places = (np.arange(wanted) * count + generator.integers(count)) // wanted  # evenly spaced, in all classes alike
    held = np.zeros(count, bool)
    held[order[places]] = True
    if classes is not None:
        held &= np.bincount(classes)[classes] > 1
    check_held(share, int(held.sum()), count)
    return [np.flatnonzero(~held), np.flatnonzero(held)]


def check_held(share: float, held: int, count: int) -> None:
    """Raise `InputError` where a `share` of `count` examples leaves fewer than two held out or to train on."""
    if not 2 <= held <= count - 2:
        raise InputError(
            f"validation_fraction={share} leaves {held} of {count} examples to validate on; "
            f"{'raise' if held < 2 else 'lower'} it, or set early_stopping=False"
        )
