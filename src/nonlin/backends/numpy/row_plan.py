"""How row formulas are computed fast: what is the same for a whole row, what for each entry, and what is kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ...definition.expression import CONDITIONS, Expression, apply, nodes_of, symbol
from .reductions import Pass, is_per_row, split
from .rewriting import rewritten
from .rough_factors import may_be_rough, signs_in

_CHEAP = (
    "input", "condition", "parameter", "number", "constant", "add", "subtract", "multiply", "negative", "abs", "less",
    "less_equal", "where", "maximum", "minimum", "sign",
)  # fmt: skip
_SIMPLE = (*_CHEAP, "divide", "sqrt", "exp")


class Formula(NamedTuple):
    """A formula of entries, and the formulas of numbers of the row in it, by the names they have there."""

    entries: Expression
    numbers: dict[str, Expression]


class RowPlan(NamedTuple):
    """What a fast row kernel does: passes with the formula of each, then the outputs.

    `is_simple`: few enough instructions for several registers side by side. `is_rough`: exponentials may be rough.
    `is_decaying`: none is more than 1.
    """

    passes: list[tuple[Pass, Formula]]
    outputs: list[Formula]
    kept: dict[Expression, str]
    is_simple: bool
    is_rough: bool
    is_decaying: bool

    @property
    def may_fail_late(self) -> bool:
        """Whether only the results tell that a row is not for here: rough exponentials are NaN beyond the range."""
        return self.is_rough and not self.is_decaying


def plan(outputs: Sequence[Expression], positive: Collection[str] = ()) -> RowPlan | None:
    """How the formulas are computed fast, or None if they cannot be; `positive` parameters are never negative."""
    passes, finals = _below_largest(*split(outputs))
    if any(step.operation == "row_threshold" and not whole_power(step) for step in passes):
        return None
    names: dict[Expression, str] = {}
    steps = [(step, _hoisted(step.argument, names)) for step in passes]
    results = [_hoisted(output, names) for output in finals]
    formulas = [formula.entries for _, formula in steps] + [formula.entries for formula in results]
    signs = signs_in(passes, finals, positive)
    exponents = [signs[node.arguments[0]] for node in signs if node.operation == "exp"]
    is_rough = may_be_rough(passes, finals, signs)
    is_simple = is_made_simply(formulas)
    return RowPlan(steps, results, _kept(formulas), is_simple, is_rough, all(1 not in sign for sign in exponents))


def is_made_simply(formulas: Sequence[Expression]) -> bool:
    """Whether formulas need few instructions."""
    return all(node.operation in _SIMPLE for node in nodes_of(formulas))


def _below_largest(passes: Sequence[Pass], outputs: Sequence[Expression]) -> tuple[list[Pass], list[Expression]]:
    """where(x >= row_max(x), 0, x - row_max(x)) is the difference where the largest entry is finite."""
    largest = {step.name: step.argument for step in passes if step.operation == "row_max"}

    def simpler(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        return arguments[2] if node.operation == "where" and _is_difference(node, largest) else None

    steps = [step._replace(argument=rewritten([step.argument], simpler)[0]) for step in passes]
    return steps, rewritten(outputs, simpler)


def _is_difference(node: Expression, largest: Mapping[str, Expression]) -> bool:
    condition, zero, difference = node.arguments
    if condition.operation != "less_equal" or difference.operation != "subtract" or zero.operation != "number":
        return False
    top, entry = condition.arguments
    is_top = top.operation == "input" and largest.get(str(top.value)) is entry
    return is_top and zero.value == 0 and difference.arguments == (entry, top)


def whole_power(step: Pass) -> int:
    """The power of a threshold if it is 1 or 2, else 0."""
    known = step.power is not None and step.power.operation == "number" and step.power.value in (1, 2)
    return int(step.power.value) if known and step.power is not None else 0


def _hoisted(formula: Expression, names: dict[Expression, str]) -> Formula:
    """A formula with what is the same for the whole row as symbols; quotients by such a number become products."""
    numbers: dict[str, Expression] = {}

    def row_symbol(node: Expression) -> Expression:
        name = names.setdefault(node, f"${len(names)}")
        numbers[name] = node
        return symbol(name)

    def times(entries: Expression, number: Expression) -> Expression:
        """The product, with the numbers of the row in it multiplied first."""
        if entries.operation == "multiply" and all(str(f.value) in numbers for f in (entries.arguments[1], number)):
            factors = [numbers[str(factor.value)] for factor in (entries.arguments[1], number)]
            return apply("multiply", entries.arguments[0], row_symbol(factors[0] * factors[1]))
        return apply("multiply", entries, number)

    def hoisted(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        has_condition = any(part.operation in CONDITIONS for part in (node, *node.arguments))
        if not has_condition and node.operation not in ("number", "constant") and is_per_row(node):
            return row_symbol(node)
        if node.operation == "divide" and is_per_row(node.arguments[1]) and node.arguments[1].operation != "number":
            return times(arguments[0], row_symbol(1 / node.arguments[1]))
        if node.operation == "multiply":
            first, second = arguments
            return times(first, second) if str(second.value) in numbers else times(second, first)
        return None

    (entries,) = rewritten([formula], hoisted)
    used = {node.value for node in nodes_of([entries])}
    return Formula(entries, {name: node for name, node in numbers.items() if name in used})


def _kept(formulas: Sequence[Expression]) -> dict[Expression, str]:
    """Costly parts of formulas that occur in more than one of them: the largest ones."""
    seen: set[Expression] = set()
    again: list[Expression] = []
    for formula in formulas:
        nodes = nodes_of([formula])
        costly: set[Expression] = set()
        for node in nodes:
            if node.operation not in _CHEAP or any(argument in costly for argument in node.arguments):
                costly.add(node)
        again += [node for node in nodes if node in seen and node in costly and node not in again]
        seen |= set(nodes)
    inner = {argument for node in again for argument in node.arguments}
    return {
        node: f"~{k}"
        for k, node in enumerate(node for node in again if node not in inner and node.operation not in CONDITIONS)
    }
