"""What a comparison is about, as short texts that can be stored and compared: data, estimator, values."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object
from scipy import sparse

from nonlin.errors import InputError
from nonlin.study.numbers import short_parameter

# Parameters that change how an estimator works or talks, and never what it learns.
_INDIFFERENT = ("n_jobs", "verbose", "random_state")
# The parts of a definition that training computes, whatever its kind.
_PARTS = ("value", "derivative", "vjp", "gradient")


def data_fingerprint(X: Any, y: np.ndarray) -> str:
    """A hash of every value of X and y, of the columns' names and of the types.

    >>> data_fingerprint(np.eye(2), np.array([0, 1])) == data_fingerprint(np.eye(2), np.array([1, 0]))
    False
    """
    digest = hashlib.sha256()
    for part in (X, y):
        _feed(digest, part)
    return digest.hexdigest()[:32]


def _feed(digest: Any, part: Any) -> None:
    if isinstance(part, pd.DataFrame):
        digest.update(repr([(str(name), str(kind)) for name, kind in part.dtypes.items()]).encode())
        for position in range(part.shape[1]):
            digest.update(_column_hashes(part.iloc[:, position]))
    elif sparse.issparse(part):
        matrix = part.tocsr()
        for array in (matrix.data, matrix.indices, matrix.indptr, np.array(matrix.shape)):
            _feed(digest, array)
    else:
        array = np.asarray(part)
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        plain = array.dtype.kind not in "OUS"
        digest.update(np.ascontiguousarray(array).tobytes() if plain else repr(array.tolist()).encode())


def _column_hashes(column: pd.Series) -> bytes:
    try:
        return hash_pandas_object(column, index=False).to_numpy().tobytes()  # pyright: ignore[reportCallIssue]
    except TypeError:  # values that have no hash, such as lists
        return repr(column.tolist()).encode()


def estimator_description(estimator: Any, parameter: str) -> dict[str, str]:
    """The estimator's class and settings by name, but for the compared parameter, seeds, and what changes no result."""
    settings = estimator.get_params()
    parts = {id(value) for value in settings.values() if _is_estimator(value)}
    kept = {
        name: describe(value, parts)
        for name, value in settings.items()
        if short_parameter(name) not in _INDIFFERENT and name != parameter and not name.startswith(f"{parameter}__")
    }
    return {"estimator": _qualified(type(estimator)), **dict(sorted(kept.items()))}


def describe(value: Any, parts: set[int] | frozenset[int] = frozenset()) -> str:
    """A text that is the same in every process for the same value, whatever its type.

    `parts` are the ids of estimators whose settings are described elsewhere: of them the class is enough.

    >>> describe({"b": (1, 2.5), "a": np.float64(3)}), describe(len)
    ("{'a': 3.0, 'b': (1, 2.5)}", 'builtins.len')
    """
    if isinstance(value, np.generic):
        return repr(value.item())
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        inner = ", ".join(describe(item, parts) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(f"{key!r}: {describe(item, parts)}" for key, item in value.items())) + "}"
    if isinstance(value, (np.ndarray, pd.DataFrame, pd.Series)):
        return f"{type(value).__name__} {data_fingerprint(value, np.empty(0))}"
    if isinstance(value, type):
        return _qualified(value)
    return _describe_object(value, parts)


def _describe_object(value: Any, parts: set[int] | frozenset[int]) -> str:
    kind = _qualified(type(value))
    if id(value) in parts:
        return kind
    if _is_estimator(value):
        return f"{kind} {describe(dict(value.get_params(deep=False)))}"
    if isinstance(getattr(value, "name", None), str):
        return f"{kind} {_definition(value)}"
    if hasattr(value, "__qualname__"):
        return _qualified(value)
    written = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    if type(value).__repr__ is not object.__repr__:
        return written
    # What holds itself somewhere inside is described once.
    return f"{kind} {describe(getattr(value, '__dict__', {}), {*parts, id(value)})}"


def _definition(record: Any) -> list[str]:
    """What a definition computes, as a user may change it, or another that it calls, and keep the name.

    Its text names the definitions that it calls; the traced expressions go through them down to the primitives.
    """
    texts = [getattr(record, name, None) for name in ("name", "formula", "derivative_formula")]
    kept = [text for text in texts if isinstance(text, str)]
    parameters = getattr(record, "parameters", None)
    if isinstance(parameters, dict):
        kept.append(describe({name: getattr(known, "default", known) for name, known in parameters.items()}))
    if callable(getattr(record, "expressions", None)):
        kept += [text for part in _PARTS if (text := _expressions(record, part))]
    return kept


def _expressions(record: Any, part: str) -> str:
    """A hash of the traced formula of a part, empty where the definition has no such part."""
    try:
        traced = repr(record.expressions(part))
    except InputError:
        return ""
    return f"{part} {hashlib.sha256(traced.encode()).hexdigest()[:16]}"


def _qualified(thing: Any) -> str:
    name = f"{getattr(thing, '__module__', None)}.{thing.__qualname__}"
    code = getattr(thing, "__code__", None)
    # A lambda or an inner function is not known by its name alone.
    if "<" in name and code is not None:
        name += " " + hashlib.sha256(code.co_code + repr(code.co_consts).encode()).hexdigest()[:16]
    return name


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)
