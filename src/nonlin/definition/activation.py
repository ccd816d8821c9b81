"""The kinds of activation: elementwise, row (softmax), gated (the GLU family), pooled and concatenated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from numbers import Real
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from ..errors import InputError, suggestion
from ..signature import learnable_names, positional_arguments
from . import registry
from .expression import Expression, near_infinity, parameter, settled_at_infinity, symbol, where_limits
from .records import Definition, Formula, backend

A = TypeVar("A", bound="Activation")
_textbook: ContextVar[bool] = ContextVar("textbook", default=False)


@contextmanager
def textbook_forms(wanted: bool = True) -> Iterator[None]:
    """Let definitions within formulas stand for their textbook forms, not for their floating-point ones."""
    before = _textbook.set(wanted)
    try:
        yield
    finally:
        _textbook.reset(before)


class Activation(Definition):
    """An activation function: callable on arrays, with its derivative and its facts.

    Facts
    -----
    range : smallest and largest value (limits included) with the default parameters; found on a grid if not declared
    monotone : whether it never decreases; found on a grid if not declared
    smoothness : how many derivatives are continuous; -1 for a jump, `math.inf` for all
    kinks : where smoothness fails
    limits, derivative_limits : values at minus and plus infinity, where arithmetic would form infinity times zero
    """

    _registry_name = "activations"

    def __init__(
        self,
        function: Formula,
        *,
        range: tuple[float, float] | None = None,
        monotone: bool | None = None,
        smoothness: float = math.inf,
        kinks: tuple[float, ...] = (),
        limits: tuple[float, float] | None = None,
        derivative_limits: tuple[float, float] | None = None,
        **record: Any,
    ) -> None:
        super().__init__(function, **record)
        if range is not None and not range[0] <= range[1]:
            raise InputError(f"the range of {self.name} must be (smallest, largest value), got {range!r}")
        self.declared_range, self.declared_monotone = range, monotone
        self.smoothness = smoothness
        self.kinks = tuple(kinks)
        self.limits, self.derivative_limits = limits, derivative_limits

    def _compute(self, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A formula when given symbols, else an array."""
        if type(inputs[0]) is not np.ndarray and any(isinstance(x, Expression) for x in inputs):
            outputs = self.trace("definition" if part == "value" and _textbook.get() else part, *inputs, **options)
            return outputs[0] if len(outputs) == 1 else outputs
        return backend().call(self, part, inputs, options)

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest value, limits included; found on a grid if not declared."""
        return self.declared_range or _facts().found_range(self)

    @property
    def monotone(self) -> bool:
        """Whether the function never decreases; found on a grid if not declared."""
        return _facts().never_decreases(self) if self.declared_monotone is None else self.declared_monotone


class Derivative:
    """`f.derivative`: called with an array it computes, applied to a formula it defines."""

    def __init__(self, activation: Activation) -> None:
        self._activation = activation

    def __call__(self, x: Any = None, value: Any = None, /, *, with_respect_to: str = "", **options: Any) -> Any:
        """f'(x), elementwise, for an array x of any shape; `out=` and `where=` as for NumPy's ufuncs.

        Of a gated function: the partial derivatives, shaped like x, or a pair for two arrays (gate, value).
        `with_respect_to` names a learnable parameter; `@f.derivative(with_respect_to="alpha")` defines that one.
        """
        part = self._part(with_respect_to)
        if x is None and with_respect_to:
            return lambda formula: self._activation.define(part, formula)
        if isinstance(x, FunctionType):
            return self._activation.define(part, x)
        return self._activation._compute(part, _given(self._activation, x, value), options)

    def _part(self, parameter: str) -> str:
        if not parameter:
            return "derivative"
        learnable = learnable_names(self._activation)
        if parameter not in learnable:
            known = suggestion(parameter, learnable) or f"; learnable are {', '.join(learnable) or 'none'}"
            raise InputError(f"{self._activation.name} has no learnable parameter {parameter!r}{known}")
        return f"derivative_{parameter}"


def _given(activation: Activation, x: Any, value: Any) -> tuple[Any, ...]:
    """The arrays of a call: one, or two for a gated function."""
    if value is None:
        return (x,)
    if not isinstance(activation, Gated):
        raise _by_name(activation, value)
    return (x, value)


def _by_name(activation: Activation, value: Any) -> InputError:
    """The error for something behind the array that has to be given by its name."""
    first = next(iter(activation.parameters), "")
    if first and isinstance(value, Real):
        return InputError(f"{activation.name} takes one array, and parameters by name: write {first}={value!r}")
    return InputError(f"{activation.name} takes one array; give out= and parameters by name")


def _facts() -> Any:
    """What is computed about a definition, loaded at first use because it imports definitions."""
    from .. import facts

    return facts


class Elementwise(Activation):
    """A function of one number, applied to each entry."""

    kind = "elementwise"

    def trace(self, part: str, *inputs: Expression, **parameters: Any) -> tuple[Expression, ...]:
        """The formula on symbols, with the limits at minus and plus infinity: declared, or read off far out."""
        if part == "value_and_derivative":
            return self.trace("value", *inputs, **parameters) + self.trace("derivative", *inputs, **parameters)
        if _textbook.get():
            return super().trace(part, *inputs, **parameters)
        limits = {"value": self.limits, "derivative": self.derivative_limits}.get(part)
        if limits:
            outputs = super().trace(part, *inputs, **parameters)
            return tuple(where_limits(inputs[0], limits, output) for output in outputs)
        if part != "definition" and (broken := self._broken_ends(part)).any():
            outputs = super().trace(part, near_infinity(inputs[0], *map(bool, broken)), **parameters)
            return tuple(settled_at_infinity(inputs[0], output) for output in outputs)
        return super().trace(part, *inputs, **parameters)

    def _broken_ends(self, part: str) -> np.ndarray:
        """Which infinities the bare formula turns into NaN; both, where a parameter may change the side."""
        broken = np.isnan(self._plain(part, np.array([-math.inf, math.inf])))
        return broken | (bool(self.parameters) and broken.any())

    def _plain(self, part: str, x: np.ndarray) -> np.ndarray:
        """A part at x with the default parameters, in ordinary arithmetic and without regard to limits."""
        names = {name: parameter(name) for name in self.parameters}
        outputs = super().trace(part, symbol("x"), **names)
        return _facts().plain_values(outputs, x, {name: known.default for name, known in self.parameters.items()})

    def __call__(self, x: Any, /, *surplus: Any, **options: Any) -> Any:
        """f(x) for an array x of any shape and floating dtype; `out=`, `where=`, `dtype=` as for NumPy's ufuncs."""
        if surplus:
            raise _by_name(self, surplus[0])
        return self._compute("value", (x,), options)

    @cached_property
    def derivative(self) -> Derivative:
        """The derivative with respect to x."""
        return Derivative(self)

    def value_and_derivative(self, x: Any, /, **options: Any) -> Any:
        """f(x) and f'(x) in one pass, as a pair."""
        return self._compute("value_and_derivative", (x,), options)

    @property
    def trainable(self) -> bool:
        """Whether a gradient can pass: false where the derivative is zero everywhere."""
        return _facts().trainable(self)

    @property
    def gain(self) -> float:
        """1 / sqrt(E f(z)^2) for standard normal z: the scale of weights that keeps the second moment at 1."""
        return _facts().matched_gain(self)

    @property
    def centered_gain(self) -> float:
        """1 / sqrt(Var f(z)) for standard normal z: the scale that keeps the variance at 1."""
        return _facts().centered_gain(self)

    @property
    def lipschitz(self) -> float:
        """The Lipschitz constant: the largest |f'|, infinite for a jump and for growth faster than linear."""
        return _facts().lipschitz(self)

    @property
    def fixed_points(self) -> tuple[Any, ...]:
        """Where f(x) = x: numbers, and intervals (low, high) of which every point is one."""
        return _facts().fixed_points(self)

    @property
    def saturation(self) -> tuple[Any, ...]:
        """The tails (low, high) where f approaches a limit and |f'| is below 1 % of its largest value."""
        return _facts().saturation(self)

    @property
    def dead(self) -> tuple[Any, ...]:
        """The intervals (low, high) in which the derivative is exactly zero."""
        return _facts().dead(self)

    def critical_initialization(self, sigma_b: float = 0.0, **parameters: float) -> tuple[float, float]:
        """(sigma_w, sigma_b) on the edge of chaos, where gradients of deep wide networks neither vanish nor explode."""
        return _facts().critical_initialization(self, sigma_b, **parameters)


class Row(Activation):
    """A function of a whole row (one axis) that gives a row of the same length, such as softmax.

    A random one takes its sample, an array of the shape of x, as a second argument.
    """

    kind = "row"
    reduces = True
    has_axis = True

    def __init__(self, function: Formula, **record: Any) -> None:
        self.inputs = positional_arguments(function)[:2] or ("x",)
        super().__init__(function, **record)

    def __call__(self, x: Any, /, *sample: Any, axis: int = -1, **options: Any) -> Any:
        """f of each row of x along `axis`; the shape stays."""
        return self._along("value", (x, *sample), axis, options)

    def vjp(self, x: Any, /, *others: Any, axis: int = -1, **options: Any) -> Any:
        """The vector-Jacobian product of x, [sample,] cotangent: the gradient in x of sum(cotangent * f(x)).

        As a decorator of a formula (x, [sample,] cotangent) it defines the product.
        """
        if isinstance(x, FunctionType):
            return self.define("vjp", x)
        return self._along("vjp", (x, *others), axis, options)

    def inputs_of(self, part: str) -> tuple[str, ...]:
        """The names of the arrays that a part takes."""
        return (*self.inputs, "cotangent") if part == "vjp" else self.inputs

    def _along(self, part: str, inputs: tuple[Any, ...], axis: int, options: dict[str, Any]) -> Any:
        names = self.inputs_of(part)
        if len(inputs) != len(names):
            taken = ", ".join(names)
            raise InputError(f"{self.name} takes {taken} here, got {len(inputs)} arrays; give axis= and others by name")
        if axis != -1:
            options["axis"] = axis
        return self._compute(part, inputs, options)


class Pooled(Row):
    """A function of groups of neighbours along an axis that gives one number a group, such as maxout.

    `pieces` is the length of a group; the formula sees a group as its row, and the result as one number of it.
    """

    kind = "pooled"

    def __call__(self, x: Any, /, *sample: Any, axis: int = -1, pieces: int = 2, **options: Any) -> Any:
        """f of each group of `pieces` neighbours along `axis`, which becomes that much shorter."""
        return super().__call__(x, *sample, axis=axis, **(options if pieces == 2 else {"pieces": pieces, **options}))

    def vjp(self, x: Any, /, *others: Any, axis: int = -1, pieces: int = 2, **options: Any) -> Any:
        """The vector-Jacobian product, shaped like x; the cotangent has the shape of the result."""
        return super().vjp(x, *others, axis=axis, **(options if pieces == 2 else {"pieces": pieces, **options}))


class Concatenated(Activation):
    """A function of one number that gives several, laid one after another along an axis, such as crelu."""

    kind = "concatenated"
    has_axis = True

    def __call__(self, x: Any, /, *, axis: int = -1, **options: Any) -> Any:
        """All results of x, one after another along `axis`."""
        if axis != -1:
            options["axis"] = axis
        return self._compute("value", (x,), options)

    @cached_property
    def derivative(self) -> Derivative:
        """The derivative of each result with respect to x, laid out as the results are."""
        return Derivative(self)


class Gated(Activation):
    """A function of two halves of one axis, a gate and a value, such as SwiGLU; the axis becomes half as long."""

    kind = "gated"
    has_axis = True
    inputs = ("gate", "value")

    def __init__(self, function: Formula, *, gate: str = "first", **record: Any) -> None:
        if gate not in ("first", "second"):
            raise InputError(f"gate must be 'first' or 'second', got {gate!r}")
        super().__init__(function, **record)
        self.gate = gate

    def __call__(self, x: Any, value: Any = None, /, *, axis: int = -1, **options: Any) -> Any:
        """Compute the function of the two halves of x along `axis`, or of two arrays (gate, value)."""
        if axis != -1:
            options["axis"] = axis
        return self._compute("value", (x,) if value is None else (x, value), options)

    @cached_property
    def derivative(self) -> Derivative:
        """The partial derivatives with respect to both halves, in their places: an array shaped like x."""
        return Derivative(self)


def activation(
    function: Formula | None = None, *, kind: type[A] | str = Elementwise, **facts: Any
) -> Callable[[Formula], A]:
    """Decorator that makes a formula of x an activation, registered under the function's name.

    The body is straight-line code over `nonlin.primitives`, arithmetic, other definitions and functions of such code;
    keyword-only arguments with defaults are parameters.

    Parameters
    ----------
    kind : Elementwise (default), Row, Gated, Pooled or Concatenated
        What the formula takes: a number, a row, or a gate and a value; a group of numbers to make one of, or one to
        make several of.
    range : smallest and largest value, limits included; found on a grid if not given
    monotone : whether the function never decreases; found on a grid if not given
    smoothness : how many derivatives are continuous; -1 for a jump
    kinks : where smoothness fails
    limits, derivative_limits : values at minus and plus infinity; where a formula gives infinity times zero there and
        nothing is declared, they are read off its values far out
    aliases, reference, same_as : other names, the source, names in other libraries
    parameters : the allowed range and a description of each parameter, by name
    gate : of a Gated one, which half is the gate: "first" (default) or "second"

    Raises
    ------
    InputError
        When a name is taken by another definition, or the function is not what a definition may be.

    References
    ----------
    Names and defaults follow PyTorch where it has the function.

    Examples
    --------
    >>> import nonlin as nl
    >>> from nonlin.primitives import exp
    >>> @nl.activation(range=(0, 1), derivative_limits=(0, 0))
    ... def bump(x):
    ...     '''exp of minus x squared: a bell.'''
    ...     return exp(-x * x)
    >>> @bump.derivative
    ... def _(x):
    ...     return -2 * (x * exp(-x * x))
    >>> bump([0.0, 1.0]).round(4)
    array([1.    , 0.3679])
    >>> nl.get("bump") is bump
    True
    """
    kinds: dict[str, Any] = {known.kind: known for known in (Elementwise, Row, Gated, Pooled, Concatenated)}
    kind = kinds.get(kind, kind) if isinstance(kind, str) else kind
    if not (isinstance(kind, type) and issubclass(kind, Activation)):
        raise InputError(f"kind must be one of {', '.join(kinds)} or its class, got {kind!r}")
    if function is not None:
        raise InputError(f"write @activation() with parentheses above {getattr(function, '__name__', function)!r}")
    made: Any = kind
    return lambda formula: registry.activations.add(made(formula, **facts))
