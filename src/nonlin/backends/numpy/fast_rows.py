"""Row formulas on float32 in float64, with what a later pass needs again kept.

Rows in which a NaN or a number of the row that is not finite turns up are left to the exact kernel, which knows what
becomes of them. Other results are the same but for the last bits: quotients by a number of the row are products with
its reciprocal, and exponentials are less exact where that does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from ...definition.constants import exact
from ...definition.expression import Expression, evaluate, nodes_of
from . import primitives
from .arithmetic import Native
from .elementary import log_2_parts
from .emitter import Emitter, Value, float_text, vector
from .reductions import AT, Pass
from .rewriting import rewritten, with_symbols
from .row_places import LANES, SIDE_BY_SIDE, Place, over_row
from .row_plan import Formula, RowPlan, whole_power
from .row_totals import Largest, Seen, Totals
from .short_doubles import power_of_e

_SAME_IN_FLOATS = ("input", "negative", "abs")  # what is exact in any precision


class _Doubles(Native):
    """Doubles with exponentials of fewer instructions; what is below the normal numbers is no matter to them."""

    def __init__(self, emit: Emitter, lanes: int, *, is_decaying: bool) -> None:
        super().__init__(emit, "double", lanes)
        self.is_decaying = is_decaying

    def rough_exp(self, x: Value) -> Value:
        """exp(x) to 2**-28; about 1e-307 where it is less, and NaN where it is beyond the range."""
        emit, low, high = self.emit, self.splat(_LOWEST), self.splat(710)
        x = emit.select(emit.compare("ogt", low, x), low, x)  # NaN stays
        if not self.is_decaying:
            x = emit.select(emit.compare("olt", high, x), high, x)
        return power_of_e(self, x, (exact("log_2"),), _ROUGH)

    def fine_exp(self, x: Value) -> Value:
        """exp(x) to about 2**-52; 0 where it is less than a normal number."""
        emit = self.emit
        result = power_of_e(self, x, log_2_parts(42)[:2], _FINE)
        if not self.is_decaying:
            result = emit.select(emit.compare("ogt", x, self.splat(_HIGHEST)), self.splat(math.inf), result)
        return emit.select(emit.compare("olt", x, self.splat(_LOWEST)), self.splat(0), result)


_LOWEST, _HIGHEST = -708.0, 709.78  # beyond, exp(x) is less than a normal number, and infinite
# exp(r) on |r| <= log(2) / 2 by Chebyshev interpolation
_ROUGH = (1.0, 1.00000003772, 0.500000004712, 0.166664155046, 0.0416663528842, 0.00837512723576, 0.00139411094801)
_FINE = (
    1.0, 1.0, 0.5000000000000019, 0.1666666666666668,
    0.04166666666648808, 0.0083333333333196, 0.0013888888952318583, 0.00019841269890050043,
    2.4801485478252324e-05, 2.755724091544448e-06, 2.7632641147321496e-07, 2.511003876579685e-08,
)  # fmt: skip


def _leaves(formula: Formula) -> set[str]:
    """The names that a formula needs."""
    return {str(node.value) for node in nodes_of([formula.entries, *formula.numbers.values()]) if not node.arguments}


def _elsewhere(formula: Expression) -> Expression:
    """A formula where its conditions on single columns do not hold."""

    def settled(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        is_choice = node.operation == "where" and node.arguments[0].operation == "condition"
        return arguments[2] if is_choice else None

    return rewritten([formula], settled)[0]


class FastRow:
    """Emits one row, from the pointers to its inputs to its outputs."""

    def __init__(
        self,
        emit: Emitter,
        plan: RowPlan,
        rows: Mapping[str, str],
        count: str,
        parameters: Mapping[str, Value],
        kept: str,
        targets: Sequence[str],
    ) -> None:
        self.emit, self.plan, self.rows, self.count = emit, plan, rows, count
        self.lanes = LANES * (SIDE_BY_SIDE if plan.is_simple else 1)
        self.number_arithmetic = Native(emit, "double", LANES)
        self.numbers: dict[str, Any] = dict(parameters)  # of the row, in all lanes
        self.kept = {name: f"{kept}_{name[1:]}" for name in plan.kept.values()}
        self.targets, self.has_prefetched = targets, False
        self.stored: set[str] = set()  # of what is kept
        self.argmax: dict[str, Value] = {}
        self.scalars: dict[str, Value] = {}
        self.target: Value | None = None  # the index of the target's class, an i64
        self.late_sums: dict[str, Formula] = {}
        self.wrong = emit.slot("i1", "false")

    def set_target(self, name: str, index: Value) -> None:
        """Let the condition `name` hold at an index (an i64), the class of the row's target."""
        self.target, self.argmax[name] = index, self.emit.convert("trunc", index, "i32")

    def passes(self, written: Collection[int]) -> None:
        """All reductions, in the order in which the outputs need them; sums that do not need each other together.

        Sums that none of the outputs to be `written` for each entry needs are left to the pass that writes these.
        """
        largest: dict[Expression, tuple[Value, Value]] = {}
        waiting: dict[str, Formula] = {}
        for step, formula in self.plan.passes:
            if waiting.keys() & _leaves(formula):
                self._sum_all(waiting)
            self._prepare(formula)
            if step.operation == "row_sum":
                waiting[step.name] = formula
            elif step.operation == "row_threshold":
                self.numbers[step.name] = self._threshold(formula.entries, step)
            elif step.operation == AT:
                self.numbers[step.name] = self._at_class(formula.entries)
            else:
                if step.argument not in largest:
                    largest[step.argument] = self._largest(formula.entries)
                self.numbers[step.name], self.argmax[step.name] = largest[step.argument]
        needed = set().union(*(_leaves(self.plan.outputs[k]) for k in written))
        if written and not waiting.keys() & needed:
            self.late_sums = waiting
        else:
            self._sum_all(waiting)

    def is_wrong(self) -> Value:
        """Whether this row is for the exact kernel."""
        return self.emit.load("i1", self.wrong)

    def prepare(self, outputs: Iterable[int]) -> None:
        """The numbers of the row in the outputs of each entry: with them it is known whether the row is for here."""
        for k in outputs:
            self._prepare(self.plan.outputs[k])

    def write(self, places: Mapping[int, str]) -> None:
        """The outputs that are wanted for each entry, by number, to the pointers to their rows."""
        seen, totals = Seen(self.emit, self.lanes), Totals(self.emit, self.lanes, len(self.late_sums))
        formulas = [self.plan.outputs[k].entries for k in places] + [sum_.entries for sum_ in self.late_sums.values()]

        def write(place: Place) -> None:
            self._apart(place, formulas, lambda results: store(place, results))

        def store(place: Place, results: Sequence[Value]) -> None:
            for result, pointer in zip(results, places.values(), strict=False):
                single = self.emit.convert("fptrunc", result, vector("float", place.lanes))
                place.store(pointer, "float", single)
                if self.plan.may_fail_late:
                    seen.look(place, single)
            if self.late_sums:
                totals.add(place, results[len(places) :])

        over_row(self.emit, self.count, self.lanes, write)
        if self.late_sums:
            self.numbers |= dict(zip(self.late_sums, totals.results(), strict=True))
        self._note(seen.nan())

    def number(self, output: int) -> Value:
        """An output that is one number for the row, in all lanes."""
        formula = self.plan.outputs[output]
        values = self.numbers | {name: self._evaluated(node) for name, node in formula.numbers.items()}
        return evaluate((formula.entries,), primitives.table(self.number_arithmetic), values)[0]

    def _evaluated(self, formula: Expression) -> Value:
        return evaluate((formula,), primitives.table(self.number_arithmetic), self.numbers)[0]

    def _prepare(self, formula: Formula) -> None:
        """The numbers of the row that a formula needs, which must be finite."""
        emit = self.emit
        for name, node in formula.numbers.items():
            if name not in self.scalars:
                self.scalars[name] = scalar = emit.lane(self._evaluated(node), 0)
                rest = emit.pure("double", f"fsub double {scalar.text}, {scalar.text}")
                self._note(emit.pure("i1", f"fcmp uno double {rest.text}, {rest.text}"))

    def _note(self, wrong: Value) -> None:
        self.emit.store(self.emit.binary("or", self.is_wrong(), wrong), self.wrong)

    def _at(
        self, place: Place, formulas: Sequence[Expression], element: str = "double", *, keep: bool = True
    ) -> list[Value]:
        """Formulas of entries at some columns; costly parts are taken from where they are kept, or kept."""
        a = Native(self.emit, element, place.lanes)
        table = primitives.table(a)
        doubles = _Doubles(self.emit, place.lanes, is_decaying=self.plan.is_decaying)
        table["exp"] = doubles.rough_exp if self.plan.is_rough else doubles.fine_exp
        kept = self.plan.kept
        wanted = [with_symbols(formula, {n: s for n, s in kept.items() if s in self.stored}) for formula in formulas]
        used = {str(node.value) for node in nodes_of(wanted) if not node.arguments}
        values: dict[str, Any] = {
            name: self.emit.spread(number, place.lanes) for name, number in self.scalars.items() if name in used
        }
        for name, row in self.rows.items():
            if name in used:
                entries = place.load(row, "float")
                values[name] = self.emit.convert("fpext", entries, a.type) if element == "double" else entries
        values |= {name: place.load(self.kept[name], "double") for name in sorted(self.stored & used)}
        values |= {name: self._is_argmax(name, place) for name in self.argmax if name in used}
        fresh = [node for node in kept if keep and kept[node] not in self.stored and node in nodes_of(wanted)]
        results = evaluate((*wanted, *fresh), table, values)
        for node, result in zip(fresh, results[len(wanted) :], strict=True):
            place.store(self.kept[kept[node]], "double", result)
            if place.mask is not None:  # the last step of a pass: later passes can read it
                self.stored.add(kept[node])
        return list(results[: len(wanted)])

    def _is_argmax(self, name: str, place: Place) -> Value:
        index = self.emit.spread(self.argmax[name], place.lanes)
        return self.emit.compare_integers("eq", index, place.columns())

    def _at_class(self, formula: Expression) -> Value:
        """The entry at the class of the row's target, in all lanes."""
        assert self.target is not None
        place = Place(self.emit, self.target, LANES, self.emit.first_lanes(Value("i32", "1"), LANES))
        return self.emit.spread(self.emit.lane(self._at(place, [formula], keep=False)[0], 0), LANES)

    def _sum_all(self, waiting: dict[str, Formula]) -> None:
        """The sums over the row that are waiting, in one pass."""
        if waiting:
            totals = self._sums([formula.entries for formula in waiting.values()])
            self.numbers |= dict(zip(waiting, totals, strict=True))
            waiting.clear()

    def _sums(self, formulas: Sequence[Expression]) -> list[Value]:
        """Sums over the row, in all lanes."""
        totals, is_first = Totals(self.emit, self.lanes, len(formulas)), not self.has_prefetched
        self.has_prefetched = True

        def add(place: Place) -> None:
            if is_first and place.mask is None:
                self._prefetch(place)
            self._apart(place, formulas, lambda terms: totals.add(place, terms))

        over_row(self.emit, self.count, self.lanes, add)
        return totals.results()

    def _apart(self, place: Place, formulas: Sequence[Expression], use: Callable[[list[Value]], None]) -> None:
        """Use formulas at a place: without their conditions on single columns where none of these columns is."""
        emit = self.emit
        leaves = {str(node.value) for node in nodes_of(formulas) if node.operation == "condition"}
        if not leaves or place.mask is not None:
            use(self._at(place, formulas))
            return
        near: Value | None = None
        for name in sorted(leaves):
            distance = emit.binary("sub", self.argmax[name], emit.convert("trunc", place.first, "i32"))
            inside = emit.pure("i1", f"icmp ult i32 {distance.text}, {place.lanes}")
            near = inside if near is None else emit.binary("or", near, inside)
        assert near is not None
        label = emit.name("place")
        emit.do(f"br i1 {near.text}, label %{label}_near, label %{label}_far")
        emit.label(f"{label}_near")
        use(self._at(place, formulas))
        emit.do(f"br label %{label}_end")
        emit.label(f"{label}_far")
        use(self._at(place, [_elsewhere(formula) for formula in formulas]))
        emit.do(f"br label %{label}_end")
        emit.label(f"{label}_end")

    def _prefetch(self, place: Place) -> None:
        """Let the memory work while the processor computes: ask for the next row, and for where this one goes."""
        for row in self.rows.values():
            place.prefetch(row, self.count, write=False)
        for row in self.targets:
            place.prefetch(row, "0", write=True)

    def _largest(self, formula: Expression) -> tuple[Value, Value]:
        """The largest entry in all lanes, and the index of the first of its kind."""
        emit = self.emit
        is_same = all(
            n.operation in _SAME_IN_FLOATS and (n.arguments or n.value in self.rows) for n in nodes_of([formula])
        )
        element = "float" if is_same else "double"
        wanted = any(step.operation == "is_row_argmax" for step, _ in self.plan.passes)
        seen, best = Seen(emit, self.lanes), Largest(emit, element, self.lanes, wants_index=wanted)

        def compare(place: Place) -> None:
            (entries,) = self._at(place, [formula], element)
            seen.look(place, entries)
            best.take(place, entries)

        over_row(emit, self.count, self.lanes, compare)
        self._note(seen.nan())
        top, index = best.result()
        wide = top if element == "double" else emit.convert("fpext", top, "double")
        self._note(emit.pure("i1", f"fcmp ueq double {wide.text}, {float_text('double', -math.inf)}"))
        return emit.spread(wide, LANES), index

    def _threshold(self, formula: Expression, step: Pass) -> Value:
        """The threshold by Newton's steps from the left."""
        emit, a = self.emit, self.number_arithmetic
        power, (top, _) = whole_power(step), self._largest(formula)
        slot, name = emit.slot(a.type, "zeroinitializer"), emit.name("newton")
        emit.store(a.subtract(top, a.number(1)), slot)
        emit.do(f"br label %{name}")
        emit.label(name)
        before = emit.load(a.type, slot)
        change = self._newton(formula, power, before)
        emit.store(a.add(before, change), slot)
        further = emit.pure("i1", f"fcmp ogt double {emit.lane(change, 0).text}, {float_text('double', 2.0**-40)}")
        emit.do(f"br i1 {further.text}, label %{name}, label %{name}_end")
        emit.label(f"{name}_end")
        return emit.load(a.type, slot)

    def _newton(self, formula: Expression, power: int, threshold: Value) -> Value:
        """(sum of d**power - 1) / (power times the sum of d**(power - 1)), where d is what is above the threshold."""
        totals, scalar = Totals(self.emit, self.lanes, 2), self.emit.lane(threshold, 0)

        def add(place: Place) -> None:
            a = Native(self.emit, "double", place.lanes)
            d = a.subtract(self._at(place, [formula])[0], self.emit.spread(scalar, place.lanes))
            above = a.less(a.number(0), d)
            d, one = (a.where(above, number, a.number(0)) for number in (d, a.number(1)))
            totals.add(place, [d, one] if power == 1 else [a.multiply(d, d), d])

        over_row(self.emit, self.count, self.lanes, add)
        a, (total, slope) = self.number_arithmetic, totals.results()
        return a.divide(a.subtract(total, a.number(1)), a.multiply(a.number(power), slope))
