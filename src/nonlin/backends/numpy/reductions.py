"""Row formulas: each reduction is a pass over the row, in the order in which the formula needs them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...definition.expression import Expression, apply, evaluate, nodes_of, symbol
from ...definition.primitives import REDUCTIONS
from .arithmetic import DoubleDouble, Native, Pair
from .elementary import table
from .emitter import Value, vector
from .loops import Columns, over_columns, parts, spread_over

_REDUCTIONS = {function.__name__ for function in REDUCTIONS}


class Pass(NamedTuple):
    """A reduction of a formula over the row, and the symbol that stands for its result in later formulas."""

    operation: str
    argument: Expression
    name: str


def split(outputs: Sequence[Expression]) -> tuple[list[Pass], list[Expression]]:
    """The passes that the outputs need, in order, and the outputs with the reductions as symbols."""
    replaced: dict[Expression, Expression] = {}
    passes: list[Pass] = []
    for node in nodes_of(outputs):
        arguments = [replaced[argument] for argument in node.arguments]
        if node.operation in _REDUCTIONS:
            name = f"#{len(passes)}"
            passes.append(Pass(node.operation, arguments[0], name))
            replaced[node] = symbol(name, condition=node.operation == "is_row_argmax")
        else:
            replaced[node] = apply(node.operation, *arguments) if arguments else node
    return passes, [replaced[output] for output in outputs]


def is_per_row(output: Expression) -> bool:
    """Whether an output of `split` is one number for the whole row."""
    leaves = {(node.operation, node.value) for node in nodes_of([output]) if not node.arguments}
    return not any(operation == "condition" or (operation == "input" and name[0] != "#") for operation, name in leaves)


class RowReader:
    """Evaluates formulas at places of one row, given pointers to its inputs and the results of earlier passes."""

    def __init__(self, a: Native, element: str, rows: dict[str, str], count: str, numbers: dict[str, Any]) -> None:
        self.a, self.element, self.rows, self.count, self.numbers = a, element, rows, count, numbers
        self.argmax: dict[str, Value] = {}  # the index of the largest entry, in all lanes, by pass
        self._found: dict[Expression, tuple[Value, Value]] = {}  # the largest entry and its index, by formula

    def at(self, columns: Columns, outputs: Sequence[Expression]) -> tuple[Any, ...]:
        """The outputs at some columns of the row."""
        used = {node.value for node in nodes_of(outputs) if node.operation in ("input", "condition")}
        values = dict(self.numbers)
        values |= {name: self.a.lift(columns.load(row)) for name, row in self.rows.items() if name in used}
        for name, index in self.argmax.items():
            if name not in used:
                continue
            mask = vector("i1", self.a.lanes)
            values[name] = self.a.emit.pure(mask, f"icmp eq {index.type} {index.text}, {columns.index.text}")
        return evaluate(tuple(outputs), table(self.a), values)

    def run(self, step: Pass) -> None:
        """One pass over the row; its result is known to later ones."""
        if step.operation == "row_sum":
            self.numbers[step.name] = self._sum(step.argument)
        else:
            if step.argument not in self._found:
                self._found[step.argument] = self._largest(step.argument)
            largest, index = self._found[step.argument]
            if step.operation == "row_max":
                self.numbers[step.name] = self.a.lift(largest)
            else:
                self.argmax[step.name] = index

    def _sum(self, argument: Expression) -> Any:
        a, emit = self.a, self.a.emit
        slots = [emit.slot(a.type, "zeroinitializer") for _ in parts(a, a.number(0))]

        def add(columns: Columns) -> None:
            term = self.at(columns, [argument])[0]
            total = a.add(_loaded(a, slots), a.where(columns.mask, term, a.number(0)))
            _saved(a, slots, total)

        over_columns(a, self.element, self.count, add)
        total = _loaded(a, slots)
        distance = a.lanes // 2
        while distance:  # every lane ends with the sum of all, always added in the same order
            total = a.add(total, _shuffled(a, total, distance))
            distance //= 2
        return total

    def _largest(self, argument: Expression) -> tuple[Value, Value]:
        """The largest entry and the index of the first of its kind, in all lanes; NaN is largest."""
        a, emit, kind = self.a, self.a.emit, vector(self.a.integer, self.a.lanes)
        single = Native(emit, a.element, a.lanes)
        best, index = emit.slot(a.type, single.number(-math.inf).text), emit.slot(kind, "zeroinitializer")
        started = emit.slot(vector("i1", a.lanes), "zeroinitializer")

        def compare(columns: Columns) -> None:
            entry = a.leading(self.at(columns, [argument])[0])
            known, at = (
                emit.effect(a.type, f"load {a.type}, ptr {best}"),
                emit.effect(kind, f"load {kind}, ptr {index}"),
            )
            seen = emit.effect(columns.mask.type, f"load {columns.mask.type}, ptr {started}")
            # not (entry <= known): larger, or NaN; NaN once taken stays, because the first condition excludes it
            larger = emit.compare("ugt", entry, known)
            fresh = _logic(a, "xor", seen, Value(seen.type, _ones(a)))
            better = _logic(a, "or", fresh, _logic(a, "and", larger, emit.compare("ord", known, known)))
            better = _logic(a, "and", better, columns.mask)
            for pointer, new, old in ((best, entry, known), (index, columns.index, at)):
                chosen = emit.select(better, new, old)
                emit.do(f"store {chosen.type} {chosen.text}, ptr {pointer}")
            seen = _logic(a, "or", seen, columns.mask)
            emit.do(f"store {seen.type} {seen.text}, ptr {started}")

        over_columns(a, self.element, self.count, compare)
        found = emit.effect(a.type, f"load {a.type}, ptr {best}")
        at = emit.effect(kind, f"load {kind}, ptr {index}")
        return self._across(found, at)

    def _across(self, best: Value, index: Value) -> tuple[Value, Value]:
        """The largest over the lanes; of equal ones the one with the smaller index."""
        a, emit = self.a, self.a.emit
        distance = a.lanes // 2
        while distance:
            other, other_index = _shuffle(a, best, distance), _shuffle(a, index, distance)
            earlier = emit.pure(vector("i1", a.lanes), f"icmp slt {index.type} {other_index.text}, {index.text}")
            tie = _logic(a, "and", emit.compare("oeq", other, best), earlier)
            larger = _logic(a, "and", emit.compare("ugt", other, best), emit.compare("ord", best, best))
            better = _logic(a, "or", larger, tie)
            best, index = emit.select(better, other, best), emit.select(better, other_index, index)
            distance //= 2
        zero = f"<{a.lanes} x i32> zeroinitializer"
        spread = [emit.pure(v.type, f"shufflevector {v.type} {v.text}, {v.type} poison, {zero}") for v in (best, index)]
        return spread[0], spread[1]


def _ones(a: Native) -> str:
    return "<" + ", ".join(["i1 true"] * a.lanes) + ">"


def _logic(a: Native, operation: str, x: Value, y: Value) -> Value:
    return a.emit.pure(x.type, f"{operation} {x.type} {x.text}, {y.text}")


def _loaded(a: Native, slots: Sequence[str]) -> Any:
    values = [a.emit.effect(a.type, f"load {a.type}, ptr {slot}") for slot in slots]
    return Pair(*values) if isinstance(a, DoubleDouble) else values[0]


def _saved(a: Native, slots: Sequence[str], number: Any) -> None:
    for slot, value in zip(slots, parts(a, number), strict=True):
        a.emit.do(f"store {value.type} {value.text}, ptr {slot}")


def _shuffle(a: Native, value: Value, distance: int) -> Value:
    """Lane i takes lane i xor distance."""
    order = ", ".join(f"i32 {lane ^ distance}" for lane in range(a.lanes))
    return a.emit.pure(
        value.type, f"shufflevector {value.type} {value.text}, {value.type} poison, <{a.lanes} x i32> <{order}>"
    )


def _shuffled(a: Native, number: Any, distance: int) -> Any:
    values = [_shuffle(a, value, distance) for value in parts(a, number)]
    return Pair(*values) if isinstance(a, DoubleDouble) else values[0]


def columns_as_number(a: Native, count: str) -> Any:
    """The number of columns as a number of the arithmetic, in all lanes."""
    scalar = a.emit.pure(a.element, f"sitofp i64 {count} to {a.element}")
    return a.lift(spread_over(a.emit, scalar, a.lanes))
