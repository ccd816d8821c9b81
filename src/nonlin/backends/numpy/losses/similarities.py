"""Losses of embeddings and their labels, by the similarities of each with all others.

The embeddings are scaled to length 1 and multiplied with each other, some rows at a time; the formula of the loss gives
the values of these rows, and the gradient with respect to their similarities goes back to both embeddings of each.
All of it is in float64, since a row's softmax multiplies the errors of its similarities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....definition import SimilarityLoss
from ....errors import InputError
from ..row_kernels import run_rows
from ..rows import placed
from .checks import mean_weights, weights_or_ones
from .settings import Settings

_BLOCK = 1 << 20  # similarities at a time


def similarity_loss(
    loss: SimilarityLoss, part: str, arrays: Mapping[str, np.ndarray], s: Settings
) -> dict[str, np.ndarray]:
    """The parts of a loss, by name."""
    embeddings, labels = arrays.values()
    partners = _partners(loss, embeddings, labels)
    weights = weights_or_ones(s.sample_weight, labels.shape)
    if s.reduction == "mean":
        weights = mean_weights(loss, weights, partners if loss.mean_over == "pairs" else partners > 0)
    lengths, directions = _polar(embeddings)
    values, slopes = np.zeros(len(labels)), np.zeros_like(directions)
    names = ["value", "gradient"] if part == "value_and_gradient" else [part]
    per_row = [name == "value" for name in names]
    step = max(1, _BLOCK // len(labels))
    for start in range(0, len(labels), step):
        block = slice(start, start + step)
        others = np.arange(len(labels)) != np.arange(len(labels))[block, np.newaxis]
        similarities = _without(others, directions[block] @ directions.T)
        positives = _without(others, labels[block, np.newaxis] == labels).astype(np.float64)
        found = dict(zip(names, run_rows(loss, part, [similarities, positives], s.numbers, per_row), strict=True))
        if "value" in found:
            values[block] = weights[block] * np.where(partners[block] > 0, found["value"].reshape(-1), 0)
        if "gradient" in found:
            pull = np.zeros(others.shape)
            pull[others] = (weights[block, np.newaxis] * found["gradient"]).reshape(-1)
            slopes[block] += pull @ directions
            slopes += pull.T @ directions[block]
    value = values if s.reduction == "none" else values.sum()
    results: dict[str, Any] = {"value": value}
    if "gradient" in names:
        results["gradient"] = placed(_along(directions, slopes, lengths), s.out)
    return {name: results[name] for name in names}


def _without(others: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The entries of a row with all others: each row is one shorter."""
    return matrix[others].reshape(len(matrix), -1)


def _partners(loss: SimilarityLoss, embeddings: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many others have the label of each; raises `InputError` where nobody has a partner."""
    if embeddings.ndim != 2:
        raise InputError(f"embeddings of {loss.name} must be (examples, features), got shape {embeddings.shape}")
    if labels.shape != embeddings.shape[:1] or labels.dtype.kind not in "iu":
        raise InputError(
            f"labels of {loss.name} must be {len(embeddings)} integers, one for each embedding, got shape "
            f"{labels.shape} of {labels.dtype}"
        )
    _, group, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if sizes.max() == 1:
        raise InputError(f"{loss.name} needs two embeddings of one label, got {len(labels)} different labels")
    return sizes[group] - 1


def _polar(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lengths of the embeddings and their directions; zeros have a length of 1, so that they stay zeros.

    A row is divided by its largest entry first, whose square may be beyond the range.
    """
    rows = embeddings.astype(np.float64, order="C")  # products of matrices round otherwise in another layout
    largest = np.abs(rows).max(axis=1, keepdims=True)
    largest[largest == 0] = 1
    rows /= largest
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, np.newaxis]
    lengths[lengths == 0] = 1
    return lengths * largest, rows / lengths


def _along(directions: np.ndarray, slopes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The gradient with respect to embeddings of these lengths, of that with respect to their directions."""
    radial = np.einsum("ij,ij->i", directions, slopes)[:, np.newaxis]
    across = slopes - radial * directions
    across[~directions.any(axis=1)] = 0
    return across / lengths
