"""Row formulas compiled: one function per formula and element type."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

import numpy as np

from ...definition.expression import Expression, evaluate, parameter, symbol
from ...definition.records import Definition, made_from_definitions
from ...errors import InputError
from .arithmetic import Native
from .elements import ELEMENT_OF
from .elementwise import rounded, working_arithmetic
from .emitter import LANES as REGISTER
from .emitter import Emitter, Value
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
    inputs: Sequence[str] | Mapping[str, str],
    parameters: Sequence[str],
    element: str,
    positive: Collection[str] = (),
    *,
    as_doubles: bool = False,
) -> str:
    """A module with `void kernel(context, int64 begin, int64 end)` over contiguous rows, from one to another.

    The context holds the inputs' addresses, the outputs', the parameters as doubles, and the number of columns. An
    output that is wanted `per_row` is written to an array of `rows` numbers (doubles if wanted `as_doubles`), any
    other to a matrix like the inputs. `positive` parameters are never negative. Inputs may be named with what they
    hold: ROW, a matrix (where it is not said), SHARED, one row for all, NUMBER, a double for each row, or TARGET, the
    index of a class for each row, an int64.
    """
    held = dict(inputs) if isinstance(inputs, Mapping) else dict.fromkeys(inputs, ROW)
    arguments = _Arguments(held, per_row, parameters, "double" if as_doubles else element)
    fast = plan(outputs, positive) if element == "float" else None
    exact, quick = Emitter(), Emitter()
    text = _exact_rows(exact, outputs, arguments, element, "exact_rows" if fast else "kernel")
    if fast is None:
        return module(exact, text)
    return module(quick, _fast_rows(quick, fast, arguments), text, *sorted(exact.declarations - quick.declarations))


class _Arguments:
    """What a row kernel finds in its context."""

    def __init__(
        self, inputs: Mapping[str, str], per_row: Sequence[bool], parameters: Sequence[str], number_element: str
    ) -> None:
        self.inputs, self.per_row, self.parameters = inputs, per_row, parameters
        self.number_element = number_element  # of what is one number for a row

    def load(self, emit: Emitter) -> dict[str, Value]:
        """Load everything: %in0 ..., %out0 ..., %cols, and the parameters, which come back by name."""
        names = [f"%in{j}" for j in range(len(self.inputs))] + [f"%out{j}" for j in range(len(self.per_row))]
        numbers = [f"%number{j}" for j in range(len(self.parameters))]
        for place, name in enumerate([*names, *numbers, "%cols"]):
            kind = "i64" if name == "%cols" else "double" if name in numbers else "ptr"
            emit.do(f"{name}_at = getelementptr i64, ptr %context, i64 {place}")
            emit.do(f"{name} = load {kind}, ptr {name}_at")
        return {name: Value("double", number) for name, number in zip(self.parameters, numbers, strict=True)}

    def rows(self, emit: Emitter, element: str, index: Value) -> dict[str, str]:
        """The pointers to a row of each input that holds rows, by name."""
        pointers = {name: f"%in{j}" for j, name in enumerate(self.inputs) if self.inputs[name] in (ROW, SHARED)}
        return {
            name: row_of(emit, pointer, element, index, "%cols") if self.inputs[name] == ROW else pointer
            for name, pointer in pointers.items()
        }

    def numbers(self, emit: Emitter, index: Value) -> dict[str, Value]:
        """What the inputs hold that are a number for each row, by name: doubles, and an i64 for a target."""
        kinds = {NUMBER: "double", TARGET: "i64"}
        places = {name: (f"%in{j}", kinds[held]) for j, (name, held) in enumerate(self.inputs.items()) if held in kinds}
        return {name: emit.load(kind, emit.address(pointer, kind, index)) for name, (pointer, kind) in places.items()}

    def targets(self, emit: Emitter, element: str, index: Value) -> dict[int, str]:
        """The pointers to a row of each output that is wanted for each entry, by number."""
        matrices = [j for j, scalar in enumerate(self.per_row) if not scalar]
        return {j: row_of(emit, f"%out{j}", element, index, "%cols") for j in matrices}

    def write_number(self, a: Native, lanes: Value, output: int, index: Value) -> None:
        """Write an output that is one number for the row, given in all lanes."""
        number = a.emit.lane(rounded(a, self.number_element, lanes), 0)
        a.emit.store(number, a.emit.address(f"%out{output}", self.number_element, index))


ROW, SHARED, NUMBER, TARGET = "row", "shared", "number", "target"
_SIGNATURE = "void @{}(ptr %context, i64 %begin, i64 %end)"


def _exact_rows(emit: Emitter, outputs: Sequence[Expression], arguments: _Arguments, element: str, name: str) -> str:
    """The function over rows in the arithmetic that is exact enough for one final rounding."""
    a = working_arithmetic(emit, element)
    passes, finals = split(outputs)
    parameters = {name: a.lift(emit.spread(number, a.lanes)) for name, number in arguments.load(emit).items()}

    def one_row(index: Value) -> None:
        of_row = arguments.numbers(emit, index)
        doubles = {n: a.lift(emit.spread(number, a.lanes)) for n, number in of_row.items() if number.type == "double"}
        reader = RowReader(a, element, arguments.rows(emit, element, index), "%cols", parameters | doubles)
        for target in of_row.keys() - doubles.keys():
            reader.set_target(target, of_row[target])
        for step in passes:
            reader.run(step)
        matrices = arguments.targets(emit, element, index)

        def write(place: Columns) -> None:
            results = reader.at(place, [finals[j] for j in matrices])
            for number, pointer in zip(results, matrices.values(), strict=True):
                place.store(pointer, rounded(a, element, a.leading(number)))

        if matrices:
            over_columns(a, element, "%cols", write)
        for j, scalar in enumerate(arguments.per_row):
            if scalar:
                number = a.leading(evaluate((finals[j],), table(a), reader.numbers)[0])
                arguments.write_number(a, number, j, index)

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
        of_row = arguments.numbers(emit, index)
        doubles = {n: emit.spread(number, WIDE_LANES) for n, number in of_row.items() if number.type == "double"}
        rows, targets = arguments.rows(emit, "float", index), arguments.targets(emit, "float", index)
        row = FastRow(emit, fast, rows, "%cols", numbers | doubles, "%kept", list(targets.values()))
        for target in of_row.keys() - doubles.keys():
            row.set_target(target, of_row[target])
        row.passes(targets)
        row.prepare(targets)
        name, after = emit.name("row"), emit.pure("i64", f"add i64 {index.text}, 1")
        # A result may take the place of an input: what is for the exact kernel must be left as it is.
        emit.do(f"br i1 {row.is_wrong().text}, label %{name}_exact, label %{name}_fast")
        emit.label(f"{name}_fast")
        if targets:
            row.write(targets)
        for j, scalar in enumerate(arguments.per_row):
            if scalar:
                arguments.write_number(row.number_arithmetic, row.number(j), j, index)
        emit.do(f"br i1 {row.is_wrong().text}, label %{name}_exact, label %{name}_end")
        emit.label(f"{name}_exact")
        emit.do(f"call void @exact_rows(ptr %context, i64 {index.text}, i64 {after.text})")
        emit.do(f"br label %{name}_end")
        emit.label(f"{name}_end")

    counted(emit, "%end", 1, one_row, first="%begin")
    emit.do("call void @free(ptr %scratch)")
    return emit.function(_SIGNATURE.format("kernel"))


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
    kernel = row_kernel(outputs, per_row, inputs, given, dtype, never_negative(record, given))
    results = ",".join("()" if scalar else "(n)" for scalar in per_row)
    signature = f"{','.join(['(n)'] * len(inputs) + ['()'] * len(given))}->{results}"
    return row_ufunc(f"{record.name}_{part}", kernel, dtype, signature)


def never_negative(record: Definition, parameters: Sequence[str]) -> list[str]:
    """Those of the parameters whose allowed values are not negative."""
    return [name for name in parameters if max(record.parameters[name].low, record.parameters[name].above) >= 0]


def row_kernel(
    outputs: Sequence[Expression],
    per_row: Sequence[bool],
    inputs: Sequence[str] | Mapping[str, str],
    parameters: Sequence[str],
    dtype: np.dtype,
    positive: Collection[str],
    *,
    as_doubles: bool = False,
) -> int:
    """The address of the kernel of a `row_module`."""
    element = ELEMENT_OF[dtype.name]
    ir = row_module(outputs, per_row, inputs, parameters, element, positive, as_doubles=as_doubles)
    return compile_ir(ir, "kernel")[0]


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
