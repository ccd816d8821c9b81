"""The rate of fused multiply-adds that this machine's cores reach: the roof of all that is computed on them."""

from __future__ import annotations

import ctypes
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nonlin.backends.numpy.jit import compile_ir, has_feature

CHAINS = 12  # independent sums: two units of 4 cycles' latency need 8, and 16 registers hold no more besides x and y


def peak(cores: int, rounds: int = 30, count: int = 100_000) -> float:
    """Operations a second and core in float32, all cores at work; the best of the rounds."""
    numbers = np.full(CHAINS * 16 + 32, 0.5, np.float32)
    lanes = 16 if has_feature("avx512f") else 8 if has_feature("avx2") else 4
    address = compile_ir(_kernel(lanes), "multiply_add")[0]
    kernel = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(address)  # lets go of Python's lock

    def seconds(_: int) -> float:
        own = numbers.copy()
        start = time.perf_counter()
        kernel(own.ctypes.data, count)
        return time.perf_counter() - start

    with ThreadPoolExecutor(cores) as pool:
        best = min(max(pool.map(seconds, range(cores))) for _ in range(rounds))
    return 2 * CHAINS * lanes * count / best


def _kernel(lanes: int) -> str:
    """`void multiply_add(numbers, count)`: sums[i] = sums[i] * x + y, `count` times, for each of the chains."""
    vector, chains = f"<{lanes} x float>", range(CHAINS)
    lines = [
        f"declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})",
        "define void @multiply_add(ptr %numbers, i64 %count) {",
        "entry:",
        *(f"  %p{i} = getelementptr {vector}, ptr %numbers, i64 {i}" for i in range(CHAINS + 2)),
        *(f"  %v{i} = load {vector}, ptr %p{i}, align 4" for i in range(CHAINS + 2)),
        "  br label %again",
        "again:",
        "  %done = phi i64 [ 0, %entry ], [ %next, %again ]",
        *(f"  %s{i} = phi {vector} [ %v{i}, %entry ], [ %t{i}, %again ]" for i in chains),
        *(
            f"  %t{i} = call {vector} @llvm.fma.v{lanes}f32({vector} %s{i}, {vector} %v{CHAINS}, "
            f"{vector} %v{CHAINS + 1})"
            for i in chains
        ),
        "  %next = add i64 %done, 1",
        "  %more = icmp slt i64 %next, %count",
        "  br i1 %more, label %again, label %end",
        "end:",
        *(f"  store {vector} %t{i}, ptr %p{i}, align 4" for i in chains),
        "  ret void",
        "}",
    ]
    return "\n".join(lines)
