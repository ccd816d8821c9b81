"""Row formulas: each reduction is a pass over the row, in the order in which the formula needs them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ...definition import primitives as definitions
from ...definition.expression import Expression, as_expression, evaluate, nodes_of, symbol
from ...definition.primitives import exp, log, where
from .arithmetic import DoubleDouble, Native, Pair
from .emitter import Value, splat
from .loops import Columns, over_columns, parts
from .primitives import table
from .rewriting import rewritten

REDUCTIONS = {function.__name__ for function in definitions.REDUCTIONS}
AT = "row_at"  # the entry at the class of a row's target, see `class_targets`


class Pass(NamedTuple):
    """A reduction of a formula over the row, and the symbol that stands for its result in later formulas."""

    operation: str
    argument: Expression
    name: str
    power: Expression | None = None  # of a threshold


def split(outputs: Sequence[Expression]) -> tuple[list[Pass], list[Expression]]:
    """The passes that the outputs need, in order, and the outputs with the reductions as symbols."""
    passes: list[Pass] = []

    def reduced(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        if node.operation not in REDUCTIONS and node.operation != AT:
            return None
        name = f"#{len(passes)}"
        passes.append(Pass(node.operation, arguments[0], name, *arguments[1:]))
        return symbol(name, condition=node.operation == "is_row_argmax")

    finals = rewritten(outputs, reduced)
    return passes, finals


def is_per_row(output: Expression) -> bool:
    """Whether an output of `split` is one number for the whole row."""
    leaves = {(node.operation, node.value) for node in nodes_of([output]) if not node.arguments}
    return not any(operation == "condition" or (operation == "input" and name[0] != "#") for operation, name in leaves)


class RowReader:
    """Evaluates formulas at places of one row, given pointers to its inputs and the results of earlier passes."""

    def __init__(
        self,
        a: Native,
        element: str,
        rows: dict[str, str],
        count: str,
        numbers: dict[str, Any],
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """`functions` are the primitives to compute with; without, the exact ones."""
        self.a, self.element, self.rows, self.count, self.numbers = a, element, rows, count, numbers
        self.table = functions or table(a)
        self.argmax: dict[str, Value] = {}  # the index of the largest entry, in all lanes, by pass
        self.target: Value | None = None  # the index of the target's class, an i64
        self._found: dict[Expression, tuple[Any, Value]] = {}  # the largest entry and its index, by formula

    def at(self, columns: Columns, outputs: Sequence[Expression]) -> tuple[Any, ...]:
        """The outputs at some columns of the row."""
        used = {node.value for node in nodes_of(outputs) if node.operation in ("input", "condition")}
        values = dict(self.numbers)
        values |= {name: self.a.lift(columns.load(row)) for name, row in self.rows.items() if name in used}
        for name, index in self.argmax.items():
            if name in used:
                values[name] = self.a.emit.compare_integers("eq", index, columns.index)
        return evaluate(tuple(outputs), self.table, values)

    def set_target(self, name: str, index: Value) -> None:
        """Let the condition `name` hold at an index (an i64), the class of the row's target."""
        narrow = index if self.a.integer == "i64" else self.a.emit.convert("trunc", index, self.a.integer)
        self.target, self.argmax[name] = index, self.a.emit.spread(narrow, self.a.lanes)

    def over(self, body: Callable[[Any], None]) -> None:
        """body(columns) for all of the row."""
        over_columns(self.a, self.element, self.count, body)

    def run_all(self, steps: Sequence[Pass]) -> None:
        """All passes; sums that do not need each other are one."""
        waiting: dict[str, Expression] = {}
        for step in steps:
            if waiting.keys() & {node.value for node in nodes_of([step.argument])}:
                self._sum_all(waiting)
            if step.operation == "row_sum":
                waiting[step.name] = step.argument
            else:
                self.run(step)
        self._sum_all(waiting)

    def _sum_all(self, waiting: dict[str, Expression]) -> None:
        if waiting:
            self.numbers |= dict(zip(waiting, self._sums([*waiting.values()]), strict=True))
            waiting.clear()

    def run(self, step: Pass) -> None:
        """One pass over the row; its result is known to later ones."""
        if step.operation == "row_sum":
            (self.numbers[step.name],) = self._sums([step.argument])
        elif step.operation == "row_threshold":
            self.numbers[step.name] = self._threshold(step)
        elif step.operation == AT:
            self.numbers[step.name] = self._at_class(step.argument)
        else:
            if step.argument not in self._found:
                self._found[step.argument] = self._largest(step.argument)
            largest, index = self._found[step.argument]
            if step.operation == "row_max":
                self.numbers[step.name] = largest
            else:
                self.argmax[step.name] = index

    def _at_class(self, argument: Expression) -> Any:
        """The entry at the class of the row's target, in all lanes."""
        assert self.target is not None
        place = Columns(self.a, self.element, self.target, self.count)
        number = self.at(place, [argument])[0]
        lanes = [self.a.emit.spread(self.a.emit.lane(part, 0), self.a.lanes) for part in parts(self.a, number)]
        return Pair(*lanes) if isinstance(self.a, DoubleDouble) else lanes[0]

    def _sums(self, arguments: Sequence[Expression]) -> list[Any]:
        a, emit = self.a, self.a.emit
        totals = [[emit.slot(a.type, "zeroinitializer") for _ in parts(a, a.number(0))] for _ in arguments]

        def add(columns: Columns) -> None:
            for slots, term in zip(totals, self.at(columns, arguments), strict=True):
                _saved(a, slots, a.add(_loaded(a, slots), a.where(columns.mask, term, a.number(0))))

        self.over(add)
        return [self._joined(_loaded(a, slots)) for slots in totals]

    def _joined(self, total: Any) -> Any:
        """The sum over the lanes, in all of them."""
        a, distance = self.a, self.a.lanes // 2
        while distance:  # every lane ends with the sum of all, always added in the same order
            total = a.add(total, _shuffled(a, total, distance))
            distance //= 2
        return total

    def _threshold(self, step: Pass) -> Any:
        """The t with sum(max(x - t, 0)**power) = 1 by Newton's steps from the left: the sum is convex and falls."""
        a, emit = self.a, self.a.emit
        largest, _ = self._largest(step.argument)
        slots = [emit.slot(a.type, "zeroinitializer") for _ in parts(a, a.number(0))]
        _saved(a, slots, a.subtract(largest, a.number(1)))
        name, t = emit.name("newton"), symbol(f"{step.name}_")
        d = where(step.argument > t, step.argument - t, 0)
        power = step.power if step.power is not None else as_expression(1)
        raised, slope = _powers(d, power)
        emit.do(f"br label %{name}")
        emit.label(name)
        self.numbers[t.value] = before = _loaded(a, slots)
        raised_sum, total = self._sums([raised, slope])
        (times,) = evaluate((power,), self.table, self.numbers)
        change = a.divide(a.subtract(raised_sum, a.number(1)), a.multiply(times, total))
        moved = a.add(before, change)
        _saved(a, slots, moved)
        least = a.number(2.0 ** -(a.precision - 8))
        further = emit.some(a.less(least, change))
        emit.do(f"br i1 {further.text}, label %{name}, label %{name}_end")
        emit.label(f"{name}_end")
        return _loaded(a, slots)

    def _largest(self, argument: Expression) -> tuple[Any, Value]:
        """The largest entry and the index of the first of its kind, in all lanes; NaN is largest."""
        a, emit = self.a, self.a.emit
        inner = argument.arguments[0] if argument.operation == "negative" else argument
        is_float = not isinstance(a, DoubleDouble) or inner.value in self.rows  # there is nothing beside it
        lowest = [Native(emit, a.element, a.lanes).number(-math.inf), splat(a.element, a.lanes, "0.0")][: 2 - is_float]
        started, index = splat("i1", a.lanes, "false"), a.integers(0)
        slots = [(value.type, emit.slot(value.type, value.text)) for value in (started, index, *lowest)]

        def compare(columns: Columns) -> None:
            known = [emit.load(kind, slot) for kind, slot in slots]
            entry = self._sized(self.at(columns, [argument])[0])[: 2 - is_float]
            # not (entry <= known): larger, or NaN; NaN once taken stays, because the first condition excludes it
            none = emit.binary("xor", known[0], splat("i1", a.lanes, "true"))
            better = emit.binary("or", none, self._above(entry, known[2:]))
            better = emit.binary("and", better, columns.mask)
            seen = emit.binary("or", known[0], columns.mask)
            chosen = [emit.select(better, *pair) for pair in zip((columns.index, *entry), known[1:], strict=True)]
            for (_, slot), value in zip(slots, (seen, *chosen), strict=True):
                emit.store(value, slot)

        self.over(compare)
        found = [emit.load(kind, slot) for kind, slot in slots[1:]]
        index, *best = self._across(found)
        return (a.lift(best[0]) if is_float else Pair(*best)), index

    def _sized(self, number: Any) -> list[Value]:
        """A number as its leading float and, in two doubles, what is left beside it: their order is that of numbers."""
        a, leading = self.a, self.a.leading(number)
        if not isinstance(a, DoubleDouble):
            return [leading]
        rest = a.emit.binary("fadd", a.emit.binary("fsub", number.high, leading), number.low)
        finite = a.emit.compare("ord", rest, rest)  # infinity has no rest
        return [leading, a.emit.select(finite, rest, Value(rest.type, "zeroinitializer"))]

    def _above(self, entry: Sequence[Value], known: Sequence[Value]) -> Value:
        """Where an entry is larger than the largest known one, or the first NaN."""
        emit, compare = self.a.emit, self.a.emit.compare
        larger, equal = compare("ugt", entry[0], known[0]), compare("oeq", entry[0], known[0])
        for x, y in zip(entry[1:], known[1:], strict=True):
            larger = emit.binary("or", larger, emit.binary("and", equal, compare("ogt", x, y)))
        return emit.binary("and", larger, compare("ord", known[0], known[0]))

    def _across(self, found: list[Value]) -> list[Value]:
        """The index and the parts of the largest over the lanes; of equal ones the one with the smaller index."""
        a, emit = self.a, self.a.emit
        distance = a.lanes // 2
        while distance:
            other = [_shuffle(a, value, distance) for value in found]
            earlier = emit.compare_integers("slt", other[0], found[0])
            for x, y in zip(other[1:], found[1:], strict=True):
                earlier = emit.binary("and", earlier, emit.compare("oeq", x, y))
            better = emit.binary("or", self._above(other[1:], found[1:]), earlier)
            found = [emit.select(better, *pair) for pair in zip(other, found, strict=True)]
            distance //= 2
        return [emit.shuffle(value, [0] * a.lanes) for value in found]


def _powers(d: Expression, power: Expression) -> tuple[Expression, Expression]:
    """d**power and d**(power - 1) of a number that is 0 or larger; both are 0 at 0."""
    if power.operation == "number" and power.value in (1, 2):
        one = where(d > 0, 1, 0)
        return (d, one) if power.value == 1 else (d * d, d)
    inside = where(d > 0, d, 1)
    raised = exp(power * log(inside))
    return where(d > 0, raised, 0), where(d > 0, raised / inside, 0)


def _loaded(a: Native, slots: Sequence[str]) -> Any:
    values = [a.emit.load(a.type, slot) for slot in slots]
    return Pair(*values) if isinstance(a, DoubleDouble) else values[0]


def _saved(a: Native, slots: Sequence[str], number: Any) -> None:
    for slot, value in zip(slots, parts(a, number), strict=True):
        a.emit.store(value, slot)


def _shuffle(a: Native, value: Value, distance: int) -> Value:
    """Lane i takes lane i xor distance."""
    return a.emit.shuffle(value, [lane ^ distance for lane in range(a.lanes)])


def _shuffled(a: Native, number: Any, distance: int) -> Any:
    values = [_shuffle(a, value, distance) for value in parts(a, number)]
    return Pair(*values) if isinstance(a, DoubleDouble) else values[0]


def columns_as_number(a: Native, count: str) -> Any:
    """The number of columns as a number of the arithmetic, in all lanes."""
    scalar = a.emit.pure(a.element, f"sitofp i64 {count} to {a.element}")
    return a.lift(a.emit.spread(scalar, a.lanes))
