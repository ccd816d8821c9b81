"""LLVM IR in, function addresses out, with a cache on disk that cannot return the wrong kernel.

The key of a cached object is the hash of the complete IR text, the processor and the LLVM version,
so that two kernels share an entry only if they are the same program for the same machine.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

_alive: list[llvm.ExecutionEngine] = []  # an engine owns its code: dropping one would free kernels in use
_lock = threading.Lock()  # LLVM's global context is not thread-safe


def cache_directory() -> Path:
    """The folder of compiled kernels: `NONLIN_CACHE_DIR`, or `nonlin` in the user's cache folder."""
    chosen = os.environ.get("NONLIN_CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", tempfile.gettempdir())
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "nonlin"


@cache
def _target() -> tuple[llvm.TargetMachine, str]:
    """The host's target machine at the highest optimisation, and its description for the cache key."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu = llvm.get_host_cpu_name()
    features = llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=cpu, features=features, opt=3, jit=True)
    return machine, "\n".join((target.triple, cpu, features, llvmlite.__version__, str(llvm.llvm_version_info)))


def compile_ir(ir: str, *names: str) -> tuple[int, ...]:
    """Compile a module of LLVM IR for this processor and return the addresses of its functions `names`.

    The compiled code stays valid until the process ends. Calls from several threads are safe.
    """
    with _lock:
        machine, description = _target()
        key = hashlib.sha256(f"{description}\n{ir}".encode()).hexdigest()
        path = cache_directory() / f"{key}.o"
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        code = _read(path)
        if code is None:
            module = _optimised(ir, machine)
            code = machine.emit_object(module)
            _write(path, code)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _alive.append(engine)
        return tuple(engine.get_function_address(name) for name in names)


def _optimised(ir: str, machine: llvm.TargetMachine) -> llvm.ModuleRef:
    module = llvm.parse_assembly(ir)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(code).digest() + code)
        Path(file.name).replace(path)
    except OSError:
        pass  # a cache that cannot be written costs compile time, nothing else
