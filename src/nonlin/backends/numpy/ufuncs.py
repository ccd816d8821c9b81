"""The ufunc of a part of a definition, and up to where its float32 loop may take the fast form."""

from __future__ import annotations

import ctypes
import math
from functools import cache, partial
from typing import NamedTuple

import numpy as np

from ...definition import Activation, Definition
from ...definition.activation import textbook_forms
from ...definition.expression import parameter, symbol
from ...definition.records import made_from_definitions
from .elements import DTYPES, ELEMENTS
from .fast_forms import FastForm, has_fast_form, work
from .fast_range import measure
from .jit import compile_ir
from .parallel import start_helpers
from .ufunc import floating_point_environment, make_ufunc
from .ufunc_loops import ufunc_loops

_EXACT = tuple(element for element in ELEMENTS if element != "float")
_MORE_WORK = 32  # that two floats may be before doubles are faster, by measurement


class _Made(NamedTuple):
    """A ufunc, the fast forms of its outputs that hold somewhere, and up to where: see `ufunc_loops`."""

    function: np.ufunc
    forms: list[FastForm | None]
    facts: ctypes.Array[ctypes.c_double]


@cache
def ufunc(record: Definition, part: str) -> np.ufunc:
    """The ufunc of a part of an elementwise or gated definition: inputs, then parameters as doubles."""
    return _made(record, part).function


@cache
def _made(record: Definition, part: str) -> _Made:
    floating_point_environment()
    start_helpers()
    if part.startswith("value_and_"):
        return _pair(record, part)
    in_doubles = _fast_forms(record, part, may_cancel=True)
    held, made = [None] * len(in_doubles), None
    for forms in _float_forms(record, part, in_doubles):
        made = _measured(record, part, forms)
        held = made.forms
        if held == forms:
            break
    best = [other if form is None else form for form, other in zip(held, in_doubles, strict=True)]
    return made if made is not None and best == held else _measured(record, part, best)


def _pair(record: Definition, part: str) -> _Made:
    """Value and derivative (or gradient) in one pass, each in the form and up to the bound that it has alone."""
    value, derivative = _made(record, "value"), _made(record, part.removeprefix("value_and_"))
    made = _compiled(record, part, value.forms + derivative.forms)
    bounds = [*value.facts[: len(value.forms)], *derivative.facts[: len(derivative.forms)]]
    measured = value if any(form is not None for form in value.forms) else derivative  # the other has no ranges
    made.facts[:] = [*bounds, *measured.facts[len(measured.forms) :]]
    return made


def _float_forms(record: Definition, part: str, in_doubles: list[FastForm | None]) -> list[list[FastForm | None]]:
    """The forms for two floats that are worth a try, the shortest ones first."""
    robust, textbook = (_fast_forms(record, part, textbook=choice) for choice in (False, True))
    simple = [other if form is None else form for form, other in zip(textbook, robust, strict=True)]
    fast_work = partial(work, inputs=record.inputs, parameters=tuple(record.parameters))
    choices = sorted((simple, robust) if simple != robust else (simple,), key=fast_work)
    longest = math.inf if None in in_doubles else fast_work(in_doubles) + _MORE_WORK
    return [forms for forms in choices if any(forms) and fast_work(forms) <= longest]


def _measured(record: Definition, part: str, forms: list[FastForm | None]) -> _Made:
    """A ufunc with those of the fast forms that hold somewhere."""
    made = _compiled(record, part, forms)
    if any(forms):
        domains = [record.domains.get(name, "real") for name in record.inputs]
        signs = isinstance(record, Activation)
        measure(made.function, made.facts, forms, domains, record.parameters, zeros_have_signs=signs)
    held = [form if bound > 0 else None for form, bound in zip(forms, made.facts, strict=False)]
    return made._replace(forms=held)


def _compiled(record: Definition, part: str, forms: list[FastForm | None]) -> _Made:
    outputs, parameters = record.expressions(part), tuple(record.parameters)
    facts = (ctypes.c_double * (len(outputs) + 2 * len(parameters)))(*[-1.0] * len(outputs))
    addresses = _addresses(record, part, ("float",), tuple(forms)) | _addresses(record, part, _EXACT)
    loops = []
    for element in ELEMENTS:  # NumPy takes the first one that it can convert to
        dtype = DTYPES[element]
        types = [dtype] * len(record.inputs) + ["float64"] * len(parameters) + [dtype] * len(outputs)
        loops.append((addresses[element], types, facts if element == "float" else None))
    name = record.name if part == "value" else f"{record.name}_{part}"
    function = make_ufunc(name, record.__doc__ or "", loops, len(record.inputs) + len(parameters), len(outputs))
    return _Made(function, forms, facts)


@cache
def _addresses(
    record: Definition, part: str, elements: tuple[str, ...], forms: tuple[FastForm | None, ...] = ()
) -> dict[str, int]:
    """The loops of some element types. That of float32 is a module of its own, since several forms may be tried."""
    ir = ufunc_loops(elements, record.expressions(part), forms, record.inputs, tuple(record.parameters))
    return dict(zip(elements, compile_ir(ir, *(f"loop_{element}" for element in elements)), strict=True))


def _fast_forms(
    record: Definition, part: str, *, textbook: bool = False, may_cancel: bool = False
) -> list[FastForm | None]:
    """Each output as a form for two floats or, where its sums may cancel, for doubles, if there is one.

    Textbook forms are simpler than those made for extreme inputs, but do not serve everywhere.
    """
    symbols = [symbol(name) for name in record.inputs]
    numbers = {name: parameter(name) for name in record.parameters}
    with textbook_forms(textbook):
        found = Definition.trace(record, "definition" if textbook and part == "value" else part, *symbols, **numbers)
    forms = [FastForm(formula, may_cancel) for formula in found]
    return [form if has_fast_form(form) else None for form in forms]


made_from_definitions += [ufunc.cache_clear, _made.cache_clear, _addresses.cache_clear]
