"""Work shared between cores inside compiled code: the calling thread and sleeping helpers take pieces in turn.

Starting a thread costs more than most calls take, so the helpers wait: awake for a moment after each piece of work,
then asleep on a lock that compiled code can open without holding the interpreter's own. A helper that comes late finds
nothing left to do, and the caller waits only for pieces that were begun.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from ...errors import InputError
from .jit import compile_ir

_MOST = 64  # helpers at most: elementwise work is bound by memory long before
_SPINS = 4000  # looks at the ticket before a helper falls asleep: about 50 microseconds
_PAUSE = {"x86_64": "pause", "AMD64": "pause", "aarch64": "yield", "arm64": "yield"}.get(platform.machine(), "")

# A ticket holds the number of the job in its upper half and how many of its pieces are not taken yet in the lower:
# taking one is a single atomic step, and a helper that slept through a job cannot take a piece of the wrong one. They
# are taken from the first to the last, as processors expect memory to be read.
_MODULE = f"""
@ticket = internal global i64 0, align 64
@done = internal global i64 0, align 64
@busy = internal global i32 0, align 64
@work = internal global ptr null
@context = internal global ptr null
@count = internal global i64 0
@pieces = internal global i64 0
@grain = internal global i64 0
@helpers = internal global i64 0
@locks = internal global [{_MOST} x ptr] zeroinitializer
@asleep = internal global [{_MOST} x i32] zeroinitializer
declare i32 @nonlin_lock_acquire(ptr, i32)
declare void @nonlin_lock_release(ptr)
declare i32 @nonlin_yield()
declare i64 @llvm.smin.i64(i64, i64)

define internal void @help() {{
entry:
  br label %look
look:
  %first = load atomic i64, ptr @ticket acquire, align 8
  br label %try
try:
  %seen = phi i64 [ %first, %look ], [ %actual, %take ]
  %left = and i64 %seen, 4294967295
  %none = icmp eq i64 %left, 0
  br i1 %none, label %end, label %take
take:
  %fewer = sub i64 %seen, 1
  %pair = cmpxchg ptr @ticket, i64 %seen, i64 %fewer acq_rel acquire
  %actual = extractvalue {{ i64, i1 }} %pair, 0
  %won = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %won, label %run, label %try
run:
  %p = load i64, ptr @pieces
  %piece = sub i64 %p, %left
  %w = load ptr, ptr @work
  %c = load ptr, ptr @context
  %n = load i64, ptr @count
  %g = load i64, ptr @grain
  %begin = mul i64 %piece, %g
  %after = add i64 %begin, %g
  %end_of_piece = call i64 @llvm.smin.i64(i64 %after, i64 %n)
  call void %w(ptr %c, i64 %begin, i64 %end_of_piece)
  %finished = atomicrmw add ptr @done, i64 1 release
  br label %look
end:
  ret void
}}

define void @nonlin_parallel(ptr %work, ptr %context, i64 %count, i64 %grain) {{
entry:
  %h = load i64, ptr @helpers
  %two = shl i64 %grain, 1
  %small = icmp slt i64 %count, %two
  %alone = icmp eq i64 %h, 0
  %serial = or i1 %small, %alone
  br i1 %serial, label %by_myself, label %enter
enter:
  %pair = cmpxchg ptr @busy, i32 0, i32 1 acq_rel acquire
  %mine = extractvalue {{ i32, i1 }} %pair, 1
  br i1 %mine, label %share, label %by_myself
by_myself:
  call void %work(ptr %context, i64 0, i64 %count)
  ret void
share:
  %up = add i64 %count, %grain
  %rest = sub i64 %up, 1
  %pieces = sdiv i64 %rest, %grain
  store ptr %work, ptr @work
  store ptr %context, ptr @context
  store i64 %count, ptr @count
  store i64 %pieces, ptr @pieces
  store i64 %grain, ptr @grain
  store atomic i64 0, ptr @done release, align 8
  %old = load atomic i64, ptr @ticket acquire, align 8
  %job = and i64 %old, -4294967296
  %next = add i64 %job, 4294967296
  %new = or i64 %next, %pieces
  store atomic i64 %new, ptr @ticket seq_cst, align 8
  %others = sub i64 %pieces, 1
  %wanted = call i64 @llvm.smin.i64(i64 %h, i64 %others)
  br label %wake
wake:
  %i = phi i64 [ 0, %share ], [ %j, %woken ]
  %all = icmp sge i64 %i, %wanted
  br i1 %all, label %join, label %ring
ring:
  %flag = getelementptr [{_MOST} x i32], ptr @asleep, i64 0, i64 %i
  %slept = cmpxchg ptr %flag, i32 1, i32 0 seq_cst seq_cst
  %was = extractvalue {{ i32, i1 }} %slept, 1
  br i1 %was, label %open, label %woken
open:
  %place = getelementptr [{_MOST} x ptr], ptr @locks, i64 0, i64 %i
  %lock = load ptr, ptr %place
  call void @nonlin_lock_release(ptr %lock)
  br label %woken
woken:
  %j = add i64 %i, 1
  br label %wake
join:
  call void @help()
  br label %wait
wait:
  %k = phi i64 [ 0, %join ], [ %k1, %patience ]
  %d = load atomic i64, ptr @done acquire, align 8
  %complete = icmp eq i64 %d, %pieces
  br i1 %complete, label %leave, label %again
again:
  %k1 = add i64 %k, 1
  %low = and i64 %k1, 255
  %tired = icmp eq i64 %low, 0
  br i1 %tired, label %give_way, label %pause
give_way:
  %y = call i32 @nonlin_yield()
  br label %patience
pause:
  call void asm sideeffect "{_PAUSE}", ""()
  br label %patience
patience:
  br label %wait
leave:
  store atomic i32 0, ptr @busy release, align 4
  ret void
}}

define void @nonlin_helper(i64 %i) {{
entry:
  %flag = getelementptr [{_MOST} x i32], ptr @asleep, i64 0, i64 %i
  %place = getelementptr [{_MOST} x ptr], ptr @locks, i64 0, i64 %i
  br label %serve
serve:
  call void @help()
  br label %watch
watch:
  %k = phi i64 [ 0, %serve ], [ %k1, %look ]
  %t = load atomic i64, ptr @ticket acquire, align 8
  %left = and i64 %t, 4294967295
  %some = icmp ne i64 %left, 0
  br i1 %some, label %serve, label %look
look:
  call void asm sideeffect "{_PAUSE}", ""()
  %k1 = add i64 %k, 1
  %tired = icmp sgt i64 %k1, {_SPINS}
  br i1 %tired, label %doze, label %watch
doze:
  store atomic i32 1, ptr %flag seq_cst, align 4
  %t2 = load atomic i64, ptr @ticket seq_cst, align 8
  %left2 = and i64 %t2, 4294967295
  %some2 = icmp ne i64 %left2, 0
  br i1 %some2, label %get_up, label %sleep
get_up:
  %p = cmpxchg ptr %flag, i32 1, i32 0 seq_cst seq_cst
  %in_time = extractvalue {{ i32, i1 }} %p, 1
  br i1 %in_time, label %serve, label %sleep
sleep:
  %lock = load ptr, ptr %place
  %opened = call i32 @nonlin_lock_acquire(ptr %lock, i32 1)
  br label %serve
}}

define void @nonlin_set_lock(i64 %i, ptr %lock) {{
  %place = getelementptr [{_MOST} x ptr], ptr @locks, i64 0, i64 %i
  store ptr %lock, ptr %place
  %flag = getelementptr [{_MOST} x i32], ptr @asleep, i64 0, i64 %i
  store i32 0, ptr %flag
  ret void
}}

define void @nonlin_set_helpers(i64 %n) {{
  store i64 %n, ptr @helpers
  ret void
}}

define void @nonlin_reset() {{
  store i64 0, ptr @ticket
  store i32 0, ptr @busy
  store i64 0, ptr @helpers
  ret void
}}
"""


def core_count() -> int:
    """The threads to compute on: `NONLIN_NUM_THREADS`, or the cores that this process may use.

    Raises
    ------
    InputError
        When `NONLIN_NUM_THREADS` is no positive whole number.
    """
    chosen = os.environ.get("NONLIN_NUM_THREADS")
    if chosen is not None:
        if not chosen.isdecimal() or int(chosen) < 1:
            raise InputError(f"NONLIN_NUM_THREADS must be a positive whole number, got {chosen!r}")
        return min(int(chosen), _MOST + 1)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST + 1)


def _address(function: Any) -> int | None:
    return ctypes.cast(function, ctypes.c_void_p).value


@cache
def _functions() -> dict[str, Callable[..., None]]:
    """The compiled functions of this module, known to LLVM by their names."""
    python = ctypes.pythonapi
    llvm.add_symbol("nonlin_lock_acquire", _address(python.PyThread_acquire_lock))
    llvm.add_symbol("nonlin_lock_release", _address(python.PyThread_release_lock))
    system = ctypes.windll.kernel32.SwitchToThread if os.name == "nt" else ctypes.CDLL(None).sched_yield
    llvm.add_symbol("nonlin_yield", _address(system))
    arguments = {
        "nonlin_parallel": [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64],
        "nonlin_helper": [ctypes.c_int64],
        "nonlin_set_lock": [ctypes.c_int64, ctypes.c_void_p],
        "nonlin_set_helpers": [ctypes.c_int64],
        "nonlin_reset": [],
    }
    addresses = compile_ir(_MODULE, *arguments)
    for name, address in zip(arguments, addresses, strict=True):
        llvm.add_symbol(name, address)
    return {
        name: ctypes.CFUNCTYPE(None, *types)(address)
        for (name, types), address in zip(arguments.items(), addresses, strict=True)
    }


_started: int | None = None  # helpers that run in this process
_limits: list[int] = []  # of the calls of limit_threads that are open
_lock = threading.Lock()


def start_helpers() -> None:
    """Make `nonlin_parallel` known to compiled code, with a helper for each core but the caller's."""
    if _started is None:
        _set_helpers()


def _set_helpers() -> None:
    global _started
    functions = _functions()
    with _lock:
        running = _started or 0
        wanted = core_count() - 1
        python = ctypes.pythonapi
        python.PyThread_allocate_lock.restype = ctypes.c_void_p
        python.PyThread_acquire_lock.argtypes = [ctypes.c_void_p, ctypes.c_int]
        for index in range(running, wanted):
            lock = python.PyThread_allocate_lock()
            python.PyThread_acquire_lock(lock, 1)
            functions["nonlin_set_lock"](index, lock)
            helper = threading.Thread(target=functions["nonlin_helper"], args=(index,), daemon=True)
            helper.name = f"nonlin-{index}"
            helper.start()
        _started = max(running, wanted)
        functions["nonlin_set_helpers"](min([wanted, *(limit - 1 for limit in _limits)]))


def run_parallel(kernel: int, context: ctypes.Array, count: int, grain: int) -> None:
    """Call the compiled `void kernel(context, int64 begin, int64 end)` for pieces of 0 to count, `grain` long."""
    start_helpers()
    _functions()["nonlin_parallel"](kernel, context, count, grain)


@contextlib.contextmanager
def limit_threads(count: int) -> Iterator[None]:
    """Compute on at most `count` threads within a `with` block, in all threads of the process.

    Raises
    ------
    InputError
        When count is smaller than 1.

    Examples
    --------
    >>> import nonlin as nl
    >>> with limit_threads(1):
    ...     float(nl.relu(2.0))
    2.0
    """
    if count < 1:
        raise InputError(f"count must be at least 1, got {count}")
    _limits.append(count)
    _set_helpers()
    try:
        yield
    finally:
        _limits.remove(count)
        _set_helpers()


def _after_fork() -> None:
    """Threads do not survive a fork: begin anew in the child."""
    global _started, _lock
    _lock = threading.Lock()
    if _started is not None:
        _started = None
        _functions()["nonlin_reset"]()
        _set_helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
