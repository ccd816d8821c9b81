"""The compile cache: right, fast, and harmless when damaged or forbidden."""

import ctypes
import os
import platform
import subprocess
import sys

import llvmlite.binding as llvm
import numpy as np
import pytest

from nonlin.backends.numpy import jit

IR = "define i64 @f(i64 %x) {{\n  %y = add i64 %x, {0}\n  ret i64 %y\n}}"


def _call(number: int, argument: int) -> int:
    (address,) = jit.compile_ir(IR.format(number), "f")
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)(argument)


def test_two_programs_never_share_an_entry(tmp_path, monkeypatch):
    monkeypatch.setenv("NONLIN_CACHE_DIR", str(tmp_path))
    for _ in range(2):  # compiled, then read
        assert [_call(number, 1) for number in (1, 2, 3)] == [2, 3, 4]
    assert len(list(tmp_path.glob("*.o"))) == 3


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """As in a new process: nothing is known but what lies on disk."""
    monkeypatch.setattr(jit, "_engines", _Forgetful(jit._engines))


class _Forgetful(dict):
    """Keeps the engines, since their code may be in use, but finds none of them."""

    def __contains__(self, key: object) -> bool:
        return False


def test_a_program_is_loaded_once_in_a_process(monkeypatch):
    monkeypatch.setattr(jit, "_engines", {})
    assert jit.compile_ir(IR.format(30), "f") == jit.compile_ir(IR.format(30), "f")


def test_a_damaged_entry_is_compiled_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("NONLIN_CACHE_DIR", str(tmp_path))
    assert _call(10, 1) == 11
    (entry,) = tmp_path.glob("*.o")
    whole = entry.read_bytes()
    for damaged in (b"", whole[:40], whole[:-1], whole[:-1] + b"!"):
        entry.write_bytes(damaged)
        assert _call(10, 1) == 11
        assert entry.read_bytes() == whole


def test_a_forbidden_folder_only_costs_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NONLIN_CACHE_DIR", str(tmp_path / "file" / "below"))
    assert _call(20, 1) == 21


SCRIPT = """
import numpy as np, nonlin as nl
from nonlin.primitives import exp
@nl.activation()
def mine(x):
    return exp(-x * x) * {0}
print(float(mine(1.0)))
"""


def test_a_changed_formula_of_the_same_name_is_never_stale(tmp_path):
    """Numba's cache is keyed by file and qualified name; here the program itself is the key."""
    environment = os.environ | {"NONLIN_CACHE_DIR": str(tmp_path)}
    for factor in (1, 2, 1):
        output = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(factor)], env=environment, capture_output=True, text=True, check=True
        )
        assert float(output.stdout) == factor * float(np.exp(-1.0))


def test_no_home_directory_only_costs_time(monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", "NONLIN_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.expanduser", lambda self: (_ for _ in ()).throw(RuntimeError("no home")))
    assert _call(40, 2) == 42


def test_a_processor_without_fused_multiply_add_is_refused_in_words(monkeypatch):
    """Without it the exact products of double-double arithmetic would be calls, and half precision would crash."""
    jit._host.cache_clear()
    monkeypatch.setattr(jit.llvm, "get_host_cpu_features", lambda: llvm.FeatureMap({"fma": False, "f16c": True}))
    if jit.llvm.get_default_triple().startswith("x86_64"):
        with pytest.raises(RuntimeError, match="FMA and F16C"):
            jit.compile_ir(IR.format(50), "f")
    jit._host.cache_clear()


OTHER_PROCESSOR = """
import hashlib
import numpy as np
import llvmlite.binding as llvm
from nonlin.backends.numpy import jit

jit._host()
if {0!r}:
    target = llvm.Target.from_default_triple()
    jit._host = lambda: (target, {0!r}, "+avx2,+fma,+f16c")

import nonlin as nl

digest = hashlib.sha256()
x = np.random.default_rng(0).normal(0, 5, 2048)
sample = np.random.default_rng(1).uniform(0.1, 0.9, 2048)
for name in nl.activations():
    given = [x, sample] if nl.get(name).inputs == ("x", "sample") else [x]
    for dtype in ("f2", "f4", "f8"):
        result = nl.get(name)(*(array.astype(dtype) for array in given))
        digest.update(np.ascontiguousarray(result).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="compares x86 vector widths")
def test_narrower_vectors_give_the_same_bits(tmp_path):
    digests = set()
    other = {"NONLIN_CACHE_DIR": str(tmp_path)}  # its kernels are of no use here; this one's are those of all tests
    for processor, cache in (("", {}), ("haswell", other)):  # this one, and 256-bit vectors
        environment = os.environ | cache
        command = [sys.executable, "-c", OTHER_PROCESSOR.format(processor)]
        digests.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(digests) == 1


FIRST_CALLS = """
import numpy as np
import nonlin as nl
x = np.linspace(-2, 2, 16, dtype=np.float32)
for name in ("gelu", "softplus", "mish"):
    nl.get(name)(x), nl.get(name).value_and_derivative(x)
for name in ("softmax", "log_softmax", "sparsemax", "entmax15", "hardmax"):
    nl.get(name)(x), nl.get(name).vjp(x, x)
"""


def test_another_process_finds_every_kernel_in_the_cache(tmp_path):
    """Whatever the order of its sets, which differs from process to process."""
    found = []
    for seed in ("1", "2", "3"):
        environment = os.environ | {"NONLIN_CACHE_DIR": str(tmp_path), "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", FIRST_CALLS], env=environment, check=True)
        found.append({file.name for file in tmp_path.iterdir()})
    assert found[0]
    assert found[0] == found[1] == found[2]
