"""What compiled code is told of the rest: kernels, which it calls by address, and the records that it reads."""

from __future__ import annotations

from typing import Any

import numpy as np


def call(address: int, arguments: tuple[Any, ...]) -> None:
    """In compiled code: call the function at `address` with a tuple of int64 (pointers too) and float64 arguments."""
    raise NotImplementedError("only compiled code calls by address")


def call_for_number(address: int, arguments: tuple[Any, ...]) -> float:
    """The same for a function that returns a double."""
    raise NotImplementedError("only compiled code calls by address")


def fields(integers: str, numbers: str = "") -> np.dtype:
    """The type of a record in compiled code: fields of int64 (addresses too) and float64, named by two lists of words.

    >>> fields("rows address", "rate").names
    ('rows', 'address', 'rate')
    """
    names = [(name, np.int64) for name in integers.split()] + [(name, np.float64) for name in numbers.split()]
    return np.dtype(names, align=True)
