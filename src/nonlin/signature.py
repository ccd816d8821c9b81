"""What the arguments of a user's function say: the arrays that a formula takes, and its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from numbers import Real
from typing import Any

from .errors import InputError

_OPTIONS = {"out", "where", "dtype", "casting", "order", "subok", "axis", "pieces", "reduction", "with_respect_to"}


def check_name(function: Callable[..., Any]) -> None:
    """Raise `InputError` for what is no function with a name."""
    if not inspect.isfunction(function) or not function.__name__.isidentifier():
        raise InputError(f"a definition is a function made with def, got {function!r}")


def positional_arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the arrays that a formula takes.

    >>> positional_arguments(lambda x, y, *, alpha=1.0: alpha * x * y)
    ('x', 'y')
    """
    arguments = inspect.signature(function).parameters
    return tuple(name for name, known in arguments.items() if known.kind is known.POSITIONAL_OR_KEYWORD)


def keyword_defaults(function: Callable[..., Any], inputs: int) -> dict[str, float]:
    """The keyword-only arguments of a formula of so many arrays, with their defaults.

    Raises
    ------
    InputError
        When the formula takes other arrays, a parameter has no number as its default or the name of an option.

    Examples
    --------
    >>> keyword_defaults(lambda x, *, alpha=1.0: alpha * x, 1)
    {'alpha': 1.0}
    """
    arguments = inspect.signature(function).parameters
    positional = positional_arguments(function)
    keywords = {name: argument for name, argument in arguments.items() if argument.kind is argument.KEYWORD_ONLY}
    if len(positional) != inputs or len(positional) + len(keywords) != len(arguments):
        raise InputError(
            f"{function.__name__} must take {inputs} argument{'s' * (inputs > 1)}, and its parameters behind a *: "
            f"def {function.__name__}({', '.join(('x', 'y', 'z')[:inputs])}, *, alpha=1.0)"
        )
    for name, argument in keywords.items():
        if name in _OPTIONS:
            raise InputError(f"a parameter of {function.__name__} cannot be named {name!r}: calls have such an option")
        if not isinstance(argument.default, Real):
            raise InputError(f"parameter {name!r} of {function.__name__} needs a number as its default: {name}=1.0")
    return {name: float(argument.default) for name, argument in keywords.items()}
