"""A formula as data: the graph of primitives that a definition builds when it is called on symbols.

Every backend evaluates the same graph over its own table of primitives: NumPy's compiles it, the 50-digit
reference walks it with mpmath. Equal nodes are one object, so a subexpression shared by a value and its
derivative is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, TypeAlias

Number: TypeAlias = "int | float | Fraction"
Operand: TypeAlias = "Expression | int | float | Fraction"


class Expression:
    """One node: an operation on other nodes, an input, a parameter, a number or a named constant."""

    __slots__ = ("arguments", "operation", "value")

    operation: str
    arguments: tuple[Expression, ...]
    value: Any  # the name of an input, parameter or constant; the number of a number

    def __add__(self, other: Operand) -> Expression:
        return apply("add", self, other)

    def __radd__(self, other: Operand) -> Expression:
        return apply("add", other, self)

    def __sub__(self, other: Operand) -> Expression:
        return apply("subtract", self, other)

    def __rsub__(self, other: Operand) -> Expression:
        return apply("subtract", other, self)

    def __mul__(self, other: Operand) -> Expression:
        return apply("multiply", self, other)

    def __rmul__(self, other: Operand) -> Expression:
        return apply("multiply", other, self)

    def __truediv__(self, other: Operand) -> Expression:
        return apply("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Expression:
        return apply("divide", other, self)

    def __pow__(self, exponent: int) -> Expression:
        if not isinstance(exponent, int) or exponent < 1:
            raise TypeError(f"a power in a definition must be a positive whole number, got {exponent!r}")
        half = self ** (exponent // 2) if exponent > 1 else self
        if exponent == 1:
            return self
        return half * half * self if exponent % 2 else half * half

    def __neg__(self) -> Expression:
        return apply("negative", self)

    def __abs__(self) -> Expression:
        return apply("abs", self)

    def __lt__(self, other: Operand) -> Expression:
        return apply("less", self, other)

    def __gt__(self, other: Operand) -> Expression:
        return apply("less", other, self)

    def __le__(self, other: Operand) -> Expression:
        return apply("less_equal", self, other)

    def __ge__(self, other: Operand) -> Expression:
        return apply("less_equal", other, self)

    def __bool__(self) -> bool:
        raise TypeError("a definition is straight-line code: choose with where(condition, a, b), not with if, and, or")

    def __repr__(self) -> str:
        if not self.arguments:
            return str(self.value)
        return f"{self.operation}({', '.join(map(repr, self.arguments))})"


_nodes: dict[tuple, Expression] = {}


def _node(operation: str, arguments: tuple[Expression, ...], value: Any = None) -> Expression:
    key = (operation, arguments, repr(value))  # repr keeps -0.0 apart from 0.0
    node = _nodes.get(key)
    if node is None:
        node = Expression()
        node.operation, node.arguments, node.value = operation, arguments, value
        node = _nodes.setdefault(key, node)
    return node


def symbol(name: str) -> Expression:
    """An input of a formula."""
    return _node("input", (), name)


def parameter(name: str) -> Expression:
    """A parameter of a formula: a number known only when the function is called."""
    return _node("parameter", (), name)


def constant(name: str) -> Expression:
    """A named irrational constant (see `nonlin.definition.constants`)."""
    return _node("constant", (), name)


def number(value: Number) -> Expression:
    """A number that stands in a formula: whole numbers and fractions exactly, decimals as the nearest double."""
    if isinstance(value, float) and value.is_integer() and str(value) != "-0.0":
        value = int(value)
    return _node("number", (), value)


def as_expression(operand: Operand) -> Expression:
    """A plain number as a node; a node as it is."""
    return operand if isinstance(operand, Expression) else number(operand)


def apply(operation: str, *operands: Operand) -> Expression:
    """The node of one operation; plain numbers among the operands become nodes."""
    return _node(operation, tuple(map(as_expression, operands)))


def where_limits(x: Expression, limits: tuple[float, float], result: Expression) -> Expression:
    """`result`, but the given limits where x is minus or plus infinity."""
    infinity = float("inf")
    below, above = limits
    return apply("where", x >= infinity, above, apply("where", x <= -infinity, below, result))


def nodes_of(outputs: Iterable[Expression]) -> list[Expression]:
    """All nodes that the outputs need, each after its arguments."""
    ordered: dict[Expression, None] = {}

    def visit(node: Expression) -> None:
        if node not in ordered:
            for argument in node.arguments:
                visit(argument)
            ordered[node] = None

    for output in outputs:
        visit(output)
    return list(ordered)


def evaluate(
    outputs: tuple[Expression, ...], table: Mapping[str, Callable[..., Any]], values: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Bind a formula to a backend: compute the outputs with the backend's table of primitives.

    `table["number"]` and `table["constant"]` turn a number and a constant's name into the backend's own;
    `values` gives each input and parameter by name.
    """
    results: dict[Expression, Any] = {}
    for node in nodes_of(outputs):
        if node.operation in ("input", "parameter"):
            results[node] = values[node.value]
        elif not node.arguments:
            results[node] = table[node.operation](node.value) if node.value is not None else table[node.operation]()
        else:
            results[node] = table[node.operation](*(results[argument] for argument in node.arguments))
    return tuple(results[output] for output in outputs)
