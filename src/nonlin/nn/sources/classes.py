"""The classes of a source, from its targets alone."""

from __future__ import annotations

import numpy as np

from nonlin.nn.sources.blocks import Source


def class_counts(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """The distinct targets in order, and how many examples have each.

    Of files only the targets are read, batches are all gone through; an iterator is refused, as it serves one pass.
    """
    source.check_passes(2)
    classes, counts = np.empty(0), np.empty(0, np.int64)
    for targets in source.targets():
        found, numbers = np.unique(targets, return_counts=True)
        all_found = np.concatenate([classes, found]) if len(counts) else found
        classes, places = np.unique(all_found, return_inverse=True)
        counts = np.bincount(places, np.concatenate([counts, numbers])).astype(np.int64)
    return classes, counts
