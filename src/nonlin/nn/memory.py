"""How much memory a training takes, to refuse one that cannot fit before anything of it is made."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nonlin.errors import InputError
from nonlin.nn import checks


def needed(sizes: Sequence[int], rows: int, number: int) -> int:
    """The bytes for training layers `sizes` on batches of `rows` examples in numbers of `number` bytes.

    Of weights there are six copies (parameters, gradients, two moments, the transposed, the best) besides two draws in
    float64, of a batch's units three (values, slopes, errors).

    >>> needed((10, 100, 1), rows=32, number=4)
    86824
    """
    weights = sum((before + 1) * after for before, after in pairwise(sizes))
    return weights * (6 * number + 2 * 8) + rows * sum(sizes[1:]) * 3 * number


def installed() -> int:
    """The bytes of memory of this machine; no bound where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return sys.maxsize


def check_fits(estimator: Any, sizes: Sequence[int], examples: int, dtype: np.dtype) -> None:
    """Raise `InputError` where training layers of these sizes takes more memory than the machine has."""
    rows = checks.batch_rows(estimator.batch_size, examples)
    bytes_needed, memory = needed(sizes, rows, dtype.itemsize), installed()
    if bytes_needed > memory:
        raise InputError(
            f"hidden_layer_sizes={estimator.hidden_layer_sizes!r} takes about {bytes_needed / 1e9:,.0f} GB to train, "
            f"more than the {memory / 1e9:,.0f} GB of memory of this machine; choose smaller layers"
        )
