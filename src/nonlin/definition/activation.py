"""The three kinds of activation: elementwise, row (softmax) and gated (the GLU family)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from ..errors import InputError
from . import registry
from .expression import Expression, near_infinity, parameter, settled_at_infinity, symbol, where_limits
from .plain import GRID, plain_values
from .records import Definition, Formula, backend

A = TypeVar("A", bound="Activation")


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
        self.declared_range, self.declared_monotone = range, monotone
        self.smoothness = smoothness
        self.kinks = tuple(kinks)
        self.limits, self.derivative_limits = limits, derivative_limits

    def _compute(self, part: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A formula when given symbols, else an array."""
        if any(isinstance(x, Expression) for x in inputs):
            outputs = self.trace(part, *inputs, **options)
            return outputs[0] if len(outputs) == 1 else outputs
        return backend().call(self, part, inputs, options)

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and the largest value, limits included; found on a grid if not declared."""
        return self.declared_range or self._range_found()

    @property
    def monotone(self) -> bool:
        """Whether the function never decreases; found on a grid if not declared."""
        return self._monotone_found() if self.declared_monotone is None else self.declared_monotone

    def _range_found(self) -> tuple[float, float]:
        return -math.inf, math.inf

    def _monotone_found(self) -> bool:
        return False


class Derivative:
    """`f.derivative`: called with an array it computes, applied to a formula it defines."""

    def __init__(self, activation: Activation) -> None:
        self._activation = activation

    def __call__(self, x: Any, /, value: Any = None, **options: Any) -> Any:
        """f'(x), elementwise, for an array x of any shape; `out=` and `where=` as for NumPy's ufuncs.

        Of a gated function: the partial derivatives, shaped like x, or a pair for two arrays (gate, value).
        """
        if isinstance(x, FunctionType):
            return self._activation.define("derivative", x)
        return self._activation._compute("derivative", _given(self._activation, x, value), options)


def _given(activation: Activation, x: Any, value: Any) -> tuple[Any, ...]:
    """The arrays of a call: one, or two for a gated function."""
    if value is None:
        return (x,)
    if not isinstance(activation, Gated):
        raise InputError(f"{activation.name} takes one array; give out= and parameters by name")
    return (x, value)


class Elementwise(Activation):
    """A function of one number, applied to each entry."""

    kind = "elementwise"

    def trace(self, part: str, *inputs: Expression, **parameters: Any) -> tuple[Expression, ...]:
        """The formula on symbols, with the limits at minus and plus infinity: declared, or read off far out."""
        if part == "value_and_derivative":
            return self.trace("value", *inputs, **parameters) + self.trace("derivative", *inputs, **parameters)
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
        return plain_values(outputs, x, {name: known.default for name, known in self.parameters.items()})

    def _range_found(self) -> tuple[float, float]:
        values = self._plain("value", GRID)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        return low if low > -50 else -math.inf, high if high < 50 else math.inf

    def _monotone_found(self) -> bool:
        return bool((np.diff(self._plain("value", np.sort(GRID))) >= 0).all())

    def __call__(self, x: Any, /, **options: Any) -> Any:
        """f(x) for an array x of any shape and floating dtype; `out=`, `where=`, `dtype=` as for NumPy's ufuncs."""
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
        return "derivative" in self._formulas and bool(np.any(self._plain("derivative", GRID) != 0))

    @property
    def gain(self) -> float:
        """1 / sqrt(E f(z)^2) for standard normal z: the scale of weights that keeps the second moment at 1."""
        from .gain import matched_gain

        return matched_gain(self)


class Row(Activation):
    """A function of a whole row (one axis) that gives a row of the same length, such as softmax."""

    kind = "row"
    reduces = True

    def __call__(self, x: Any, /, *, axis: int = -1, **options: Any) -> Any:
        """f of each row of x along `axis`; the shape stays."""
        return self._compute("value", (x,), options if isinstance(x, Expression) else {"axis": axis, **options})

    def vjp(self, x: Any, cotangent: Any = None, /, *, axis: int = -1, **options: Any) -> Any:
        """The vector-Jacobian product: the gradient with respect to x of sum(cotangent * f(x)).

        As a decorator of a formula (x, cotangent) it defines the product.
        """
        if isinstance(x, FunctionType):
            return self.define("vjp", x)
        return self._compute("vjp", (x, cotangent), {"axis": axis, **options})

    def inputs_of(self, part: str) -> tuple[str, ...]:
        """The names of the arrays that a part takes."""
        return ("x", "cotangent") if part == "vjp" else ("x",)


class Gated(Activation):
    """A function of two halves of one axis, a gate and a value, such as SwiGLU; the axis becomes half as long."""

    kind = "gated"
    inputs = ("gate", "value")

    def __init__(self, function: Formula, *, gate: str = "first", **record: Any) -> None:
        if gate not in ("first", "second"):
            raise InputError(f"gate must be 'first' or 'second', got {gate!r}")
        super().__init__(function, **record)
        self.gate = gate

    def __call__(self, x: Any, /, value: Any = None, *, axis: int = -1, **options: Any) -> Any:
        """Compute the function of the two halves of x along `axis`, or of two arrays (gate, value)."""
        inputs = _given(self, x, value)
        return self._compute("value", inputs, options if len(inputs) == 2 else {"axis": axis, **options})

    @cached_property
    def derivative(self) -> Derivative:
        """The partial derivatives with respect to both halves, in their places: an array shaped like x."""
        return Derivative(self)


def activation(
    function: Formula | None = None, *, kind: type[A] | str = Elementwise, **facts: Any
) -> Callable[[Formula], A]:
    """Decorator that makes a formula of x an activation, registered under the function's name.

    The body is straight-line code over `nonlin.primitives`, arithmetic and other definitions; keyword-only arguments
    with defaults are parameters.

    Parameters
    ----------
    kind : Elementwise (default), Row or Gated
        What the formula takes: a number, a row, or a gate and a value.
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
    kind = {"elementwise": Elementwise, "row": Row, "gated": Gated}.get(kind, kind) if isinstance(kind, str) else kind
    if not (isinstance(kind, type) and issubclass(kind, Activation)):
        raise InputError(f"kind must be nonlin.Elementwise, nonlin.Row or nonlin.Gated, got {kind!r}")
    if function is not None:
        raise InputError(f"write @activation() with parentheses above {getattr(function, '__name__', function)!r}")
    made: Any = kind
    return lambda formula: registry.activations.add(made(formula, **facts))
