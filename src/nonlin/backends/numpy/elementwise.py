"""Elementwise formulas as the inner loops of NumPy ufuncs."""

from __future__ import annotations

from collections.abc import Sequence

from ...definition.expression import Expression, evaluate
from .arithmetic import DoubleDouble, Native
from .elementary import table
from .emitter import BYTES, Emitter, Value, vector
from .loops import ATTRIBUTES

LANES = 8
ELEMENTS = ("half", "float", "double")


def working_arithmetic(emitter: Emitter, element: str) -> Native:
    """The arithmetic that is exact enough for one final rounding to the element type."""
    return DoubleDouble(emitter) if element == "double" else Native(emitter, "double")


def load(a: Native, element: str, pointer: str) -> Value:
    """Lanes of an element type as doubles."""
    loaded = a.emit.effect(
        vector(element, LANES), f"load {vector(element, LANES)}, ptr {pointer}, align {BYTES[element]}"
    )
    return loaded if element == "double" else a.emit.convert("fpext", loaded, vector("double", LANES))


def rounded(a: Native, element: str, number: Value) -> Value:
    """A double rounded once to the element type."""
    if element == "double":
        return number
    single = a.emit.convert("fptrunc", number, vector("float", LANES))
    return (
        single if element == "float" else a.emit.convert("fptrunc", _to_odd(a, number, single), vector("half", LANES))
    )


def _to_odd(a: Native, number: Value, single: Value) -> Value:
    """The float beside a double whose last bit is odd unless it is exact, so that rounding it again is rounding once.

    Boldo & Melquiond 2008, doi:10.1109/TC.2007.70819.
    """
    emit, integers = a.emit, vector("i32", LANES)
    back = emit.convert("fpext", single, vector("double", LANES))
    bits = emit.convert("bitcast", single, integers)
    ones = Value(integers, "<" + ", ".join(["i32 1"] * LANES) + ">")
    too_far = emit.compare("ogt", emit.intrinsic("fabs", back), emit.intrinsic("fabs", number))
    truncated = emit.select(too_far, emit.binary("sub", bits, ones), bits)
    inexact = emit.compare("one", back, number)
    return emit.convert("bitcast", emit.select(inexact, emit.binary("or", truncated, ones), bits), single.type)


def store(a: Native, element: str, number: Value, pointer: str) -> None:
    """Write lanes of doubles as an element type."""
    value = rounded(a, element, number)
    a.emit.do(f"store {value.type} {value.text}, ptr {pointer}, align {BYTES[element]}")


def evaluated(
    a: Native, outputs: Sequence[Expression], values: dict[str, object], inputs: Sequence[str]
) -> list[Value]:
    """The outputs in the working arithmetic; a NaN among the inputs is the result."""
    results = []
    for result in evaluate(tuple(outputs), table(a), values):
        number = a.leading(result)
        for name in inputs:
            given = a.leading(values[name])
            number = a.emit.select(a.emit.compare("uno", given, given), given, number)
        results.append(number)
    return results


def _body(outputs: Sequence[Expression], inputs: Sequence[str], parameters: Sequence[str], element: str) -> Emitter:
    """One step: LANES elements of each input and parameter in, of each output out."""
    emitter = Emitter()
    a = working_arithmetic(emitter, element)
    pointers = [f"%p{j}" for j in range(len(inputs) + len(parameters) + len(outputs))]
    values: dict[str, object] = {name: a.lift(load(a, element, pointers[j])) for j, name in enumerate(inputs)}
    for j, name in enumerate(parameters, len(inputs)):
        values[name] = a.lift(load(a, "double", pointers[j]))
    for pointer, number in zip(pointers[-len(outputs) :], evaluated(a, outputs, values, inputs), strict=True):
        store(a, element, number, pointer)
    return emitter


def ufunc_loops(outputs: Sequence[Expression], inputs: Sequence[str], parameters: Sequence[str]) -> str:
    """A module with the functions loop_half, loop_float and loop_double of type PyUFuncGenericFunction.

    Contiguous data runs through the vector body in place; anything else, and the end, is gathered into a buffer of
    LANES elements, so that the layout cannot change a result. Parameters are always doubles.
    """
    functions, declarations = [], {"declare i32 @feclearexcept(i32)"}
    for element in ELEMENTS:
        body = _body(outputs, inputs, parameters, element)
        declarations |= body.declarations
        sizes = [BYTES[element]] * len(inputs) + [8] * len(parameters) + [BYTES[element]] * len(outputs)
        pointers = ", ".join(f"ptr %p{j}" for j in range(len(sizes)))
        functions.append(
            f"define internal void @body_{element}({pointers}) #1 {{\nentry:\n"
            + "\n".join(body.lines)
            + "\n  ret void\n}\n"
        )
        functions.append(_loop(element, sizes, range(len(inputs), len(inputs) + len(parameters)), len(outputs)))
    inline = 'attributes #1 = { alwaysinline nounwind "prefer-vector-width"="512" }\n'
    return "\n".join([*sorted(declarations), *functions, ATTRIBUTES + inline])


def _loop(element: str, sizes: Sequence[int], parameters: range, output_count: int) -> str:
    """The driver: what NumPy calls with pointers, a length and strides in bytes."""
    count, outputs = len(sizes), range(len(sizes) - output_count, len(sizes))
    lines = [f"define void @loop_{element}(ptr %args, ptr %dims, ptr %steps, ptr %data) #0 {{", "entry:"]
    lines += ["  %n = load i64, ptr %dims", "  %i = alloca i64", "  %k = alloca i64"]
    for j in range(count):
        lines += [
            f"  %ap{j} = getelementptr ptr, ptr %args, i64 {j}",
            f"  %p{j} = load ptr, ptr %ap{j}",
            f"  %sp{j} = getelementptr i64, ptr %steps, i64 {j}",
            f"  %s{j} = load i64, ptr %sp{j}",
            f"  %b{j} = alloca [{LANES * sizes[j]} x i8], align 64",
            f"  store [{LANES * sizes[j]} x i8] zeroinitializer, ptr %b{j}",
            f"  %e{j} = icmp eq i64 %s{j}, {0 if j in parameters else sizes[j]}",
            f"  %c{j} = and i1 %e{j}, {f'%c{j - 1}' if j else 'true'}",
        ]
    lines += ["  store i64 0, ptr %i", f"  br i1 %c{count - 1}, label %fast, label %blocks", "fast:"]
    for j in parameters:
        lines += [f"  %d{j} = load double, ptr %p{j}"]
        lines += [f"  %q{j}_{k} = getelementptr double, ptr %b{j}, i64 {k}" for k in range(LANES)]
        lines += [f"  store double %d{j}, ptr %q{j}_{k}" for k in range(LANES)]
    lines += [f"  %whole = and i64 %n, -{LANES}", "  br label %fast_test", "fast_test:", "  %fi = load i64, ptr %i"]
    lines += ["  %more = icmp slt i64 %fi, %whole", "  br i1 %more, label %fast_body, label %blocks", "fast_body:"]
    for j in range(count):
        if j not in parameters:
            lines += [f"  %fo{j} = mul i64 %fi, {sizes[j]}", f"  %f{j} = getelementptr i8, ptr %p{j}, i64 %fo{j}"]
    arguments = ", ".join(f"ptr %b{j}" if j in parameters else f"ptr %f{j}" for j in range(count))
    lines += [f"  call void @body_{element}({arguments})", f"  %fn = add i64 %fi, {LANES}", "  store i64 %fn, ptr %i"]
    lines += ["  br label %fast_test", *_blocks(element, sizes, outputs)]
    return "\n".join(lines)


def _blocks(element: str, sizes: Sequence[int], outputs: range) -> list[str]:
    """What is left, LANES elements at a time through buffers."""
    lines = ["blocks:", "  %start = load i64, ptr %i", "  %left = sub i64 %n, %start", "  %any = icmp sgt i64 %left, 0"]
    lines += ["  br i1 %any, label %gather, label %end", "gather:", f"  %full = icmp sgt i64 %left, {LANES}"]
    lines += [f"  %m = select i1 %full, i64 {LANES}, i64 %left"]
    lines += _copies("in", [j for j in range(len(sizes)) if j not in outputs], sizes, "compute", into_buffer=True)
    arguments = ", ".join(f"ptr %b{j}" for j in range(len(sizes)))
    lines += ["compute:", f"  call void @body_{element}({arguments})"]
    lines += _copies("out", list(outputs), sizes, "next", into_buffer=False)
    lines += ["next:", "  %after = add i64 %start, %m", "  store i64 %after, ptr %i", "  br label %blocks", "end:"]
    # Branch-free code computes both sides of a choice: what the unused one raised must not become a NumPy warning.
    return [*lines, "  %cleared = call i32 @feclearexcept(i32 63)", "  ret void", "}"]


def _copies(stem: str, operands: Sequence[int], sizes: Sequence[int], then: str, *, into_buffer: bool) -> list[str]:
    """A loop over the m elements of a block, between strided memory and the buffers."""
    lines = ["  store i64 0, ptr %k", f"  br label %{stem}_test", f"{stem}_test:", f"  %{stem}k = load i64, ptr %k"]
    lines += [f"  %{stem}more = icmp slt i64 %{stem}k, %m", f"  br i1 %{stem}more, label %{stem}_body, label %{then}"]
    lines += [f"{stem}_body:", f"  %{stem}at = add i64 %start, %{stem}k"]
    for j in operands:
        bits = f"i{8 * sizes[j]}"
        lines += [
            f"  %{stem}o{j} = mul i64 %{stem}at, %s{j}",
            f"  %{stem}m{j} = getelementptr i8, ptr %p{j}, i64 %{stem}o{j}",
            f"  %{stem}b{j} = getelementptr {bits}, ptr %b{j}, i64 %{stem}k",
        ]
        source, target = (f"%{stem}m{j}", f"%{stem}b{j}") if into_buffer else (f"%{stem}b{j}", f"%{stem}m{j}")
        lines += [
            f"  %{stem}v{j} = load {bits}, ptr {source}, align 1",
            f"  store {bits} %{stem}v{j}, ptr {target}, align 1",
        ]
    return [*lines, f"  %{stem}n = add i64 %{stem}k, 1", f"  store i64 %{stem}n, ptr %k", f"  br label %{stem}_test"]
