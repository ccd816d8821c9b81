"""Row formulas whose target is the index of a class: a row that is 1 there and 0 elsewhere is never made.

Every part of a formula that depends on the target has one form at that class and another at all others. Constants are
folded in both, after which most of the parts are simple: the sum of what is 0 elsewhere is the number at the class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ...definition.expression import Expression, apply, nodes_of, number, symbol
from .reductions import AT, REDUCTIONS


class _Choice(NamedTuple):
    """What a part is at the class of the target, and elsewhere; a settled condition is a bool."""

    there: Any
    elsewhere: Any


def with_index(outputs: Sequence[Expression], targets: str) -> list[Expression]:
    """Formulas whose input `targets` is given as an index: the condition of that name holds at the class.

    Without such an input, constants are folded.
    """
    found: dict[Expression, Any] = {}
    for node in nodes_of(outputs):
        arguments = [found[argument] for argument in node.arguments]
        if node.operation == "input" and node.value == targets:
            found[node] = _Choice(number(1), number(0))
        elif not arguments:
            found[node] = node
        elif node.operation in REDUCTIONS:
            found[node] = _reduced(node.operation, arguments, targets)
        else:
            found[node] = _chosen(node.operation, arguments)
    return [_merged(found[output], targets) for output in outputs]


def _reduced(operation: str, arguments: Sequence[Any], targets: str) -> Expression:
    term = arguments[0]
    if operation == "row_sum" and isinstance(term, _Choice) and _is(term.elsewhere, 0):
        return term.there if term.there.operation == "number" else apply(AT, term.there)
    return apply(operation, *(_merged(argument, targets) for argument in arguments))


def _chosen(operation: str, arguments: Sequence[Any]) -> Any:
    if not any(isinstance(argument, _Choice) for argument in arguments):
        return _folded(operation, arguments)
    pairs = [argument if isinstance(argument, _Choice) else _Choice(argument, argument) for argument in arguments]
    there, elsewhere = (_folded(operation, side) for side in zip(*pairs, strict=True))
    return there if there is elsewhere else _Choice(there, elsewhere)


def _merged(part: Any, targets: str) -> Any:
    if not isinstance(part, _Choice):
        return part
    return apply("where", symbol(targets, condition=True), part.there, part.elsewhere)


def _is(part: Any, value: int) -> bool:
    return isinstance(part, Expression) and part.operation == "number" and part.value == value


_EXACT: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b if b else None,
    "negative": lambda a: -a,
    "abs": abs,
    "maximum": max,
    "minimum": min,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
}
_SAME: dict[tuple[str, int, int], Callable[[Any], Any]] = {  # by operation, place and number: what is left
    ("add", 0, 0): lambda x: x,
    ("add", 1, 0): lambda x: x,
    ("subtract", 1, 0): lambda x: x,
    ("multiply", 0, 1): lambda x: x,
    ("multiply", 1, 1): lambda x: x,
    ("multiply", 0, 0): lambda x: number(0),
    ("multiply", 1, 0): lambda x: number(0),
    ("divide", 1, 1): lambda x: x,
    ("divide", 0, 0): lambda x: number(0),
}


def _folded(operation: str, arguments: Sequence[Any]) -> Any:
    """One operation on parts that are formulas or, as conditions, bools."""
    if operation == "where":
        condition, a, b = arguments
        return (a if condition else b) if isinstance(condition, bool) else a if a is b else apply("where", *arguments)
    if operation in _EXACT and all(_is_exact(argument) for argument in arguments):
        result = _EXACT[operation](*(Fraction(argument.value) for argument in arguments))
        if result is not None:
            return result if isinstance(result, bool) else number(result if result.denominator > 1 else int(result))
    if operation == "add":
        for part, rest in (arguments, arguments[::-1]):
            if rest.operation == "subtract" and rest.arguments[1] is part:
                return rest.arguments[0]
    for place, argument in enumerate(arguments):
        for value in (0, 1):
            if _is(argument, value) and (operation, place, value) in _SAME and len(arguments) == 2:
                return _SAME[operation, place, value](arguments[1 - place])
    return apply(operation, *arguments)


def _is_exact(part: Any) -> bool:
    is_number = isinstance(part, Expression) and part.operation == "number"
    return is_number and abs(part.value) < float("inf") and str(part.value) != "-0.0"
