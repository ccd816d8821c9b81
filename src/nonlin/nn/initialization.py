"""Initial weights: standard normal draws, scaled to keep the signal's size through an activation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from nonlin.nn.randomness import generator

LAST = 0.1  # of the scale of the last layer: a network that starts from small outputs has nothing to unlearn


def base_weights(seed: int, layer: int, shape: tuple[int, int]) -> np.ndarray:
    """The standard normal draw of a layer's weights, the same for every activation."""
    return generator(seed, "weights", layer).standard_normal(shape)


def initial_weights(seed: int, sizes: Sequence[int], gain: float) -> list[np.ndarray]:
    """Weights N(0, (gain / sqrt(fan))^2), the last layer's N(0, 0.1^2 / fan_in); biases are to start at zero.

    With gain = 1 / rms(f(x)), x ~ N(0, 1), a layer's outputs are as large as its inputs (He et al. 2015,
    arXiv:1502.01852, for any activation). `fan` is the mean of fan_in and fan_out, which weighs the signal against
    the gradient on its way back (Glorot and Bengio 2010): between layers of equal width it is fan_in, while a few
    inputs into a wide layer do not start as a rough function that fits noise.

    >>> [weights.shape for weights in initial_weights(0, (4, 8, 3), gain=1.5)]
    [(4, 8), (8, 3)]
    """
    *hidden, last = pairwise(sizes)
    scales = [gain / np.sqrt((before + after) / 2) for before, after in hidden] + [LAST / np.sqrt(last[0])]
    shapes = [*hidden, last]
    return [base_weights(seed, layer, shapes[layer]) * scale for layer, scale in enumerate(scales)]
