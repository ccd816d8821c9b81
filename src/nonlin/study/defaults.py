"""Settings that an estimator prefers in a comparison, where its user has left them open."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone


def with_comparison_defaults(estimator: Any) -> Any:
    """A copy of an estimator in which every parameter that is None has the value preferred in comparisons.

    An estimator, or a part of one such as a step of a pipeline, states them as a dictionary `comparison_defaults`.

    >>> from nonlin.nn import MLPClassifier
    >>> with_comparison_defaults(MLPClassifier()).dtype
    'float32'
    """
    copy: Any = clone(estimator)
    parts = {"": copy} | {f"{name}__": part for name, part in copy.get_params().items() if hasattr(part, "get_params")}
    for prefix, part in parts.items():
        preferred = getattr(part, "comparison_defaults", {})
        is_open = [name for name in preferred if part.get_params(deep=False)[name] is None]
        if is_open:
            copy.set_params(**{prefix + name: preferred[name] for name in is_open})
    return copy
