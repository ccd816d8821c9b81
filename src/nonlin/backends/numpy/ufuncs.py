"""The ufunc of a part of a definition, and up to where its float32 loop may take the fast form."""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import sys
from functools import cache
from typing import NamedTuple

import llvmlite.binding as llvm
import numpy as np

from ...definition import Activation, Definition
from ...definition.activation import textbook_forms
from ...definition.expression import Expression, parameter, symbol
from ...definition.records import made_from_definitions
from .elements import DTYPES, ELEMENTS
from .elementwise import fast_bodies, has_fast_form
from .fast_range import measure
from .jit import compile_ir
from .parallel import start_helpers
from .ufunc import make_ufunc
from .ufunc_loops import ufunc_loops


@cache
def _floating_point_environment() -> None:
    """Let compiled loops find C's feclearexcept, which NumPy's own loops use too."""
    name = "ucrtbase" if sys.platform == "win32" else ctypes.util.find_library("m")
    library = ctypes.CDLL(name)
    llvm.add_symbol("feclearexcept", ctypes.cast(library.feclearexcept, ctypes.c_void_p).value)


class _Made(NamedTuple):
    """A ufunc, the fast forms of its outputs that hold somewhere, and up to where: see `ufunc_loops`."""

    function: np.ufunc
    forms: list[Expression | None]
    facts: ctypes.Array[ctypes.c_double]


@cache
def ufunc(record: Definition, part: str) -> np.ufunc:
    """The ufunc of a part of an elementwise or gated definition: inputs, then parameters as doubles."""
    return _made(record, part).function


@cache
def _made(record: Definition, part: str) -> _Made:
    _floating_point_environment()
    start_helpers()
    if not isinstance(record, Activation):
        return _compiled(record, part, [None] * len(record.expressions(part)))
    if part == "value_and_derivative":
        return _pair(record)
    robust, textbook = (_fast_forms(record, part, textbook=choice) for choice in (False, True))
    simple = [other if form is None else form for form, other in zip(textbook, robust, strict=True)]
    first, second = sorted((simple, robust), key=lambda forms: _length(record, forms))
    made = _measured(record, part, first)
    return made if made.forms == first or first == second else _measured(record, part, second)


made_from_definitions += [ufunc.cache_clear, _made.cache_clear]


def _pair(record: Activation) -> _Made:
    """Value and derivative in one pass, each in the form and up to the bound that it has alone."""
    value, derivative = _made(record, "value"), _made(record, "derivative")
    made = _compiled(record, "value_and_derivative", value.forms + derivative.forms)
    bounds = [*value.facts[: len(value.forms)], *derivative.facts[: len(derivative.forms)]]
    measured = value if any(form is not None for form in value.forms) else derivative  # the other has no ranges
    made.facts[:] = [*bounds, *measured.facts[len(measured.forms) :]]
    return made


def _measured(record: Activation, part: str, forms: list[Expression | None]) -> _Made:
    """A ufunc with the given fast forms, used as far as they hold."""
    made = _compiled(record, part, forms)
    if any(form is not None for form in forms):
        has_fast = [form is not None for form in forms]
        measure(made.function, made.facts, has_fast, len(record.inputs), record.parameters)
    held = [form if bound > 0 else None for form, bound in zip(forms, made.facts, strict=False)]
    return made._replace(forms=held)


def _compiled(record: Definition, part: str, forms: list[Expression | None]) -> _Made:
    outputs, parameters = record.expressions(part), tuple(record.parameters)
    ir = ufunc_loops(ELEMENTS, outputs, forms, record.inputs, parameters)
    facts = (ctypes.c_double * (len(outputs) + 2 * len(parameters)))(*[-1.0] * len(outputs))
    loops = []
    for element, address in zip(ELEMENTS, compile_ir(ir, *(f"loop_{e}" for e in ELEMENTS)), strict=True):
        dtype = DTYPES[element]
        types = [dtype] * len(record.inputs) + ["float64"] * len(parameters) + [dtype] * len(outputs)
        loops.append((address, types, facts if element == "float" else None))
    name = record.name if part == "value" else f"{record.name}_{part}"
    function = make_ufunc(name, record.__doc__ or "", loops, len(record.inputs) + len(parameters), len(outputs))
    return _Made(function, forms, facts)


def _length(record: Activation, forms: list[Expression | None]) -> float:
    """How many instructions fast forms take; without one, more than any."""
    if all(form is None for form in forms):
        return math.inf
    return sum(len(body.lines) for body in fast_bodies(forms, record.inputs, tuple(record.parameters)))


def _fast_forms(record: Activation, part: str, *, textbook: bool) -> list[Expression | None]:
    """Each output as a form that the arithmetic of two floats can evaluate, if there is one.

    Textbook forms are simpler than those made for extreme inputs, but do not serve everywhere.
    """
    symbols = [symbol(name) for name in record.inputs]
    numbers = {name: parameter(name) for name in record.parameters}
    with textbook_forms(textbook):
        found = Definition.trace(record, "definition" if textbook and part == "value" else part, *symbols, **numbers)
    return [form if has_fast_form(form) else None for form in found]
