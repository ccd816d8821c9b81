"""What AVX-512 does in one instruction, as functions that other processors have too, with the same results.

A call of one is an instruction of a formula on any processor: which form a formula takes depends on how many it has,
and results must not depend on the processor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial

from .arithmetic import Native
from .emitter import LANES as REGISTER
from .emitter import Emitter, Value, float_text, vector
from .jit import has_feature

_LANES = REGISTER["float"]


def scaled(emit: Emitter, a: Value, exponent: Value) -> Value:
    """Floats times the powers of two whose exponents are floats rounded down."""
    return _called(emit, "scaled", _scalef if has_feature("avx512f") else _in_halves, a, exponent)


def looked_up(emit: Emitter, numbers: Sequence[float], index: Value) -> Value:
    """The floats at the lowest bits of an index, out of as many as there are lanes."""
    texts = ", ".join(f"float {float_text('float', number)}" for number in numbers)
    name = hashlib.sha256(texts.encode()).hexdigest()[:16]
    body = partial(_permuted, texts) if has_feature("avx512f") else partial(_gathered, texts, f"@table_{name}")
    return _called(emit, f"lookup_{name}", body, index)


def _called(emit: Emitter, name: str, body: Callable[..., Value], *arguments: Value) -> Value:
    inside = Emitter()
    result = body(inside, *(Value(x.type, f"%a{k}") for k, x in enumerate(arguments)))
    taken = ", ".join(f"{x.type} %a{k}" for k, x in enumerate(arguments))
    text = inside.function(f"internal {result.type} @{name}({taken}) alwaysinline", f"ret {result.type} {result.text}")
    emit.declarations |= inside.declarations | {text}
    given = ", ".join(f"{x.type} {x.text}" for x in arguments)
    return emit.pure(result.type, f"call {result.type} @{name}({given})")


def _scalef(emit: Emitter, a: Value, exponent: Value) -> Value:
    name, mask = "@llvm.x86.avx512.mask.scalef.ps.512", "i16 -1, i32 4"
    emit.declarations.add(f"declare {a.type} {name}({', '.join([a.type] * 3)}, i16, i32)")
    given = ", ".join(f"{a.type} {text}" for text in (a.text, exponent.text, "zeroinitializer"))
    return emit.pure(a.type, f"call {a.type} {name}({given}, {mask})")


def _in_halves(emit: Emitter, a: Value, exponent: Value) -> Value:
    """Of two products with powers of two only the last one rounds."""
    floats = Native(emit, "float", _LANES)
    low, high = floats.splat(-252), floats.splat(254)  # what is beyond is 0 or infinite as well
    whole = emit.intrinsic("floor", exponent)
    whole = emit.select(emit.compare("olt", whole, low), low, whole)
    whole = emit.select(emit.compare("ogt", whole, high), high, whole)
    number = emit.convert("fptosi", whole, vector("i32", _LANES))
    half = emit.binary("ashr", number, floats.integers(1))
    for part in (half, emit.binary("sub", number, half)):
        biased = emit.binary("add", part, floats.integers(127))
        a = emit.binary("fmul", a, floats.from_bits(emit.binary("shl", biased, floats.integers(23))))
    return a


def _permuted(texts: str, emit: Emitter, index: Value) -> Value:
    kind, name = vector("float", _LANES), "@llvm.x86.avx512.permvar.sf.512"
    emit.declarations.add(f"declare {kind} {name}({kind}, {index.type})")
    return emit.pure(kind, f"call {kind} {name}({kind} <{texts}>, {index.type} {index.text})")


def _gathered(texts: str, table: str, emit: Emitter, index: Value) -> Value:
    array = f"[{_LANES} x float]"
    emit.declarations.add(f"{table} = private unnamed_addr constant {array} [{texts}], align 64")
    lowest = Native(emit, "float", _LANES).integers(_LANES - 1)
    return emit.gather("float", table, emit.binary("and", index, lowest))
