"""Where an exponential that is right to 2**-28 gives results that are right to float32.

That is where its error stays what it is: a factor beside 1. Products, quotients, roots and sums of numbers of one sign
pass it on as it is; a difference, a comparison or another exponential may make much of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...definition.expression import Expression, nodes_of
from .reductions import Pass

_ANY = frozenset((-1, 1))
_PASS_ON = ("multiply", "divide", "negative", "abs", "sqrt")


def signs_in(
    passes: Sequence[Pass], outputs: Sequence[Expression], positive: Collection[str] = ()
) -> dict[Expression, frozenset[int]]:
    """The signs that each part of the formulas of `split` may have, 0 apart.

    `positive` names parameters that are never negative.
    """
    steps = {step.name: step for step in passes}
    signs: dict[Expression, frozenset[int]] = {}
    for formula in [*(step.argument for step in passes), *outputs]:
        for node in nodes_of([formula]):
            signs[node] = _signs(node, signs, steps, positive)
    return signs


def may_be_rough(
    passes: Sequence[Pass], outputs: Sequence[Expression], signs: Mapping[Expression, frozenset[int]]
) -> bool:
    """Whether every exponential in the formulas of `split` may be wrong by such a factor."""
    steps = {step.name: step for step in passes}
    rough: dict[Expression, bool] = {}
    for formula in [*(step.argument for step in passes), *outputs]:
        for node in nodes_of([formula]):
            before = [rough[argument] for argument in node.arguments]
            if any(before) and not _passes_on(node, before, signs):
                return False
            step = steps.get(str(node.value)) if not node.arguments else None
            rough[node] = any(before) or node.operation == "exp" or (step is not None and rough[step.argument])
    used = [step for step in passes if rough[step.argument]]
    return all(step.operation == "row_sum" and len(signs[step.argument]) < 2 for step in used)


def _passes_on(node: Expression, rough: Sequence[bool], signs: Mapping[Expression, frozenset[int]]) -> bool:
    """Whether an error of a factor in the arguments is one of about the same size in the result."""
    if node.operation == "where":
        return not rough[0]
    if node.operation in ("add", "subtract"):
        return len(signs[node]) < 2
    if node.operation == "log1p":
        return -1 not in signs[node.arguments[0]]
    return node.operation in _PASS_ON


def _signs(
    node: Expression,
    signs: Mapping[Expression, frozenset[int]],
    steps: Mapping[str, Pass],
    positive: Collection[str],
) -> frozenset[int]:
    """The signs that a formula may have, 0 apart."""
    known = [signs[argument] for argument in node.arguments]
    match node.operation:
        case "number":
            return frozenset([(node.value > 0) - (node.value < 0)]) - {0}
        case "parameter" if node.value in positive:
            return frozenset([1])
        case "input" if node.value in steps:
            return signs[steps[str(node.value)].argument]
        case "exp" | "sqrt" | "abs" | "erfc" | "erfcx":
            return frozenset([1])
        case "log1p" | "expm1" | "tanh" | "erf":
            return known[0]
        case "where":
            return known[1] | known[2]
        case "add" | "maximum" | "minimum":
            return known[0] | known[1]
        case "negative":
            return frozenset(-sign for sign in known[0])
        case "multiply" | "divide":
            return frozenset(a * b for a in known[0] for b in known[1])
        case "subtract":
            first, second = node.arguments
            step = steps.get(str(second.value)) if second.operation == "input" else None
            if step is not None and step.operation == "row_max" and step.argument is first:
                return frozenset([-1])
            return known[0] | frozenset(-sign for sign in known[1])
    return _ANY
