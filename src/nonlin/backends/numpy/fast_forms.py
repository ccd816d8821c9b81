"""The fast forms of float32 formulas: in two floats or, where sums cancel, in doubles with short functions."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

from ...definition.expression import Expression, evaluate, nodes_of
from . import fast_functions, short_doubles
from .arithmetic import Native
from .elementwise import LANES as EXACT_LANES
from .elementwise import or_nan, rounded, widened
from .emitter import Emitter, Value, vector
from .float_pair import LANES, FloatPair, Sum
from .nan_passing import passes_nan
from .short_doubles import Doubtful, ShortDoubles
from .stages import stages

LEAST_INPUT = 2.0**-30  # a smaller one, but 0, is not for two floats: what corrects its products is no float
LEAST = 2.0**-90  # a smaller parameter, but 0, is not for two floats: they hold no more than part of its digits


class FastForm(NamedTuple):
    """A formula, and whether its sums may cancel, so that it is for doubles."""

    formula: Expression
    may_cancel: bool = False


def has_fast_form(form: FastForm) -> bool:
    """Whether a formula is made of what its arithmetic has."""
    nodes = nodes_of([form.formula])
    functions = short_doubles.PRIMITIVES if form.may_cancel else fast_functions.PRIMITIVES
    known = ("input", "parameter", "number", "constant", *functions)
    numbers = [abs(node.value) for node in nodes if node.operation == "number"]
    return all(node.operation in known for node in nodes) and all(
        n in (0, math.inf) or 1e-38 < n < 1e38 for n in numbers
    )


def fast_bodies(forms: Sequence[FastForm | None], inputs: Sequence[str], parameters: Sequence[str]) -> list[Emitter]:
    """LANES floats of each input, and parameters, through the fast forms, in stages; one without such a form is 0.

    %p0, %p1 ... point to inputs, parameters (doubles) and results; what passes from stage to stage is kept where %t0,
    %t1 ... point. Results are stored last of all: an output may be the memory of an input.
    """
    return _Bodies(forms, inputs, parameters).all()


def work(forms: Sequence[FastForm | None], inputs: Sequence[str], parameters: Sequence[str]) -> int:
    """About how long a step takes: instructions, those on doubles twice, divisions and roots more."""
    of_doubles = f"<{LANES} x double>"  # beside pairs of floats these are parameters, the same for all steps
    twice = any(form is not None and form.may_cancel for form in forms)
    total = 0
    for line in (line for body in fast_bodies(forms, inputs, parameters) for line in body.lines):
        times = 2 * twice if of_doubles in line else 1
        total += 0 if "= bitcast" in line else times * (8 if "fdiv" in line or "sqrt" in line else 1)
    return total


class _Bodies:
    """Stages of the formulas for two floats, the last of which computes those for doubles too."""

    def __init__(self, forms: Sequence[FastForm | None], inputs: Sequence[str], parameters: Sequence[str]) -> None:
        self.forms, self.inputs, self.parameters = forms, tuple(inputs), tuple(parameters)
        self.first = len(inputs) + len(parameters)  # place of the first result
        known = [(k, form) for k, form in enumerate(forms) if form is not None]
        self.in_floats = [k for k, form in known if not form.may_cancel]
        self.in_doubles = [k for k, form in known if form.may_cancel]
        self.kept: dict[str, list[int]] = {}  # the places of the parts of earlier results

    def all(self) -> list[Emitter]:
        """A body for each stage."""
        formulas = fast_functions.expanded(self._formulas(self.in_floats))
        *earlier, last = stages(formulas) if formulas else [{}]
        bodies = [self._keep(stage) for stage in earlier]
        emit = Emitter()
        results = dict(zip(self.in_floats, self._from_floats(emit, last, formulas), strict=True))
        if self.in_doubles:
            results |= dict(zip(self.in_doubles, self._from_doubles(emit), strict=True))
        kind = vector("float", LANES)
        for k in range(len(self.forms)):
            emit.store(results.get(k, Value(kind, "zeroinitializer")), f"%p{self.first + k}", 4)
        return [*bodies, emit]

    def _formulas(self, places: Sequence[int]) -> list[Expression]:
        return [form.formula for form in map(self.forms.__getitem__, places) if form is not None]

    def _keep(self, formulas: Mapping[str, Expression]) -> Emitter:
        """A stage whose results are for later ones."""
        emit = Emitter()
        a, values = self._floats(emit, formulas)
        results = evaluate(tuple(formulas.values()), fast_functions.table(a), values)
        for name, result in zip(formulas, results, strict=True):
            parts = [part for part in (result.high, result.low) if part is not None]
            self.kept[name] = self._temporaries(len(parts))
            for place, part in zip(self.kept[name], parts, strict=True):
                emit.store(part, f"%t{place}", 64)
        return emit

    def _temporaries(self, count: int) -> list[int]:
        first = sum(map(len, self.kept.values()))
        return list(range(first, first + count))

    def _floats(
        self, emit: Emitter, formulas: Mapping[str, Expression], also: Collection[str] = ()
    ) -> tuple[FloatPair, dict[str, Any]]:
        """The arithmetic of two floats, and what the formulas need in it."""
        a = FloatPair(emit)
        needed = {str(n.value) for n in nodes_of(formulas.values()) if n.operation in ("input", "parameter")} | {*also}
        given = self._load(emit, needed)
        values: dict[str, Any] = {name: a.lift(given[name]) for name in self.inputs if name in given}
        values |= {name: a.from_double(given[name]) for name in self.parameters if name in given}
        for name in sorted(needed & self.kept.keys()):  # in one order: the text is the key of the cache
            parts = [emit.load(a.type, f"%t{place}", 64) for place in self.kept[name]]
            values[name] = Sum(parts[0], parts[1] if len(parts) > 1 else None)
        return a, values

    def _load(self, emit: Emitter, needed: Collection[str]) -> dict[str, Value]:
        """Inputs as floats and parameters as doubles."""
        found = {}
        for place, name in enumerate((*self.inputs, *self.parameters)):
            if name in needed:
                element, align = ("float", 4) if place < len(self.inputs) else ("double", 8)
                found[name] = emit.load(vector(element, LANES), f"%p{place}", align)
        return found

    def _from_floats(self, emit: Emitter, last: Mapping[str, Expression], outputs: Sequence[Expression]) -> list[Value]:
        """The results in two floats, each rounded to one."""
        a, values = self._floats(emit, last, also=self.inputs)
        results = evaluate(tuple(last.values()), fast_functions.table(a), values)
        found = dict(zip(last, map(a.leading, results), strict=True))
        for k, output in enumerate(outputs):
            silent = [values[x].high for x in self.inputs if not passes_nan(output, x)]
            found[f"out{k}"] = reduce(partial(or_nan, a), silent, found[f"out{k}"])
        return [found[f"out{k}"] for k in range(len(outputs))]

    def _from_doubles(self, emit: Emitter) -> list[Value]:
        """The results in doubles, each rounded to a float; lanes that are in doubt come from the exact form."""
        certain = emit.name("certain")
        emit.do(f"br label %{certain}")
        emit.label(certain)
        a = ShortDoubles(emit)
        given = self._load(emit, (*self.inputs, *self.parameters))
        values = {name: Doubtful(widened(a, "float", given[name])) for name in self.inputs}
        values |= {name: Doubtful(given[name]) for name in self.parameters}
        formulas = short_doubles.with_watched_sums(self._formulas(self.in_doubles))
        found = evaluate(tuple(formulas), short_doubles.table(a), values)
        nans = [given[name] for name in self.inputs]
        results = [reduce(partial(or_nan, a), nans, rounded(a, "float", number.value)) for number in found]
        doubts = [number.doubt for number in found]
        return results if doubts == [None] * len(doubts) else self._settled(emit, certain, doubts, results)

    def _settled(
        self, emit: Emitter, certain: str, doubts: Sequence[Value | None], results: Sequence[Value]
    ) -> list[Value]:
        """The results, those of lanes in doubt from the exact form."""
        again, settled = emit.name("again"), emit.name("settled")
        some = emit.some(reduce(partial(emit.binary, "or"), [doubt for doubt in doubts if doubt is not None]))
        emit.do(f"br i1 {some.text}, label %{again}, label %{settled}")
        emit.label(again)
        exact = self._exact(emit)
        better = [
            result if doubt is None else emit.select(doubt, exact[k], result)
            for k, doubt, result in zip(self.in_doubles, doubts, results, strict=True)
        ]
        emit.do(f"br label %{settled}")
        emit.label(settled)
        return [
            emit.effect(first.type, f"phi {first.type} [ {first.text}, %{certain} ], [ {second.text}, %{again} ]")
            for first, second in zip(results, better, strict=True)
        ]

    def _exact(self, emit: Emitter) -> list[Value]:
        """All results by the exact form, a step of it at a time."""
        kept = self._temporaries(len(self.forms))
        sizes = [4] * len(self.inputs) + [8] * len(self.parameters)
        places = [(f"%p{j}", size) for j, size in enumerate(sizes)] + [(f"%t{place}", 4) for place in kept]
        for step in range(0, LANES, EXACT_LANES):
            at = [emit.pure("ptr", f"getelementptr i8, ptr {name}, i64 {step * size}") for name, size in places]
            emit.do(f"call void @exact_float({', '.join(f'ptr {place.text}' for place in at)}, i64 {EXACT_LANES})")
        return [emit.load(vector("float", LANES), f"%t{place}", 64) for place in kept]


def fast_masks(outputs: int, inputs: int, parameters: int) -> Emitter:
    """Where LANES elements take the fast form of each output, in %m0, %m1, ...

    That is where every input is not tiny and at most %bound0, %bound1 ... in size, and every parameter is not tiny
    either and between its %lo and %hi.
    """
    emit = Emitter()
    a = Native(emit, "float", LANES)
    wide = Native(emit, "double", LANES)
    sizes = [emit.intrinsic("fabs", emit.load(a.type, f"%p{j}", 4)) for j in range(inputs)]
    zero, least = a.splat(0), a.splat(LEAST_INPUT)
    large_enough = [
        emit.binary("or", emit.compare("oeq", size, zero), emit.compare("oge", size, least)) for size in sizes
    ]
    usual = []
    for j in range(inputs, inputs + parameters):
        number = emit.load(wide.type, f"%p{j}", 8)
        low, high = (emit.spread(Value("double", f"%{end}{j}"), wide.lanes) for end in ("lo", "hi"))
        usual += [emit.compare("ole", low, number), emit.compare("ole", number, high)]
        normal = emit.compare("ole", wide.splat(LEAST), emit.intrinsic("fabs", number))
        usual.append(emit.binary("or", normal, emit.compare("oeq", number, wide.splat(0))))
    for k in range(outputs):
        bound = emit.spread(Value("float", f"%bound{k}"), a.lanes)
        small_enough = [emit.compare("ole", size, bound) for size in sizes]
        mask = reduce(partial(emit.binary, "and"), [*small_enough, *large_enough, *usual])
        emit.do(f"%m{k} = bitcast {mask.type} {mask.text} to {mask.type}")
    return emit
