"""LLVM IR in, function addresses out, with a cache on disk that cannot return the wrong kernel.

The key of a cached object is the hash of the complete IR text, the processor and the LLVM version,
so that two kernels share an entry only if they are the same program for the same machine.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

_engines: dict[str, llvm.ExecutionEngine] = {}  # by key; an engine owns its code: dropping one would free kernels
_spent = 0.0  # seconds
watchers: list[Callable[[float], None]] = []  # told before each compilation how many seconds they have taken so far
_lock = threading.RLock()  # LLVM's global context is not thread-safe
# A process that ends takes LLVM apart: no other thread may be compiling then, nor begin to. (What ends after this runs
# in the same thread and may still compile.)
atexit.register(_lock.acquire)
if hasattr(os, "register_at_fork"):  # a child must not inherit a lock that a thread of its parent holds
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)
_OPTIMISATION = 3  # part of the key: the same text compiled otherwise is another kernel


def cache_directory() -> Path:
    """The folder of compiled kernels: `NONLIN_CACHE_DIR`, or `nonlin` in the user's cache folder."""
    chosen = os.environ.get("NONLIN_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", tempfile.gettempdir())
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(base).expanduser() / "nonlin"
    except RuntimeError:  # no home directory, as in some containers
        return Path(tempfile.gettempdir()) / "nonlin"


@cache
def _host() -> tuple[llvm.Target, str, str]:
    """This processor: LLVM's target, the processor's name and its features.

    Raises
    ------
    RuntimeError
        On an x86 processor without fused multiply-add or half-precision conversion.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()  # for the pause of a waiting thread
    target, features = llvm.Target.from_default_triple(), llvm.get_host_cpu_features()
    if target.triple.startswith(("x86_64", "i686")) and not (features.get("fma") and features.get("f16c")):
        raise RuntimeError("nonlin needs the FMA and F16C instructions, which x86 processors have had since about 2013")
    return target, llvm.get_host_cpu_name(), features.flatten()


def has_feature(name: str) -> bool:
    """Whether code may use some instructions of this processor, by LLVM's name of them."""
    return f"+{name}" in _host()[2].split(",")


def _machine() -> llvm.TargetMachine:
    """A compiler for this processor at the highest optimisation. An engine takes its machine with it when it goes."""
    target, cpu, features = _host()
    return target.create_target_machine(cpu=cpu, features=features, opt=_OPTIMISATION, jit=True)


def _key(ir: str) -> str:
    target, cpu, features = _host()
    versions = (llvmlite.__version__, str(llvm.llvm_version_info), str(_OPTIMISATION))
    return hashlib.sha256("\n".join((target.triple, cpu, features, *versions, ir)).encode()).hexdigest()


def compile_ir(ir: str, *names: str) -> tuple[int, ...]:
    """Compile a module of LLVM IR for this processor and return the addresses of its functions `names`.

    The compiled code stays valid until the process ends. Calls from several threads are safe.
    """
    with _lock:
        key = _key(ir)
        if key not in _engines:
            _engines[key] = _loaded(_object_code(ir, key))
        return tuple(_engines[key].get_function_address(name) for name in names)


def _object_code(ir: str, key: str) -> bytes:
    """The machine code of a module, from the cache if it is there."""
    path = cache_directory() / f"{key}.o"
    code = _read(path)
    if code is None:
        code = _compiled(ir)
        _write(path, code)
    return code


def _compiled(ir: str) -> bytes:
    """The machine code of a module; whoever watches is told."""
    global _spent
    for watcher in [*watchers]:
        watcher(_spent)
    start, machine = time.perf_counter(), _machine()
    code = machine.emit_object(_optimised(ir, machine))
    _spent += time.perf_counter() - start
    return code


def _loaded(code: bytes) -> llvm.ExecutionEngine:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _optimised(ir: str, machine: llvm.TargetMachine) -> llvm.ModuleRef:
    module = llvm.parse_assembly(ir)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=_OPTIMISATION)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


_DIGEST = 32  # bytes of SHA-256 in front of the code: a damaged or cut-off file is compiled anew


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, code = content[:_DIGEST], content[_DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
    """Store under a temporary name and rename, so that no other process ever sees half a file."""
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(hashlib.sha256(code).digest() + code)
        temporary.replace(path)
    except OSError:  # a cache that cannot be written costs compile time, nothing else
        with suppress(OSError):
            temporary.unlink()
