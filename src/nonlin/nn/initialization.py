"""Initial weights: standard normal draws, scaled to keep the signal's size through an activation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from nonlin.nn.randomness import generator


def base_weights(seed: int, layer: int, shape: tuple[int, int]) -> np.ndarray:
    """The standard normal draw of a layer's weights, the same for every activation."""
    return generator(seed, "weights", layer).standard_normal(shape)


def initial_weights(seed: int, sizes: Sequence[int], gain: float) -> list[np.ndarray]:
    """Weights N(0, (gain / sqrt(fan_in))^2) for every layer, the last with gain 1; biases are to start at zero.

    With gain = 1 / rms(f(x)), x ~ N(0, 1), a layer's outputs are as large as its inputs
    (He et al. 2015, arXiv:1502.01852, for any activation).

    >>> [weights.shape for weights in initial_weights(0, (4, 8, 3), gain=1.5)]
    [(4, 8), (8, 3)]
    """
    last = len(sizes) - 2
    return [
        base_weights(seed, layer, shape) * ((1.0 if layer == last else gain) / np.sqrt(shape[0]))
        for layer, shape in enumerate(pairwise(sizes))
    ]
