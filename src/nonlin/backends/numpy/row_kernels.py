"""Row formulas compiled: one function per formula and element type."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

import numpy as np

from ...definition.expression import Expression, evaluate, parameter, symbol
from ...definition.records import Definition, made_from_definitions
from ...errors import InputError
from .elements import ELEMENT_OF
from .elementwise import rounded, working_arithmetic
from .emitter import LANES as REGISTER
from .emitter import Emitter, Value, vector
from .fast_rows import FastRow
from .jit import compile_ir
from .loops import Columns, counted, module, over_columns, row_of
from .primitives import table
from .reductions import RowReader, is_per_row, split
from .row_plan import RowPlan, plan
from .row_ufuncs import row_ufunc

WIDE_LANES = REGISTER["double"]


def row_module(
    outputs: Sequence[Expression],
    per_row: Sequence[bool],
    inputs: Sequence[str],
    parameters: Sequence[str],
    element: str,
    positive: Collection[str] = (),
) -> str:
    """A module with `void kernel(context, int64 begin, int64 end)` over contiguous rows, from one to another.

    The context holds the inputs' addresses, the outputs', the parameters as doubles, and the number of columns. An
    output that is wanted `per_row` is written to an array of `rows` numbers, any other to a matrix like the inputs.
    `positive` parameters are never negative.
    """
    arguments = _Arguments(inputs, per_row, parameters)
    fast = plan(outputs, positive) if element == "float" else None
    exact, quick = Emitter(), Emitter()
    text = _exact_rows(exact, outputs, arguments, element, "exact_rows" if fast else "kernel")
    if fast is None:
        return module(exact, text)
    return module(quick, _fast_rows(quick, fast, arguments), text, *sorted(exact.declarations - quick.declarations))


class _Arguments:
    """What a row kernel finds in its context."""

    def __init__(self, inputs: Sequence[str], per_row: Sequence[bool], parameters: Sequence[str]) -> None:
        self.inputs, self.per_row, self.parameters = inputs, per_row, parameters

    def load(self, emit: Emitter) -> dict[str, Value]:
        """Load everything: %in0 ..., %out0 ..., %cols, and the parameters, which come back by name."""
        names = [f"%in{j}" for j in range(len(self.inputs))] + [f"%out{j}" for j in range(len(self.per_row))]
        numbers = [f"%number{j}" for j in range(len(self.parameters))]
        for place, name in enumerate([*names, *numbers, "%cols"]):
            kind = "i64" if name == "%cols" else "double" if name in numbers else "ptr"
            emit.do(f"{name}_at = getelementptr i64, ptr %context, i64 {place}")
            emit.do(f"{name} = load {kind}, ptr {name}_at")
        return {name: Value("double", number) for name, number in zip(self.parameters, numbers, strict=True)}

    def rows(self, emit: Emitter, stem: str, element: str, index: Value) -> list[str]:
        """The pointers to a row of each input ("in") or output ("out")."""
        count = len(self.inputs if stem == "in" else self.per_row)
        return [row_of(emit, f"%{stem}{j}", element, index, "%cols") for j in range(count)]


_SIGNATURE = "void @{}(ptr %context, i64 %begin, i64 %end)"


def _exact_rows(emit: Emitter, outputs: Sequence[Expression], arguments: _Arguments, element: str, name: str) -> str:
    """The function over rows in the arithmetic that is exact enough for one final rounding."""
    a = working_arithmetic(emit, element)
    passes, finals = split(outputs)
    numbers = {name: a.lift(emit.spread(number, a.lanes)) for name, number in arguments.load(emit).items()}

    def one_row(index: Value) -> None:
        rows = dict(zip(arguments.inputs, arguments.rows(emit, "in", element, index), strict=True))
        reader = RowReader(a, element, rows, "%cols", dict(numbers))
        for step in passes:
            reader.run(step)
        targets = arguments.rows(emit, "out", element, index)
        matrices = [(p, o) for p, o, scalar in zip(targets, finals, arguments.per_row, strict=True) if not scalar]

        def write(place: Columns) -> None:
            results = reader.at(place, [output for _, output in matrices])
            for number, (pointer, _) in zip(results, matrices, strict=True):
                place.store(pointer, rounded(a, element, a.leading(number)))

        if matrices:
            over_columns(a, element, "%cols", write)
        for j, (output, scalar) in enumerate(zip(finals, arguments.per_row, strict=True)):
            if scalar:
                number = a.leading(evaluate((output,), table(a), reader.numbers)[0])
                _write_scalar(emit, rounded(a, element, number), element, f"%out{j}", index)

    counted(emit, "%end", 1, one_row, first="%begin")
    return emit.function(_SIGNATURE.format(name))


def _fast_rows(emit: Emitter, fast: RowPlan, arguments: _Arguments) -> str:
    """The function over rows in float64; rows that are not for it are left to the exact one."""
    parameters = arguments.load(emit)
    numbers = {name: emit.spread(number, WIDE_LANES) for name, number in parameters.items()}
    emit.declarations |= {"declare ptr @malloc(i64)", "declare void @free(ptr)"}
    size = emit.pure("i64", f"mul i64 %cols, {8 * len(fast.kept) or 8}")
    emit.do(f"%scratch = call ptr @malloc(i64 {size.text})")
    emit.do("%no_memory = icmp eq ptr %scratch, null")
    emit.do("br i1 %no_memory, label %without, label %with")
    emit.label("without")
    emit.do("call void @exact_rows(ptr %context, i64 %begin, i64 %end)")
    emit.do("ret void")
    emit.label("with")
    for place, name in enumerate(fast.kept.values()):
        offset = emit.pure("i64", f"mul i64 %cols, {place}")
        emit.do(f"%kept_{name[1:]} = getelementptr double, ptr %scratch, i64 {offset.text}")

    def one_row(index: Value) -> None:
        rows = dict(zip(arguments.inputs, arguments.rows(emit, "in", "float", index), strict=True))
        pointers = enumerate(arguments.rows(emit, "out", "float", index))
        targets = {j: pointer for j, pointer in pointers if not arguments.per_row[j]}
        row = FastRow(emit, fast, rows, "%cols", numbers, "%kept", list(targets.values()))
        row.passes()
        row.write(targets)
        for j, scalar in enumerate(arguments.per_row):
            if scalar:
                number = row.number(j)
                single = emit.convert("fptrunc", number, vector("float", WIDE_LANES))
                _write_scalar(emit, single, "float", f"%out{j}", index)
        name, after = emit.name("again"), emit.pure("i64", f"add i64 {index.text}, 1")
        emit.do(f"br i1 {row.is_wrong().text}, label %{name}, label %{name}_not")
        emit.label(name)
        emit.do(f"call void @exact_rows(ptr %context, i64 {index.text}, i64 {after.text})")
        emit.do(f"br label %{name}_not")
        emit.label(f"{name}_not")

    counted(emit, "%end", 1, one_row, first="%begin")
    emit.do("call void @free(ptr %scratch)")
    return emit.function(_SIGNATURE.format("kernel"))


def _write_scalar(emit: Emitter, lanes: Value, element: str, pointer: str, index: Value) -> None:
    number = emit.lane(lanes, 0)
    emit.store(number, emit.address(pointer, element, index))


@cache
def rows_ufunc(
    record: Definition, part: str, dtype: np.dtype, per_row: tuple[bool, ...] = (False,), given: tuple[str, ...] = ()
) -> np.ufunc:
    """A part of a row definition along the last axis of C-contiguous arrays of one dtype.

    The `given` parameters are numbers behind the arrays, others are at their defaults.
    """
    inputs = record.inputs_of(part)
    outputs = record.trace(part, *map(symbol, inputs), **{name: parameter(name) for name in given})
    check_per_row(record, outputs, per_row)
    positive = [name for name in given if max(record.parameters[name].low, record.parameters[name].above) >= 0]
    element = ELEMENT_OF[dtype.name]
    kernel = compile_ir(row_module(outputs, per_row, inputs, given, element, positive), "kernel")[0]
    results = ",".join("()" if scalar else "(n)" for scalar in per_row)
    signature = f"{','.join(['(n)'] * len(inputs) + ['()'] * len(given))}->{results}"
    return row_ufunc(f"{record.name}_{part}", kernel, dtype, signature)


made_from_definitions.append(rows_ufunc.cache_clear)


def check_per_row(record: Definition, outputs: Sequence[Expression], per_row: Sequence[bool]) -> None:
    """Raise `InputError` where a formula that must give one number a row gives one for each entry."""
    if len(outputs) != len(per_row):
        raise InputError(f"the formula of {record.name} gives {len(outputs)} results, {len(per_row)} expected")
    for output, scalar in zip(split(outputs)[1], per_row, strict=True):
        if scalar and not is_per_row(output):
            raise InputError(f"the value of {record.name} must be one number for a row: reduce it with row_sum")


def run_rows(
    record: Definition,
    part: str,
    arrays: Sequence[np.ndarray],
    numbers: dict[str, float],
    per_row: Sequence[bool],
    out: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Apply a row kernel to contiguous matrices of one shape and dtype, rows spread over the cores.

    `out` is contiguous memory for the only output.
    """
    given = {name: number for name, number in numbers.items() if number != record.parameters[name].default}
    function = rows_ufunc(record, part, arrays[0].dtype, tuple(per_row), tuple(given))
    into = {} if out is None else {"out": out.reshape(arrays[0].shape)}
    found = function(*arrays, *map(np.float64, given.values()), **into)
    return [*found] if isinstance(found, tuple) else [found]
