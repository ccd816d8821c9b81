"""Labels that do not collide: spread along an axis, moved as little as possible."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def spread(targets: Sequence[float], gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Positions near `targets`, at least `gap` apart and within [low, high], with the least squared movement.

    Where so many labels cannot fit, the gap shrinks to what does fit. The least-squares solution is isotonic
    regression of the targets with the gaps taken out (pool adjacent violators), then a clip, which keeps it optimal.

    Parameters
    ----------
    targets
        Wanted positions, finite, in any order.
    gap
        The least distance between two labels, in the units of `targets`.
    low, high
        The room that there is.

    Examples
    --------
    >>> spread([1.0, 1.0, 5.0], gap=1.0, low=0.0, high=10.0).tolist()
    [0.5, 1.5, 5.0]
    """
    wanted = np.asarray(targets, dtype=np.float64)
    if not len(wanted):
        return wanted
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    pooled = np.clip(_increasing(wanted[order] - steps), low, max(low, high - steps[-1]))
    places = np.empty_like(wanted)
    places[order] = pooled + steps
    return places


def _increasing(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest non-decreasing sequence in least squares: neighbours that disagree share their mean."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, size = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    return np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])
