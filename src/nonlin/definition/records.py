"""What a definition is: the formula as a Python function, its parameters and its facts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from numbers import Real
from typing import Any

from ..errors import InputError, suggestion
from .expression import Expression, as_expression, parameter, symbol

Formula = Callable[..., Any]


@dataclass(frozen=True)
class Parameter:
    """A number that a function takes besides its input: its default and the values for which it is defined."""

    default: float
    low: float = -math.inf
    high: float = math.inf
    text: str = ""

    def check(self, name: str, value: Any) -> None:
        """Raise `InputError` for a plain number outside [low, high]; arrays are left to the array library."""
        if isinstance(value, Real) and not self.low <= float(value) <= self.high:
            raise InputError(f"{name} must be between {self.low:g} and {self.high:g}, got {value!r}")


class Definition:
    """The one place that knows a formula; everything else is derived from it.

    Attributes
    ----------
    name, aliases : the registered name and the other spellings that find it
    summary, reference : one line in words, and the source
    parameters : keyword parameters by name
    same_as : the name of the same function in other libraries
    family : the module of the definition, such as "rectifiers"
    """

    kind: str = ""
    inputs: tuple[str, ...] = ("x",)

    def __init__(
        self,
        function: Formula,
        *,
        aliases: tuple[str, ...] = (),
        reference: str = "",
        parameters: Mapping[str, Parameter] | None = None,
        same_as: Mapping[str, str] | None = None,
    ) -> None:
        self.name: str = function.__name__
        self.function = function
        self.aliases = tuple(aliases)
        self.reference = reference
        self.same_as: dict[str, str] = dict(same_as or {})
        self.parameters = _parameters(function, parameters or {})
        self.family: str = function.__module__.rsplit(".", 1)[-1]
        self.__doc__ = inspect.cleandoc(function.__doc__ or "")
        self.__name__ = self.__qualname__ = function.__name__
        self.__module__ = function.__module__
        self._formulas: dict[str, Formula] = {"definition": function, "value": function}

    @property
    def summary(self) -> str:
        """What the function is, in one line."""
        return (self.__doc__ or "").split("\n", 1)[0]

    def kernel(self, function: Formula) -> Formula:
        """Decorator: the same function in a form chosen for speed or accuracy in floating point."""
        self._formulas["value"] = function
        return function

    def trace(self, part: str, *inputs: Expression, **parameters: Any) -> tuple[Expression, ...]:
        """The formula of a part ("definition", "value", "derivative", ...) on the given symbols."""
        if part not in self._formulas:
            raise InputError(f"{self.name} has no {part}: define it with @{self.name}.{part}")
        numbers = {name: parameters.get(name, known.default) for name, known in self.parameters.items()}
        result = self._formulas[part](*map(as_expression, inputs), **{n: as_expression(v) for n, v in numbers.items()})
        outputs = result if isinstance(result, tuple) else (result,)
        return tuple(as_expression(output) for output in outputs)

    def expressions(self, part: str) -> tuple[Expression, ...]:
        """The formula of a part on symbols named as its inputs and parameters."""
        symbols = [symbol(name) for name in self._inputs_of(part)]
        return self.trace(part, *symbols, **{name: parameter(name) for name in self.parameters})

    def _inputs_of(self, part: str) -> tuple[str, ...]:
        return self.inputs

    def check_parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters by name, the defaults filled in; raises `InputError` for unknown or forbidden ones."""
        for name, value in given.items():
            if name not in self.parameters:
                known = suggestion(name, self.parameters) or f"; it takes {', '.join(self.parameters) or 'none'}"
                raise InputError(f"{self.name} has no parameter {name!r}{known}")
            self.parameters[name].check(name, value)
        return {name: given.get(name, known.default) for name, known in self.parameters.items()}

    @cached_property
    def formula(self) -> str:
        """The definition as readable text."""
        from .formula import formula_text

        return formula_text(self.function)

    @cached_property
    def derivative_formula(self) -> str:
        """The derivative (of a row function: the vector-Jacobian product, of a loss: the gradient) as readable text."""
        from .formula import formula_text

        function = next(
            (self._formulas[part] for part in ("derivative", "vjp", "gradient") if part in self._formulas), None
        )
        return formula_text(function) if function else ""

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.summary}>"

    def __reduce__(self) -> tuple[Callable[..., Definition], tuple[str, str]]:
        """Pickle by name, so that a definition stays one object."""
        return _lookup, (self._registry_name, self.name)

    _registry_name = ""


def _lookup(registry_name: str, name: str) -> Definition:
    from . import registry

    return getattr(registry, registry_name).get(name)


def _parameters(function: Formula, declared: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The keyword-only arguments of the formula, with the declared ranges."""
    found = {}
    for name, argument in inspect.signature(function).parameters.items():
        if argument.kind is argument.KEYWORD_ONLY:
            known = declared.get(name, Parameter(0.0))
            found[name] = Parameter(float(argument.default), known.low, known.high, known.text)
    unknown = set(declared) - set(found)
    if unknown:
        raise InputError(f"{function.__name__} declares parameters that its formula does not take: {sorted(unknown)}")
    return found


@cache
def backend() -> Any:
    """The functions of the NumPy backend, loaded at first use because compiling needs LLVM."""
    from importlib import import_module

    return import_module("nonlin.backends.numpy.functions")
