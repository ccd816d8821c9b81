"""A long formula cut into stages, each a loop of its own over a block of numbers.

A processor computes several steps of a loop at a time, but only as many as its window of waiting instructions holds.
Where every step is a long chain, that is too few to keep it busy; two loops over shorter chains, with what passes from
one to the other kept in the nearest cache, take less time than one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...definition.expression import CONDITIONS, Expression, nodes_of
from .rewriting import with_symbols

_LATENCY = {  # cycles, about
    "exp": 36, "moderate_exp": 36, "grown_exp": 36, "expm1": 45, "log": 50, "log1p": 50, "tail_ratio": 40,
    "erf_near": 30, "divide": 28, "sqrt": 30, "add": 10, "subtract": 10, "ordered_add": 8, "shrunk": 10, "multiply": 8,
}  # fmt: skip
LONGEST = 45  # cycles of a chain in a stage


def cycles(node: Expression) -> int:
    """How long what follows has to wait for a node once its arguments are there."""
    by_number = node.operation == "divide" and node.arguments[1].operation in ("number", "constant")
    return _LATENCY.get("multiply" if by_number else node.operation, 2) if node.arguments else 0


def stages(outputs: Sequence[Expression]) -> list[dict[str, Expression]]:
    """What each stage computes by name, from the inputs and earlier results; the last has "out0", "out1" ...

    Conditions do not pass from stage to stage: they are computed where they are used.
    """
    nodes = nodes_of(outputs)
    level = _levels(nodes)
    last = max(level[output] for output in outputs)
    used = dict.fromkeys(outputs, last)  # the last stage that needs a node
    for node in nodes:
        for argument in node.arguments:
            used[argument] = max(used.get(argument, 0), level[node])
    passed = [n for n in nodes if used[n] > level[n] and n.arguments and n.operation not in CONDITIONS]
    names = {node: f"#{k}" for k, node in enumerate(passed)}
    found = []
    for stage in range(last):
        earlier = {node: name for node, name in names.items() if level[node] < stage}
        found.append({names[node]: with_symbols(node, earlier) for node in passed if level[node] == stage})
    earlier = {node: name for node, name in names.items() if level[node] < last}
    return [*found, {f"out{k}": with_symbols(output, earlier) for k, output in enumerate(outputs)}]


def _levels(nodes: Sequence[Expression]) -> dict[Expression, int]:
    """The stage of each node: a chain that would grow too long goes on in the next one."""
    level: dict[Expression, int] = {}
    waited: dict[Expression, int] = {}
    for node in nodes:
        stage = max((level[argument] for argument in node.arguments), default=0)
        start = max((waited[argument] for argument in node.arguments if level[argument] == stage), default=0)
        if start and start + cycles(node) > LONGEST:
            stage, start = stage + 1, 0
        level[node], waited[node] = stage, start + cycles(node)
    return level
