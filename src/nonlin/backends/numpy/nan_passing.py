"""Whether a formula hands on the NaN of an input by its arithmetic alone."""

from __future__ import annotations

from ...definition.expression import CONDITIONS, Expression, nodes_of

_ARITHMETIC = ("add", "subtract", "multiply", "divide", "negative", "abs", "sqrt")


def passes_nan(output: Expression, name: str) -> bool:
    """Whether the output is NaN where an input is, by the rules of two floats: a comparison with NaN does not hold.

    >>> from nonlin.definition.expression import symbol
    >>> x = symbol("x")
    >>> passes_nan(x * 2 + 1, "x"), passes_nan(1 / abs(1 - x), "x"), passes_nan(symbol("y"), "x")
    (True, True, False)
    """
    is_nan: dict[Expression, bool] = {}
    fails: dict[Expression, bool] = {}  # conditions that certainly do not hold
    for node in nodes_of([output]):
        arguments = node.arguments
        if node.operation in CONDITIONS:
            fails[node] = any(is_nan[argument] for argument in arguments)
        elif node.operation == "where":
            condition, holds, otherwise = arguments
            is_nan[node] = is_nan[otherwise] and (fails[condition] or is_nan[holds])
        elif node.operation in ("maximum", "minimum"):  # the first where they cannot be compared
            is_nan[node] = is_nan[arguments[0]]
        else:
            of_arguments = [is_nan[argument] for argument in arguments]
            is_nan[node] = (
                node.value == name if node.operation == "input" else node.operation in _ARITHMETIC and any(of_arguments)
            )
    return is_nan[output]
