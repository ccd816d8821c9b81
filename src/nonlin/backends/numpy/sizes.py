"""How large the parts of a formula are where they are used, and what is simpler for that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...definition.constants import exact
from ...definition.expression import CONDITIONS, Expression, apply, nodes_of, number
from .rewriting import rewritten

USUAL = 12.0  # largest input that is looked at; how far the simpler formula holds is measured, as for any fast form
_MODERATE = 80.0  # exp of more, or of less than minus that, may be no normal float


class Interval(NamedTuple):
    """From where to where a number lies."""

    low: float = -math.inf
    high: float = math.inf

    def within(self, other: Interval) -> Interval:
        """What both contain; one number, whichever, where that is nothing: such a part is never used."""
        low = max(self.low, other.low)
        return Interval(low, max(low, min(self.high, other.high)))

    def or_in(self, other: Interval) -> Interval:
        """The least that contains both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    @property
    def least(self) -> float:
        """The smallest size of a number in it."""
        return max(0.0, self.low, -self.high)

    @property
    def most(self) -> float:
        """The largest size of a number in it."""
        return max(-self.low, self.high)


_Inputs = dict[Expression, Interval]


def simplified(outputs: Sequence[Expression]) -> list[Expression]:
    """Formulas in which sums of a larger and a smaller number, and exponentials of moderate ones, say that they are.

    Exponentials that may not be less than a normal float are taken for moderate ones too.
    """
    contexts, may_vanish = _contexts(outputs), _may_vanish(outputs)
    known = _intervals(outputs, contexts)

    def simpler(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        given = [_narrowed(known, contexts[node], x) for x in node.arguments if x.operation not in CONDITIONS]
        if node.operation in ("exp", "grown_exp") and (given[0].most <= _MODERATE or node not in may_vanish):
            return apply("moderate_exp", *arguments)
        if node.operation == "shrunk" and "grown_exp" not in {part.operation for part in nodes_of(arguments)}:
            return arguments[0]
        if node.operation in ("add", "subtract"):
            first, second = arguments[0], arguments[1] if node.operation == "add" else -arguments[1]
            if given[0].least >= given[1].most:
                return apply("ordered_add", first, second)
            if given[1].least >= given[0].most:
                return apply("ordered_add", second, first)
        return None

    return rewritten(outputs, simpler)


def _contexts(outputs: Sequence[Expression]) -> dict[Expression, _Inputs]:
    """Where the inputs lie wherever a part is used: on each side of a choice, the condition tells."""
    nodes = nodes_of(outputs)
    everywhere = {node: Interval(-USUAL, USUAL) for node in nodes if node.operation == "input"}
    found: dict[Expression, _Inputs] = dict.fromkeys(outputs, everywhere)
    for node in reversed(nodes):
        for place, argument in enumerate(node.arguments):
            told = _told(node.arguments[0], holds=place == 1) if node.operation == "where" and place else {}
            here = {x: found[node][x].within(told.get(x, Interval())) for x in everywhere}
            before = found.get(argument, here)
            found[argument] = {x: here[x].or_in(before[x]) for x in everywhere}
    return found


def _told(condition: Expression, *, holds: bool) -> _Inputs:
    """What a comparison of an input, or of its size, with a number says about the input."""
    if condition.operation not in ("less", "less_equal"):
        return {}
    low, high = condition.arguments
    if low.operation == "number" and high.operation == "input":
        return {high: Interval(low=low.value) if holds else Interval(high=low.value)}
    if low.operation == "input" and high.operation == "number":
        return {low: Interval(high=high.value) if holds else Interval(low=high.value)}
    if holds and low.operation == "abs" and low.arguments[0].operation == "input" and high.operation == "number":
        return {low.arguments[0]: Interval(-high.value, high.value)}
    return {}


def _may_vanish(outputs: Sequence[Expression]) -> set[Expression]:
    """Parts that lose nothing by what is done with them where they are hardly normal floats, and less.

    Others have lost digits there in a range so narrow that a measurement may not see it: for them, exponentials are
    those that are wrong farther out, which any measurement sees.
    """
    found: set[Expression] = set()
    users: dict[Expression, list[Expression]] = {}
    for node in reversed(nodes_of(outputs)):
        if all(user.operation == "from_two" or (user in found and _hands_on(user)) for user in users.get(node, ())):
            found.add(node)
        for argument in node.arguments:
            users.setdefault(argument, []).append(node)
    return found


def _hands_on(user: Expression) -> bool:
    if user.operation == "divide":
        return user.arguments[1] is number(2)
    if user.operation == "multiply":  # what has been grown keeps its digits
        return user.arguments[0].operation == "tail_ratio" and user.arguments[1].operation == "grown_exp"
    return user.operation in ("where", "negative", "shrunk")


def _intervals(outputs: Sequence[Expression], contexts: Mapping[Expression, _Inputs]) -> dict[Expression, Interval]:
    found: dict[Expression, Interval] = {}
    for node in nodes_of(outputs):
        if node.operation not in CONDITIONS:
            given = [_narrowed(found, contexts[node], x) for x in node.arguments if x.operation not in CONDITIONS]
            found[node] = contexts[node][node] if node.operation == "input" else _interval(node, given)
    return found


def _narrowed(known: Mapping[Expression, Interval], here: _Inputs, part: Expression) -> Interval:
    """An interval of a part, and for an input what is known of it here."""
    return known[part].within(here.get(part, Interval()))


def _interval(node: Expression, given: Sequence[Interval]) -> Interval:
    match node.operation:
        case "number":
            return Interval(float(node.value), float(node.value))
        case "constant":
            return Interval(float(exact(node.value)), float(exact(node.value)))
        case "negative":
            return Interval(-given[0].high, -given[0].low)
        case "abs":
            return Interval(given[0].least, given[0].most)
        case "exp":
            return Interval(*(math.exp(end) if end < 700 else math.inf for end in given[0]))
        case "where":
            return given[0].or_in(given[1])
        case "minimum":
            return Interval(*map(min, *given))
        case "maximum":
            return Interval(*map(max, *given))
        case "add":
            return Interval(given[0].low + given[1].low, given[0].high + given[1].high)
        case "subtract":
            return Interval(given[0].low - given[1].high, given[0].high - given[1].low)
        case "multiply":
            return _product(*given)
        case "divide" if given[1].least > 0:
            return _product(given[0], Interval(1 / given[1].high, 1 / given[1].low))
    return Interval()


def _product(a: Interval, b: Interval) -> Interval:
    ends = [x * y if x and y else 0.0 for x in a for y in b]
    return Interval(min(ends), max(ends))
