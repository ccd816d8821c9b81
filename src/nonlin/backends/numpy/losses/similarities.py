"""Losses of embeddings and their labels, by the similarities of each with all others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ....definition import SimilarityLoss
from .settings import Settings


def similarity_loss(
    loss: SimilarityLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings
) -> dict[str, np.ndarray]:
    """The parts of a loss, by name."""
    raise NotImplementedError
