"""The inner loops of NumPy ufuncs: contiguous data in place, anything else through a small buffer.

Every element takes the same instructions wherever it lies and whatever its neighbours are, so that the layout of an
array, the size of it and the number of cores cannot change a result.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence

from ...definition.expression import Expression
from .elements import BYTES
from .elementwise import LANES, exact_body
from .emitter import Emitter, float_text, splat
from .fast_forms import LANES as FAST_LANES
from .fast_forms import LEAST, LEAST_INPUT, FastForm, fast_bodies, fast_masks
from .loops import ATTRIBUTES
from .near_ties import correctly_rounded_body

GRAIN = 1 << 14  # elements of a piece of work at least: about ten microseconds
_PIECES = 128  # at most: long ones leave a core with one stretch of memory for a while
_BLOCK = 1024  # elements that are looked at before they take the fast form together
_APART = 'attributes #1 = { noinline nounwind "prefer-vector-width"="512" }\n'


def ufunc_loops(
    elements: Sequence[str],
    outputs: Sequence[Expression],
    fast: Sequence[FastForm | None],
    inputs: Sequence[str],
    parameters: Sequence[str],
) -> str:
    """A module with a function loop_half, loop_float ... of type PyUFuncGenericFunction for each element type.

    Parameters are always doubles. `fast` are the forms of the outputs for moderate floats; the data of loop_float is
    then the address of doubles: for each output the size up to which inputs take the fast form, and from where to where
    each parameter may lie for that.
    """
    kind = f"<{FAST_LANES} x i32>"
    declarations = {
        *(f"declare {kind} @llvm.{name}.v{FAST_LANES}i32({kind}, {kind})" for name in ("umax", "umin")),
        *(f"declare i32 @llvm.vector.reduce.{name}.v{FAST_LANES}i32({kind})" for name in ("umax", "umin")),
        "declare i32 @feclearexcept(i32)",
        "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)",
        "declare double @llvm.fabs.f64(double)",
        "declare i64 @llvm.smax.i64(i64, i64)",
        "declare i64 @llvm.smin.i64(i64, i64)",
        "declare void @nonlin_parallel(ptr, ptr, i64, i64)",
    }
    functions = []
    for element in elements:
        has_fast = element == "float" and any(form is not None for form in fast)
        body = correctly_rounded_body if element in ("half", "bfloat") else exact_body
        exact = body(outputs, inputs, parameters, element)
        stages = fast_bodies(fast, inputs, parameters) if has_fast else []
        loop = _Loop(element, len(inputs), len(parameters), len(outputs), stages)
        masks = [fast_masks(len(outputs), len(inputs), len(parameters))] if has_fast else []
        declarations = declarations.union(*(body.declarations for body in (exact, *stages, *masks)))
        functions.append(loop.text(exact, masks))
    return "\n".join([*sorted(declarations), *functions, ATTRIBUTES + _APART])


_NAMES = re.compile(r"(?:^|%)[a-z]+\d+\b", re.MULTILINE)  # of labels and values


def _in_lanes(number: int) -> str:
    return splat("i32", FAST_LANES, str(number)).text


def _bits(number: float) -> int:
    return int.from_bytes(struct.pack("<f", number), "little")


def _kept(stages: Sequence[Emitter]) -> int:
    """How many floats an element the stages keep, where %t0, %t1 ... point."""
    used = re.findall(r"%t(\d+)\b", "\n".join(line for body in stages for line in body.lines))
    return 1 + max(map(int, used), default=-1)


class _Loop:
    """The loop of one element type. Operands are inputs, parameters (doubles) and outputs, in this order.

    The stages are those of the fast form, if there is one.
    """

    def __init__(self, element: str, inputs: int, parameters: int, outputs: int, stages: Sequence[Emitter]) -> None:
        self.element, self.stages, self.fast = element, stages, bool(stages)
        size = BYTES[element]
        self.sizes = [size] * inputs + [8] * parameters + [size] * outputs
        self.inputs, self.parameters = range(inputs), range(inputs, inputs + parameters)
        self.outputs = range(inputs + parameters, len(self.sizes))
        self.lanes = FAST_LANES if self.fast else LANES
        ends = [f"double %{end}{j}" for j in self.parameters for end in ("lo", "hi")]
        self.bounds = ", ".join([*(f"float %bound{k}" for k in range(outputs)), *ends])

    def text(self, exact: Emitter, masks: Sequence[Emitter]) -> str:
        """All functions of this element type."""
        functions = [self._sweep("exact", [exact], LANES)]
        if self.fast:
            functions += [self._sweep("fast", self.stages, FAST_LANES), self._inside(), self._mixed(masks[0].lines)]
        return "\n".join([*functions, self._range(), self._loop()])

    def _pointers(self, stem: str) -> str:
        return ", ".join(f"ptr {stem}{j}" for j in range(len(self.sizes)))

    def _steps(self, lanes: int, body: Sequence[str], stage: str = "", kept: int = 0) -> list[str]:
        """The body for each step of %count contiguous elements; parameters stay where they are."""
        lines = [f"  br label %test{stage}", f"test{stage}:"]
        lines += [f"  %i{stage} = phi i64 [ 0, %before{stage} ], [ %next{stage}, %after{stage} ]"]
        lines += [f"  %more{stage} = icmp slt i64 %i{stage}, %count"]
        lines += [f"  br i1 %more{stage}, label %step{stage}, label %end{stage}", f"step{stage}:"]
        names = [(f"p{j}", f"%a{j}", size, j in self.parameters) for j, size in enumerate(self.sizes)]
        names += [(f"t{k}", f"%kept{k}", 4, False) for k in range(kept)]
        for name, base, size, fixed in names:
            lines += [] if fixed else [f"  %o_{name}{stage} = mul i64 %i{stage}, {size}"]
            at = "0" if fixed else f"%o_{name}{stage}"
            lines.append(f"  %{name}{stage} = getelementptr i8, ptr {base}, i64 {at}")
        lines += [*body, f"  br label %after{stage}", f"after{stage}:", f"  %next{stage} = add i64 %i{stage}, {lanes}"]
        return [*lines, f"  br label %test{stage}", f"end{stage}:"]

    def _sweep(self, form: str, stages: Sequence[Emitter], lanes: int) -> str:
        """A whole number of steps through the exact or the fast form, a loop for each stage of it."""
        arguments = [f"ptr {'noalias ' * (j in self.parameters)}%a{j}" for j in range(len(self.sizes))]
        text = [f"define internal void @{form}_{self.element}({', '.join(arguments)}, i64 %count) #1 {{", "before_0:"]
        kept = _kept(stages)
        text += [f"  %kept{k} = alloca [{_BLOCK} x float], align 64" for k in range(kept)]
        for number, body in enumerate(stages):
            stage = f"_{number}"
            lines = [_NAMES.sub(rf"\g<0>{stage}", "\n".join(body.lines))]
            ahead = self._ahead(stage, self.inputs if number == 0 else range(0)) if form == "fast" else []
            ahead += self._ahead(stage, self.outputs) if form == "fast" and number == len(stages) - 1 else []
            text += self._steps(lanes, ahead + lines, stage, kept)
            text += [f"  br label %before_{number + 1}", f"before_{number + 1}:"]
        return "\n".join([*text, "  ret void", "}"])

    def _ahead(self, stage: str, operands: range) -> list[str]:
        """Fetch the next block of some operands while this one is computed: no processor sees so far ahead itself."""
        lines = []
        for j in operands:
            lines += [f"  %ahead{j}{stage} = getelementptr float, ptr %p{j}{stage}, i64 {_BLOCK}"]
            lines += [
                f"  call void @llvm.prefetch.p0(ptr %ahead{j}{stage}, i32 {int(j in self.outputs)}, i32 3, i32 1)"
            ]
        return lines

    def _inside(self) -> str:
        """Whether all inputs are at most %bound in size and not tiny, a whole number of steps of them."""
        kind = f"<{FAST_LANES} x i32>"
        arguments = ", ".join(f"ptr %a{j}" for j in self.inputs)
        lines = [f"define internal i1 @inside_{self.element}({arguments}, i64 %count, float %bound) #1 {{", "entry:"]
        lines += ["  br label %test", "test:", "  %i = phi i64 [ 0, %entry ], [ %next, %step ]"]
        last = len(self.inputs) - 1
        for name, first in (("most", "zeroinitializer"), ("least", _in_lanes(-1))):
            lines.append(f"  %{name} = phi {kind} [ {first}, %entry ], [ %{name}{last}, %step ]")
        lines += ["  %more = icmp slt i64 %i, %count", "  br i1 %more, label %step, label %end", "step:"]
        for j in self.inputs:  # the bits of floats without their signs are in the order of their sizes
            most, least = (f"%{name}{j - 1}" if j else f"%{name}" for name in ("most", "least"))
            lines += [
                f"  %p{j} = getelementptr float, ptr %a{j}, i64 %i",
                f"  %x{j} = load {kind}, ptr %p{j}, align 4",
                f"  %s{j} = and {kind} %x{j}, {_in_lanes(0x7FFFFFFF)}",
                f"  %most{j} = call {kind} @llvm.umax.v{FAST_LANES}i32({kind} %s{j}, {kind} {most})",
                f"  %d{j} = sub {kind} %s{j}, {_in_lanes(1)}",  # 0 becomes the largest
                f"  %least{j} = call {kind} @llvm.umin.v{FAST_LANES}i32({kind} %d{j}, {kind} {least})",
            ]
        lines += [f"  %next = add i64 %i, {FAST_LANES}", "  br label %test", "end:"]
        for name, function in (("most", "umax"), ("least", "umin")):
            reduced = f"i32 @llvm.vector.reduce.{function}.v{FAST_LANES}i32({kind} %{name})"
            lines.append(f"  %the_{name} = call {reduced}")
        lines += ["  %bits = bitcast float %bound to i32", "  %small_enough = icmp ule i32 %the_most, %bits"]
        lines += [f"  %large_enough = icmp uge i32 %the_least, {_bits(LEAST_INPUT) - 1}"]
        lines += ["  %some = fcmp oge float %bound, 0.0", "  %both = and i1 %small_enough, %large_enough"]
        return "\n".join([*lines, "  %inside = and i1 %both, %some", "  ret i1 %inside", "}"])

    def _mixed(self, masks: Sequence[str]) -> str:
        """A whole number of steps, a block at most, through the fast form, and what lies beyond the bounds again."""
        kind, mask = f"<{FAST_LANES} x float>", f"<{FAST_LANES} x i1>"
        head = f"define internal void @mixed_{self.element}({self._pointers('%a')}, i64 %count, {self.bounds}) #1 {{"
        lines = [head, "before:"]
        for j in self.outputs:
            lines += [f"  %q{j} = alloca [{_BLOCK} x float], align 64", f"  %e{j} = alloca {kind}, align 64"]
        places = [f"ptr %{'q' if j in self.outputs else 'a'}{j}" for j in range(len(self.sizes))]
        lines.append(f"  call void @fast_{self.element}({', '.join(places)}, i64 %count)")
        body, within = list(masks), "%m0"
        for j in self.outputs:
            body += [
                f"  %fq{j} = getelementptr float, ptr %q{j}, i64 %i",
                f"  %vq{j} = load {kind}, ptr %fq{j}, align 64",
            ]
        for k in range(1, len(self.outputs)):
            body += [f"  %within{k} = and {mask} {within}, %m{k}"]
            within = f"%within{k}"
        body += [f"  %lanes = bitcast {mask} {within} to i{FAST_LANES}", f"  %all = icmp eq i{FAST_LANES} %lanes, -1"]
        body += ["  br i1 %all, label %inside, label %beyond", "inside:"]
        body += [f"  store {kind} %vq{j}, ptr %p{j}, align 4" for j in self.outputs]
        body += ["  br label %done", "beyond:"]
        for first in range(0, FAST_LANES, LANES):  # one step at a time: each has its own parameters
            given = []
            for j, size in enumerate(self.sizes):
                given.append(f"ptr %exact{first}at{j}")
                base = f"%{'e' if j in self.outputs else 'p'}{j}"
                body.append(f"  %exact{first}at{j} = getelementptr i8, ptr {base}, i64 {first * size}")
            body.append(f"  call void @exact_{self.element}({', '.join(given)}, i64 {LANES})")
        for k, j in enumerate(self.outputs):
            body.append(f"  %ve{j} = load {kind}, ptr %e{j}, align 64")
            body.append(f"  %chosen{j} = select {mask} %m{k}, {kind} %vq{j}, {kind} %ve{j}")
        body += [f"  store {kind} %chosen{j}, ptr %p{j}, align 4" for j in self.outputs]
        body += ["  br label %done", "done:"]
        return "\n".join([*lines, *self._steps(FAST_LANES, body), "  ret void", "}"])

    def _loop(self) -> str:
        """What NumPy calls with pointers, a length and strides in bytes."""
        lines = [f"define void @loop_{self.element}(ptr %args, ptr %dims, ptr %steps, ptr %data) #0 {{"]
        lines += ["  %context = alloca [3 x ptr]"]
        for place, name in enumerate(("args", "steps", "data")):
            lines.append(f"  %c{place} = getelementptr ptr, ptr %context, i64 {place}")
            lines.append(f"  store ptr %{name}, ptr %c{place}")
        work = f"ptr @range_{self.element}, ptr %context"
        lines += ["  %n = load i64, ptr %dims", f"  %share = sdiv i64 %n, {_PIECES}"]
        lines += [f"  %blocks = and i64 %share, -{_BLOCK}"]
        lines += [f"  %piece = call i64 @llvm.smax.i64(i64 %blocks, i64 {GRAIN})", *self._apart()]
        lines += ["  %grain = select i1 %apart, i64 %piece, i64 %n"]
        lines += [f"  call void @nonlin_parallel({work}, i64 %n, i64 %grain)"]
        # Branch-free code computes both sides of a choice: what the unused one raised must not become a warning.
        return "\n".join([*lines, "  %cleared = call i32 @feclearexcept(i32 63)", "  ret void", "}"])

    def _apart(self) -> list[str]:
        """%apart: no output lies in the memory of an input, unless each element has the place of its own input.

        NumPy allows an output a little before its input, which is right from the first element to the last, but not
        for pieces that are computed at one time.
        """
        lines, apart = ["  %final = sub i64 %n, 1"], "true"
        for j, size in enumerate(self.sizes):
            lines += [f"  %ap{j} = getelementptr ptr, ptr %args, i64 {j}", f"  %x{j} = load ptr, ptr %ap{j}"]
            lines += [f"  %sp{j} = getelementptr i64, ptr %steps, i64 {j}", f"  %s{j} = load i64, ptr %sp{j}"]
            lines += [f"  %one{j} = ptrtoint ptr %x{j} to i64", f"  %reach{j} = mul i64 %s{j}, %final"]
            lines += [f"  %other{j} = add i64 %one{j}, %reach{j}"]
            lines += [f"  %low{j} = call i64 @llvm.smin.i64(i64 %one{j}, i64 %other{j})"]
            lines += [f"  %top{j} = call i64 @llvm.smax.i64(i64 %one{j}, i64 %other{j})"]
            lines += [f"  %high{j} = add i64 %top{j}, {size}"]
        for k in self.outputs:
            for j in (*self.inputs, *self.parameters):
                of = f"{k}_{j}"
                lines += [
                    f"  %above{of} = icmp sle i64 %high{j}, %low{k}",
                    f"  %below{of} = icmp sle i64 %high{k}, %low{j}",
                ]
                lines += [f"  %there{of} = icmp eq i64 %one{k}, %one{j}", f"  %alike{of} = icmp eq i64 %s{k}, %s{j}"]
                lines += [f"  %itself{of} = and i1 %there{of}, %alike{of}", f"  %or{of} = or i1 %above{of}, %below{of}"]
                lines += [f"  %fine{of} = or i1 %or{of}, %itself{of}", f"  %apart{of} = and i1 %fine{of}, {apart}"]
                apart = f"%apart{of}"
        return [*lines, f"  %apart = and i1 {apart}, true"]

    def _range(self) -> str:
        """The elements from %begin to %end."""
        lines = [f"define internal void @range_{self.element}(ptr %context, i64 %begin, i64 %end) #0 {{", "entry:"]
        for place, name in enumerate(("args", "steps", "data")):
            lines.append(f"  %c{place} = getelementptr ptr, ptr %context, i64 {place}")
            lines.append(f"  %{name} = load ptr, ptr %c{place}")
        lines += ["  %k = alloca i64", "  %some = icmp slt i64 %begin, %end"]
        straight = "%some"
        for j, size in enumerate(self.sizes):
            lines += [
                f"  %ap{j} = getelementptr ptr, ptr %args, i64 {j}",
                f"  %x{j} = load ptr, ptr %ap{j}",
                f"  %sp{j} = getelementptr i64, ptr %steps, i64 {j}",
                f"  %s{j} = load i64, ptr %sp{j}",
                f"  %b{j} = alloca [{self.lanes * size} x i8], align 64",
                f"  store [{self.lanes * size} x i8] zeroinitializer, ptr %b{j}",
                f"  %even{j} = icmp eq i64 %s{j}, {0 if j in self.parameters else size}",
                f"  %straight{j} = and i1 %even{j}, {straight}",
            ]
            straight = f"%straight{j}"
        lines += self._numbers() + (self._facts() if self.fast else [])
        lines += [f"  br i1 {straight}, label %straight, label %blocks", *self._straight()]
        return "\n".join([*lines, *self._blocks()])

    def _numbers(self) -> list[str]:
        """The first value of each parameter in all lanes of its buffer: right where it is the same for all elements."""
        lines = []
        for j in self.parameters:
            lines += [f"  %pp{j} = select i1 %some, ptr %x{j}, ptr %b{j}", f"  %d{j} = load double, ptr %pp{j}"]
            lines += [f"  %q{j}_{k} = getelementptr double, ptr %b{j}, i64 {k}" for k in range(self.lanes)]
            lines += [f"  store double %d{j}, ptr %q{j}_{k}" for k in range(self.lanes)]
        return lines

    def _facts(self) -> list[str]:
        """%bound: up to where inputs take the fast form; %lo and %hi: from where to where a parameter may lie.

        With the first value of each parameter, %least is the bound of all outputs, below zero where one has none;
        %anywhere: all take the fast form whatever the inputs, %nowhere: none does.
        """
        names = [f"wide{k}" for k in range(len(self.outputs))]
        names += [f"{end}{j}" for j in self.parameters for end in ("lo", "hi")]
        lines, least, nowhere, usual = [], "", "true", "true"
        for place, name in enumerate(names):
            lines.append(f"  %{name}_at = getelementptr double, ptr %data, i64 {place}")
            lines.append(f"  %{name} = load double, ptr %{name}_at")
        for k in range(len(self.outputs)):
            lines.append(f"  %bound{k} = fptrunc double %wide{k} to float")
            if least:
                lines.append(f"  %smaller{k} = fcmp olt float %bound{k}, {least}")
                lines.append(f"  %least{k} = select i1 %smaller{k}, float %bound{k}, float {least}")
            least = f"%least{k}" if least else f"%bound{k}"
            lines.append(f"  %below{k} = fcmp olt float %bound{k}, 0.0")
            lines.append(f"  %nowhere{k} = and i1 %below{k}, {nowhere}")
            nowhere = f"%nowhere{k}"
        for j in self.parameters:
            lines += [
                f"  %not_low{j} = fcmp ole double %lo{j}, %d{j}",
                f"  %not_high{j} = fcmp ole double %d{j}, %hi{j}",
            ]
            lines += [f"  %size{j} = call double @llvm.fabs.f64(double %d{j})"]
            lines += [f"  %normal{j} = fcmp ole double {float_text('double', LEAST)}, %size{j}"]
            lines += [f"  %zero{j} = fcmp oeq double %d{j}, 0.0", f"  %not_tiny{j} = or i1 %normal{j}, %zero{j}"]
            lines += [f"  %within{j} = and i1 %not_low{j}, %not_high{j}"]
            lines += [f"  %usual{j} = and i1 %within{j}, %not_tiny{j}", f"  %all_usual{j} = and i1 %usual{j}, {usual}"]
            usual = f"%all_usual{j}"
        lines.append(f"  %least = select i1 {usual}, float {least}, float -1.0")
        lines.append(f"  %nowhere = select i1 {usual}, i1 {nowhere}, i1 true")
        lines.append(f"  %anywhere = fcmp oeq float %least, {float_text('float', math.inf)}")
        return [*lines, f"  %at_once = and i1 %anywhere, {str(not _kept(self.stages)).lower()}"]

    def _straight(self) -> list[str]:
        """Contiguous data, a whole number of steps; the rest goes through the buffers."""
        lines = ["straight:", "  %length = sub i64 %end, %begin", f"  %whole = and i64 %length, -{self.lanes}"]
        if not self.fast:
            lines += self._places("%begin")
            lines += [f"  call void @exact_{self.element}({self._pointers('%f')}, i64 %whole)"]
            return [*lines, "  %reached = add i64 %begin, %whole", "  br label %blocks"]
        lines += ["  %last = add i64 %begin, %whole", "  br i1 %nowhere, label %exactly, label %or_fast", "exactly:"]
        lines += self._places("%begin", "g")
        lines += [f"  call void @exact_{self.element}({self._pointers('%g')}, i64 %whole)", "  br label %straight_end"]
        # Without a bound, and without what is kept for the elements of a block, all can be done at once.
        lines += ["or_fast:", "  br i1 %at_once, label %fast_at_once, label %by_blocks", "fast_at_once:"]
        lines += self._places("%begin", "h")
        lines += [f"  call void @fast_{self.element}({self._pointers('%h')}, i64 %whole)", "  br label %straight_end"]
        lines += ["by_blocks:", "  br label %block_test", "block_test:"]
        lines += ["  %at = phi i64 [ %begin, %by_blocks ], [ %after_block, %block_end ]"]
        lines += ["  %more_blocks = icmp slt i64 %at, %last", "  br i1 %more_blocks, label %block, label %straight_end"]
        lines += ["block:", "  %to_go = sub i64 %last, %at"]
        lines += [f"  %size = call i64 @llvm.smin.i64(i64 %to_go, i64 {_BLOCK})", *self._places("%at")]
        inputs = ", ".join(f"ptr %f{j}" for j in self.inputs)
        lines += ["  br i1 %anywhere, label %fast, label %look", "look:"]
        lines += [f"  %inside = call i1 @inside_{self.element}({inputs}, i64 %size, float %least)"]
        lines += ["  br i1 %inside, label %fast, label %mixed", "fast:"]
        lines += [f"  call void @fast_{self.element}({self._pointers('%f')}, i64 %size)", "  br label %block_end"]
        lines += ["mixed:", f"  call void @mixed_{self.element}({self._pointers('%f')}, i64 %size, {self.bounds})"]
        lines += [
            "  br label %block_end",
            "block_end:",
            "  %after_block = add i64 %at, %size",
            "  br label %block_test",
        ]
        return [*lines, "straight_end:", "  br label %blocks"]

    def _places(self, at: str, stem: str = "f") -> list[str]:
        """%f0 ...: where the element at an index lies in contiguous memory, and the buffers of the parameters."""
        lines = []
        for j, size in enumerate(self.sizes):
            base, offset = (f"%b{j}", "0") if j in self.parameters else (f"%x{j}", f"%{stem}o{j}")
            lines += [] if j in self.parameters else [f"  %{stem}o{j} = mul i64 {at}, {size}"]
            lines.append(f"  %{stem}{j} = getelementptr i8, ptr {base}, i64 {offset}")
        return lines

    def _blocks(self) -> list[str]:
        """What is left, through the buffers."""
        ends = ("%reached", "%straight") if not self.fast else ("%last", "%straight_end")
        lines = ["blocks:", f"  %start = phi i64 [ %begin, %entry ], [ {ends[0]}, {ends[1]} ], [ %after, %next ]"]
        lines += ["  %left = sub i64 %end, %start", "  %any = icmp sgt i64 %left, 0"]
        lines += ["  br i1 %any, label %gather, label %end_of_range", "gather:"]
        lines += [f"  %m = call i64 @llvm.smin.i64(i64 %left, i64 {self.lanes})"]
        lines += self._copies("in", [*self.inputs, *self.parameters], "compute", into_buffer=True)
        step = f"{self._pointers('%b')}, i64 {self.lanes}" + (f", {self.bounds}" if self.fast else "")
        lines += ["compute:", f"  call void @{'mixed' if self.fast else 'exact'}_{self.element}({step})"]
        lines += self._copies("out", self.outputs, "next", into_buffer=False)
        lines += ["next:", "  %after = add i64 %start, %m", "  br label %blocks"]
        return [*lines, "end_of_range:", "  ret void", "}"]

    def _copies(self, stem: str, operands: Sequence[int], then: str, *, into_buffer: bool) -> list[str]:
        """A loop over the m elements of a block, between strided memory and the buffers."""
        lines = ["  store i64 0, ptr %k", f"  br label %{stem}_test", f"{stem}_test:", f"  %{stem}k = load i64, ptr %k"]
        lines.append(f"  %{stem}more = icmp slt i64 %{stem}k, %m")
        lines += [f"  br i1 %{stem}more, label %{stem}_body, label %{then}", f"{stem}_body:"]
        lines.append(f"  %{stem}at = add i64 %start, %{stem}k")
        for j in operands:
            bits = f"i{8 * self.sizes[j]}"
            lines += [
                f"  %{stem}o{j} = mul i64 %{stem}at, %s{j}",
                f"  %{stem}m{j} = getelementptr i8, ptr %x{j}, i64 %{stem}o{j}",
                f"  %{stem}b{j} = getelementptr {bits}, ptr %b{j}, i64 %{stem}k",
            ]
            source, target = (f"%{stem}m{j}", f"%{stem}b{j}") if into_buffer else (f"%{stem}b{j}", f"%{stem}m{j}")
            lines += [
                f"  %{stem}v{j} = load {bits}, ptr {source}, align 1",
                f"  store {bits} %{stem}v{j}, ptr {target}, align 1",
            ]
        return [
            *lines,
            f"  %{stem}n = add i64 %{stem}k, 1",
            f"  store i64 %{stem}n, ptr %k",
            f"  br label %{stem}_test",
        ]
