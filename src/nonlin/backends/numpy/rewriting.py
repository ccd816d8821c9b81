"""Formulas rewritten: some of their parts replaced, what is made of these built anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ...definition.expression import Expression, apply, nodes_of, symbol

Replacement = Callable[[Expression, Sequence[Expression]], Expression | None]


def rewritten(outputs: Iterable[Expression], replacement: Replacement) -> list[Expression]:
    """Formulas in which each part is what `replacement(part, its rewritten arguments)` gives for it, if not None."""
    outputs = list(outputs)
    replaced: dict[Expression, Expression] = {}
    for node in nodes_of(outputs):
        arguments = [replaced[argument] for argument in node.arguments]
        found = replacement(node, arguments)
        if found is None:
            found = apply(node.operation, *arguments) if arguments else node
        replaced[node] = found
    return [replaced[output] for output in outputs]


def with_symbols(formula: Expression, names: Mapping[Expression, str]) -> Expression:
    """A formula with symbols in place of the parts that have a name."""
    (found,) = rewritten([formula], lambda node, _: symbol(names[node]) if node in names else None)
    return found
