"""What the arguments of a user's function say: the arrays that a formula takes, and its parameters."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from .errors import InputError

_OPTIONS = {
    "out", "where", "dtype", "casting", "order", "subok", "axis", "pieces", "reduction", "with_respect_to",
    "sample_weight", "ignore_index",
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """A number that a function takes besides its input: its default and the values for which it is defined.

    Values lie in [low, high] and, if `above` is given, are larger than it; `up_to` names another parameter that they
    do not exceed. A learnable one is trained with the weights: the definition has the derivative with respect to it.
    """

    default: float
    low: float = -math.inf
    high: float = math.inf
    text: str = ""
    above: float = -math.inf
    learnable: bool = False
    up_to: str = ""

    @property
    def interval(self) -> str:
        """The allowed values in words."""
        parts = [f"larger than {self.above:g}"] if math.isfinite(self.above) else []
        parts += [f"at least {self.low:g}"] if math.isfinite(self.low) else []
        parts += [f"at most {self.high:g}"] if math.isfinite(self.high) else []
        return " and ".join(parts) or "a finite number"

    def check(self, name: str, value: Any) -> None:
        """Raise `InputError` for a plain number outside the allowed values; arrays are left to the array library."""
        number: Any = value if isinstance(value, (float, Real)) else self.default
        if not (self.low <= number <= self.high and self.above < number < math.inf):
            raise InputError(f"{name} must be {self.interval}, got {value!r}")


def learnable_names(definition: Any) -> tuple[str, ...]:
    """The names of a definition's parameters that are trained with the weights, in their order."""
    return tuple(name for name, known in definition.parameters.items() if known.learnable)


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


def declared_parameters(
    function: Callable[..., Any], inputs: int, declared: Mapping[str, Parameter]
) -> dict[str, Parameter]:
    """The keyword-only arguments of the formula, with the declared ranges."""
    defaults = keyword_defaults(function, inputs)
    unknown = sorted(declared.keys() - defaults)
    if unknown:
        raise InputError(f"{function.__name__} declares a parameter {unknown[0]!r} that its formula does not take")
    found = {name: replace(declared.get(name, Parameter(0.0)), default=number) for name, number in defaults.items()}
    for name, known in found.items():
        known.check(f"the default of {name} of {function.__name__}", known.default)
    return found
