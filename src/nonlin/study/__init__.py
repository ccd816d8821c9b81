"""Honest comparison of the values of one parameter of any scikit-learn estimator.

Data flows through the modules in this order: `checks` and `arms` judge what was given, `plan` lays out the runs,
`execution` and `run` carry them out, `store` keeps them, `baseline` scores guessing, `statistics` and `ranking` weigh
them, `verdict` says it in the words of `wording` and `numbers`, and `comparison` holds the result. `comparing.compare`
strings them together. Nothing heavy is imported here, so that pictures can use the words without pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nonlin.study.comparing import Progress, compare
    from nonlin.study.comparison import Comparison
    from nonlin.study.run import Run

_HOMES = {"Comparison": "comparison", "Progress": "comparing", "Run": "run", "compare": "comparing"}

__all__ = ["Comparison", "Progress", "Run", "compare"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
