"""Which data are a source: files, arrays mapped from files, sparse matrices and batches."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse

from nonlin.errors import InputError, suggestion
from nonlin.nn.sources.batches import BatchSource
from nonlin.nn.sources.blocks import IN_MEMORY, Source
from nonlin.nn.sources.rows import RowSource, mapped

_PARQUET = (".parquet", ".pq")
_TEXT = (".csv", ".tsv")
_ENDINGS = (".npy", *_PARQUET, *_TEXT)


def source_of(X: Any, y: Any = None, sample_weight: Any = None, dtype: Any = None) -> Source | None:
    """The source that `X`, `y` and `sample_weight` are, as `nonlin.nn.sources` says; None for data in memory.

    `dtype` is that of training; None follows the inputs: float32 stays, all else is trained on in float64. Raises
    InputError for what cannot be read or does not fit together.
    """
    dtype = None if dtype is None else np.dtype(dtype)
    if isinstance(X, (str, os.PathLike)):
        return _file(Path(X), y, sample_weight, dtype)
    if (scipy.sparse.issparse(X) or mapped(X) is not None) and math.prod(X.shape) * X.dtype.itemsize > IN_MEMORY:
        return _rows("X", X, y, sample_weight, dtype)
    if y is None and (callable(X) or _is_iterable_of_batches(X)):
        if sample_weight is not None:
            raise InputError("sample_weight is not taken beside batches; give batches (X, y, weights)")
        return BatchSource(X, dtype)
    return None


def _is_iterable_of_batches(X: Any) -> bool:
    """Whether X can be gone through, and is neither an array or a table nor a list of rows."""
    if not isinstance(X, Iterable) or any(hasattr(X, name) for name in ("__array__", "__dataframe__", "shape")):
        return False
    if not isinstance(X, (list, tuple)):
        return True
    return bool(X) and isinstance(X[0], (list, tuple)) and len(X[0]) > 0 and getattr(X[0][0], "ndim", 0) == 2


def _file(path: Path, y: Any, sample_weight: Any, dtype: np.dtype | None) -> Source:
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError(f"X is the path {str(path)!r}, which ends in {ending!r}; expected {', '.join(_ENDINGS)}")
    _check_exists("X", path)
    if ending == ".npy":
        return _rows(repr(path.name), _array("X", path), y, sample_weight, dtype)
    names = [y] if isinstance(y, str) else y
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"y must be the name of a column of {path.name!r} or a list of names, got {_short(y)}")
    if not isinstance(sample_weight, str | None):
        raise InputError(f"sample_weight must be the name of a column of {path.name!r}, got {_short(sample_weight)}")
    from nonlin.nn.sources.tables import ParquetSource, TextSource

    return (ParquetSource if ending in _PARQUET else TextSource)(path, y, sample_weight, dtype)


def _rows(name: str, X: Any, y: Any, sample_weight: Any, dtype: np.dtype | None) -> Source:
    if y is None:
        raise InputError(f"y is missing; expected the targets of {name}, as an array or the path of a .npy file")
    weights = None if sample_weight is None else _array("sample_weight", sample_weight)
    return RowSource(name, X, _array("y", y), weights, dtype)


def _array(argument: str, value: Any) -> Any:
    """The array mapped from a path; anything else as it is."""
    if not isinstance(value, (str, os.PathLike)):
        return value
    path = Path(value)
    _check_exists(argument, path)
    try:
        return np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise InputError(f"{argument}: {str(path)!r} is no .npy file of numbers that can be read: {error}") from error


def _check_exists(argument: str, path: Path) -> None:
    if not path.is_file():
        near = suggestion(path.name, [p.name for p in path.parent.iterdir()]) if path.parent.is_dir() else ""
        raise InputError(f"{argument}: there is no file {str(path)!r}{near}")


def _short(value: Any) -> str:
    return f"an array of shape {value.shape}" if hasattr(value, "shape") else repr(value)
