"""What a definition is: the formula as a Python function, its parameters and its facts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from ..errors import InputError, suggestion
from ..signature import Parameter, check_name, declared_parameters
from ..source import failed_line, formula_text
from .expression import CONDITIONS, Expression, as_expression, nodes_of, parameter, symbol
from .primitives import PRIMITIVES, REDUCTIONS

Formula = Callable[..., Any]


made_from_definitions: list[Callable[[], None]] = []
"""What empties the caches of a backend: a formula may change, in a notebook for instance."""


def forget_what_was_made() -> None:
    """Let backends make everything anew from the definitions."""
    for forget in made_from_definitions:
        forget()


_REDUCTIONS = {function.__name__ for function in REDUCTIONS}


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
    optional: tuple[str, ...] = ()  # the inputs that may be left out
    reduces = False  # whether formulas may use row_sum and its like
    has_axis = False  # whether a call takes the axis along which entries depend on each other
    domains: Mapping[str, str] = {}  # what numbers inputs hold, where not any real ones
    _registry_name = ""

    def __init__(
        self,
        function: Formula,
        *,
        aliases: tuple[str, ...] = (),
        reference: str = "",
        parameters: Mapping[str, Parameter] | None = None,
        same_as: Mapping[str, str] | None = None,
    ) -> None:
        check_name(function)
        if isinstance(aliases, str):
            raise InputError(f"aliases must be a tuple of names, got the text {aliases!r}; write ({aliases!r},)")
        self.name: str = function.__name__
        self.function = function
        self.aliases = tuple(aliases)
        self.reference = reference
        self.same_as: dict[str, str] = dict(same_as or {})
        self.parameters = declared_parameters(function, len(self.inputs), parameters or {})
        self.family: str = function.__module__.rsplit(".", 1)[-1]
        self.summary = inspect.cleandoc(function.__doc__ or "").split("\n", 1)[0]
        self.__name__ = self.__qualname__ = function.__name__
        self.__module__ = function.__module__
        self._formulas: dict[str, Formula] = {"definition": function, "value": function}

    def define(self, part: str, function: Formula) -> Formula:
        """Make a function the formula of a part; only the module of the definition may do that."""
        if function.__module__ != self.__module__:
            raise InputError(
                f"the {part} of {self.name!r} is defined in {self.__module__}; define a function of your own instead"
            )
        self._formulas[part] = function
        for name in ("formula", "derivative_formula"):
            self.__dict__.pop(name, None)
        forget_what_was_made()
        return function

    def kernel(self, function: Formula) -> Formula:
        """Decorator: the same function in a form chosen for speed or accuracy in floating point."""
        return self.define("value", function)

    def trace(self, part: str, *inputs: Expression, **parameters: Any) -> tuple[Expression, ...]:
        """The formula of a part ("definition", "value", "derivative", ...) on the given symbols.

        Raises
        ------
        InputError
            When the definition lacks the part, or its code is not what a formula may be.
        """
        if part not in self._formulas:
            other = part.partition("gradient_")[2]
            decorator = f'gradient(with_respect_to="{other}")' if other else part
            raise InputError(f"{self.name} has no {part}: define it with @{self.name}.{decorator}")
        numbers = {name: parameters.get(name, known.default) for name, known in self.parameters.items()}
        arguments = [as_expression(x) for x in inputs]
        options = {name: as_expression(value) for name, value in numbers.items()}
        try:
            result = self._formulas[part](*arguments, **options)
            outputs = tuple(map(as_expression, result if isinstance(result, tuple) else (result,)))
        except InputError:
            raise
        except Exception as error:
            what = "it returned nothing" if str(error).startswith("None is") else str(error)
            raise InputError(
                f"the {part} of {self.name} is no formula: {what}{failed_line(error)}; "
                "use arithmetic, comparisons and nonlin.primitives on its arguments, and return the result"
            ) from error
        self._check_outputs(part, outputs)
        return outputs

    def _check_outputs(self, part: str, outputs: Sequence[Expression]) -> None:
        if any(output.operation in CONDITIONS for output in outputs):
            raise InputError(f"the {part} of {self.name} is a condition, not a number; use where(condition, 1, 0)")
        if not self.reduces:
            used = {node.operation for node in nodes_of(outputs)} & _REDUCTIONS
            if used:
                raise InputError(
                    f"the {part} of {self.name} uses {min(used)}, which needs a row: define it with kind=Row"
                )

    def expressions(self, part: str) -> tuple[Expression, ...]:
        """The formula of a part on symbols named as its inputs and parameters."""
        symbols = [symbol(name) for name in self.inputs_of(part)]
        return self.trace(part, *symbols, **{name: parameter(name) for name in self.parameters})

    def inputs_of(self, part: str) -> tuple[str, ...]:
        """The names of the arrays that a part takes."""
        return self.inputs

    def check_parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters by name, the defaults filled in; raises `InputError` for unknown or forbidden ones."""
        keywords = [*self.parameters, *self.optional]
        for name, value in given.items():
            if name not in self.parameters:
                known = "; write axis, as in NumPy" if name == "dim" and self.has_axis else ""
                known = known or self._relative_with(name) or suggestion(name, keywords)
                known = known or f"; it takes {', '.join(keywords) or 'none'}"
                raise InputError(f"{self.name} has no parameter {name!r}{known}")
            self.parameters[name].check(name, value)
        return {name: given.get(name, known.default) for name, known in self.parameters.items()}

    def _relative_with(self, parameter: str) -> str:
        """The end of an error: a definition called as this one and the parameter together, as swish_beta is, has it."""
        from . import registry

        others = {name.lower(): name for name in getattr(registry, self._registry_name).names()}
        called = (others.get(f"{own}_{parameter}".lower()) for own in (self.name, *self.aliases))
        found = [name for name in called if name and parameter in _lookup(self._registry_name, name).parameters]
        return f"; {found[0]} has" if found else ""

    @cached_property
    def formula(self) -> str:
        """The definition as readable text."""
        return formula_text(self.function, PRIMITIVES)

    @cached_property
    def derivative_formula(self) -> str:
        """The derivative (of a row function: the vector-Jacobian product, of a loss: the gradient) as readable text."""
        parts = (part for part in ("derivative", "vjp", "gradient") if part in self._formulas)
        return "".join(formula_text(self._formulas[part], PRIMITIVES) for part in parts)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}: {self.summary}>"

    def __deepcopy__(self, memo: Any) -> Definition:
        """A definition is one object, as a function is."""
        return self

    def __reduce__(self) -> tuple[Callable[..., Definition], tuple[str, str]]:
        """Pickle by name, so that a definition stays one object."""
        return _lookup, (self._registry_name, self.name)


def _lookup(registry_name: str, name: str) -> Definition:
    from . import registry

    return getattr(registry, registry_name).get(name)


@cache
def backend() -> Any:
    """The functions of the NumPy backend, loaded at first use because compiling needs LLVM."""
    from importlib import import_module

    return import_module("nonlin.backends.numpy.functions")
