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
    __array_ufunc__ = None  # np.exp(x) must fail, not build an array of expressions

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
            raise TypeError(
                f"write x ** {exponent!r} with sqrt, 1 / x or exp(p * log(x)): powers are whole and positive"
            )
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
        texts: dict[Expression, str] = {}
        for node in nodes_of([self]):
            inside = ", ".join(texts[argument] for argument in node.arguments)
            texts[node] = f"{node.operation}({inside})" if inside else str(node.value)
        return texts[self]


_nodes: dict[tuple, Expression] = {}


def _node(operation: str, arguments: tuple[Expression, ...], value: Any = None) -> Expression:
    key = (operation, arguments, repr(value))  # repr keeps -0.0 apart from 0.0
    node = _nodes.get(key)
    if node is None:
        node = Expression()
        node.operation, node.arguments, node.value = operation, arguments, value
        node = _nodes.setdefault(key, node)
    return node


CONDITIONS = ("less", "less_equal", "is_row_argmax", "condition")


def symbol(name: str, *, condition: bool = False) -> Expression:
    """An input of a formula: a number, or a condition."""
    return _node("condition" if condition else "input", (), name)


def parameter(name: str) -> Expression:
    """A parameter of a formula: a number known only when the function is called."""
    return _node("parameter", (), name)


def constant(name: str) -> Expression:
    """A named irrational constant (see `nonlin.definition.constants`)."""
    return _node("constant", (), name)


def number(value: Number) -> Expression:
    """A number that stands in a formula: whole numbers and fractions exactly, decimals as the nearest double."""
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        hint = "; compare with <, <=, > or >=, since == and != look at identity" if isinstance(value, bool) else ""
        raise TypeError(f"{value!r} is no number{hint}")
    if isinstance(value, float) and value.is_integer() and str(value) != "-0.0":
        value = int(value)
    return _node("number", (), value)


def as_expression(operand: Operand) -> Expression:
    """A plain number as a node; a node as it is."""
    return operand if isinstance(operand, Expression) else number(operand)


def apply(operation: str, *operands: Operand) -> Expression:
    """The node of one operation; plain numbers among the operands become nodes."""
    arguments = tuple(map(as_expression, operands))
    for place, argument in enumerate(arguments):
        if (argument.operation in CONDITIONS) != (operation == "where" and place == 0):
            wanted = "needs a condition such as x > 0 first" if operation == "where" and place == 0 else "takes numbers"
            raise TypeError(f"{operation} {wanted}, got {argument!r}; use where(condition, a, b)")
    return _node(operation, arguments)


def where_limits(x: Expression, limits: tuple[float, float], result: Expression) -> Expression:
    """`result`, but the given limits where x is minus or plus infinity."""
    infinity = float("inf")
    below, above = limits
    return apply("where", x >= infinity, above, apply("where", x <= -infinity, below, result))


_FAR, _LARGE = 1e150, 1e100  # far enough out for every exponential, near enough to be squared


def near_infinity(x: Expression, below: bool, above: bool) -> Expression:
    """X, but a large finite number in place of minus or plus infinity, where a formula breaks down."""
    infinity = float("inf")
    return where_limits(x, (-_FAR if below else -infinity, _FAR if above else infinity), x)


def settled_at_infinity(x: Expression, result: Expression) -> Expression:
    """The result at a large number as the limit at infinity: infinite if it is large itself."""
    limit = apply("where", abs(result) > _LARGE, result * float("inf"), result)
    return apply("where", abs(x) >= float("inf"), limit, result)


def nodes_of(outputs: Iterable[Expression]) -> list[Expression]:
    """All nodes that the outputs need, each after its arguments."""
    ordered: dict[Expression, None] = {}
    waiting = list(outputs)[::-1]
    while waiting:  # a stack, for a formula may be deeper than Python's recursion
        node = waiting.pop()
        missing = [argument for argument in node.arguments if argument not in ordered]
        if missing:
            waiting += [node, *reversed(missing)]
        else:
            ordered[node] = None
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
        if node.operation in ("input", "parameter", "condition"):
            results[node] = values[node.value]
        elif not node.arguments:
            results[node] = table[node.operation](node.value) if node.value is not None else table[node.operation]()
        else:
            results[node] = table[node.operation](*(results[argument] for argument in node.arguments))
    return tuple(results[output] for output in outputs)
