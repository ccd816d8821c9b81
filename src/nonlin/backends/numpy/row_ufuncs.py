"""Compiled kernels over the rows of C-contiguous arrays as NumPy's generalized ufuncs.

NumPy makes the results, keeps them apart from the memory that is read, and lets other threads of Python run meanwhile,
all in the time of one call.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np

from .jit import compile_ir
from .loops import ATTRIBUTES
from .parallel import start_helpers
from .ufunc import floating_point_environment, make_ufunc

_PIECE = 1 << 14  # entries of a piece of work, about
_LONG = 1 << 20  # entries of a row that is work enough for all cores


def row_ufunc(
    name: str,
    kernel: int,
    dtype: np.dtype,
    signature: str,
    *,
    columns: int = 0,
    lengths: tuple[int, int] = (1, 1),
    given: Sequence[int] = (),
) -> np.ufunc:
    """A ufunc that calls `void kernel(context, int64 begin, int64 end)` for the rows of its arrays.

    The context points to the addresses of the arrays, the numbers, the number of columns, and the address of the
    integers `given`. Arrays must be C-contiguous and of one dtype. The signature is NumPy's: n is the length of the
    first array's last axis, k one that is as long times the first of `lengths` over the second; inputs without an axis
    are numbers. Rows have n columns or, if it is not 0, `columns`: there are several of them in n then.
    A kernel that is `given` integers is called once for all rows that are long: it shares each between the cores.
    """
    start_helpers()
    floating_point_environment()
    sides = [side.split("),") for side in signature.split("->")]
    inputs, outputs = map(len, sides)
    numbers = sum(operand.strip("()") == "" for operand in sides[0])
    loop = compile_ir(_loop(inputs - numbers, numbers, outputs, may_share=bool(given)), "rows")[0]
    sizes = compile_ir(_sizes(*lengths), "sizes")[0] if "k" in signature else None
    data = (ctypes.c_int64 * (2 + len(given)))(kernel, columns, *given)
    types = [*[dtype.name] * (inputs - numbers), *["float64"] * numbers, *[dtype.name] * outputs]
    return make_ufunc(name, name, [(loop, types, data)], inputs, outputs, signature, sizes)


def _loop(inputs: int, numbers: int, outputs: int, *, may_share: bool) -> str:
    """A module with `rows`, what NumPy calls: it fills the context of a kernel, and calls it in pieces."""
    behind = inputs + numbers
    arrays, last = [*range(inputs), *range(behind, behind + outputs)], inputs + numbers + outputs
    lines = []
    for slot, place in enumerate([*arrays, *range(inputs, behind)]):
        kind = "ptr" if slot < len(arrays) else "i64"
        lines += [
            f"  %from{slot} = getelementptr ptr, ptr %args, i64 {place}",
            f"  %a{slot} = load ptr, ptr %from{slot}",
        ]
        lines += [f"  %n{slot} = load i64, ptr %a{slot}"] if kind == "i64" else []
        lines += [f"  %slot{slot} = getelementptr i64, ptr %context, i64 {slot}"]
        lines += [f"  store {kind} %{'a' if kind == 'ptr' else 'n'}{slot}, ptr %slot{slot}"]
    # Branch-free code computes both sides of a choice: what the unused one raised must not become a warning.
    return f"""
declare void @nonlin_parallel(ptr, ptr, i64, i64)
declare i32 @feclearexcept(i32)
declare i64 @llvm.smax.i64(i64, i64)
define void @rows(ptr %args, ptr %dims, ptr %steps, ptr %data) #0 {{
  %context = alloca [{last + 2} x i64]
{chr(10).join(lines)}
  %kernel = load ptr, ptr %data
  %fixed_at = getelementptr i64, ptr %data, i64 1
  %fixed = load i64, ptr %fixed_at
  %outer = load i64, ptr %dims
  %n_at = getelementptr i64, ptr %dims, i64 1
  %n = load i64, ptr %n_at
  %is_fixed = icmp ne i64 %fixed, 0
  %columns = select i1 %is_fixed, i64 %fixed, i64 %n
  %columns_at = getelementptr i64, ptr %context, i64 {last}
  store i64 %columns, ptr %columns_at
  %given_at = getelementptr i64, ptr %context, i64 {last + 1}
  %given = getelementptr i64, ptr %data, i64 2
  store ptr %given, ptr %given_at
  %entries = mul i64 %outer, %n
  %some = icmp sgt i64 %entries, 0
  br i1 %some, label %compute, label %end
compute:
  %count = sdiv i64 %entries, %columns
  %rows = sdiv i64 {_PIECE}, %columns
  %piece = call i64 @llvm.smax.i64(i64 %rows, i64 1)
  %is_long = icmp sge i64 %columns, {_LONG}
  %at_once = and i1 %is_long, {str(may_share).lower()}
  %grain = select i1 %at_once, i64 %count, i64 %piece
  call void @nonlin_parallel(ptr %kernel, ptr %context, i64 %count, i64 %grain)
  %cleared = call i32 @feclearexcept(i32 63)
  br label %end
end:
  ret void
}}
{ATTRIBUTES}"""


def _sizes(times: int, over: int) -> str:
    """A module with `sizes`, which sets k to the whole number n over one number, times another.

    Where that is not whole, k stays unknown, and NumPy refuses the call.
    """
    return f"""
define i32 @sizes(ptr %ufunc, ptr %lengths) {{
  %n = load i64, ptr %lengths
  %k_at = getelementptr i64, ptr %lengths, i64 1
  %k = load i64, ptr %k_at
  %rest = srem i64 %n, {over}
  %is_whole = icmp eq i64 %rest, 0
  %is_unknown = icmp slt i64 %k, 0
  %both = and i1 %is_whole, %is_unknown
  %part = sdiv i64 %n, {over}
  %length = mul i64 %part, {times}
  %found = select i1 %both, i64 %length, i64 %k
  store i64 %found, ptr %k_at
  ret i32 0
}}"""
