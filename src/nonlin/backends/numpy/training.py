"""Definitions as kernels for the training loop: a block of a layer at a time, in the precision of the training.

Unlike the ufuncs, which round once, these compute float32 in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from ...definition import Elementwise, Loss, registry
from ...definition.expression import apply, evaluate, parameter, symbol
from ...definition.records import Definition, made_from_definitions
from ...errors import InputError
from .arithmetic import Native
from .elements import NATIVE
from .emitter import Emitter, Value
from .jit import compile_ir
from .loops import Columns, counted, module, over_columns, row_of
from .primitives import table
from .reductions import RowReader, columns_as_number, split
from .row_kernels import check_per_row


def activation_kernel(activation: Elementwise | str, dtype: Any, parameters: Mapping[str, float] | None = None) -> int:
    """The address of the forward step of a layer, fused with the derivative that the backward step needs.

    `void f(T* z, const T* bias, T* d, int64 rows, int64 cols, int64 stride)` computes x = z + bias for each row and
    column, and leaves f(x) in z and f'(x) in d. Columns from `cols` to `stride` are left alone.

    Parameters
    ----------
    activation : record or name of an elementwise activation
    dtype : float32 or float64, of z, bias and d
    parameters : values of the activation's parameters; the defaults where not given

    Raises
    ------
    InputError
        For a row or gated activation, an unknown parameter or another dtype.
    """
    record = registry.activations.get(activation)
    if not isinstance(record, Elementwise):
        raise InputError(f"a hidden layer needs an elementwise activation; {record.name} is a {record.kind} one")
    numbers = record.check_parameters(dict(parameters or {}))
    return compile_ir(_activation_module(record, _element(dtype), tuple(numbers.items())), "kernel")[0]


@cache
def _activation_module(record: Elementwise, element: str, numbers: tuple[tuple[str, float], ...]) -> str:
    emit = Emitter()
    a = Native(emit, element)
    # Without the limits at infinity: a finite training never gets there, and an infinite one is stopped.
    outputs = tuple(Definition.trace(record, part, symbol("x"), **dict(numbers))[0] for part in ("value", "derivative"))

    def row(index: Value) -> None:
        z, d = (row_of(emit, matrix, element, index, "%stride") for matrix in ("%z", "%d"))

        def columns(place: Columns) -> None:
            x = a.add(place.load(z), place.load("%bias"))
            value, derivative = evaluate(outputs, table(a), {"x": x})
            place.store(z, value)
            place.store(d, derivative)

        over_columns(a, element, "%cols", columns)

    counted(emit, "%rows", 1, row)
    signature = "void @kernel(ptr noalias %z, ptr noalias %bias, ptr noalias %d, i64 %rows, i64 %cols, i64 %stride)"
    return module(emit, emit.function(signature))


def loss_kernel(loss: Loss | str, dtype: Any) -> int:
    """The address of a loss with its gradient over a batch.

    `double f(T* z, const T* t, int64 rows, int64 cols, int64 stride)` returns the loss summed over the rows and
    leaves the gradient of that sum in z. A row's loss is that of a row loss, and the mean over the columns of an
    elementwise one. Targets t have the layout of z; columns from `cols` to `stride` are left alone.
    """
    record = registry.losses.get(loss)
    return compile_ir(_loss_module(record, _element(dtype)), "kernel")[0]


@cache
def _loss_module(record: Loss, element: str) -> str:
    emit = Emitter()
    a = Native(emit, element)
    names = record.inputs
    value, gradient = record.trace("value_and_gradient", *map(symbol, names))
    if record.kind == "row":
        check_per_row(record, (value,), (True,))
    if record.kind == "elementwise":
        value = apply("row_sum", value) / parameter("columns")
        gradient = gradient / parameter("columns")
    passes, (value, gradient) = split((value, gradient))
    numbers = {"columns": columns_as_number(a, "%cols")}
    total = emit.slot("double", "0.0")

    def row(index: Value) -> None:
        rows = {
            name: row_of(emit, matrix, element, index, "%stride")
            for name, matrix in zip(names, ("%z", "%t"), strict=True)
        }
        reader = RowReader(a, element, rows, "%cols", dict(numbers))
        for step in passes:
            reader.run(step)
        spread = evaluate((value,), table(a), reader.numbers)[0]
        scalar = emit.lane(spread, 0)
        wide = scalar if element == "double" else emit.convert("fpext", scalar, "double")
        emit.store(emit.binary("fadd", emit.load("double", total), wide), total)
        over_columns(a, element, "%cols", lambda place: place.store(rows[names[0]], reader.at(place, [gradient])[0]))

    counted(emit, "%rows", 1, row)
    result = emit.load("double", total)
    signature = "double @kernel(ptr noalias %z, ptr noalias %t, i64 %rows, i64 %cols, i64 %stride)"
    return module(emit, emit.function(signature, f"ret double {result.text}"))


def _element(dtype: Any) -> str:
    name = np.dtype(dtype).name
    if name not in NATIVE:
        raise InputError(f"training computes in float32 or float64, got {name}")
    return NATIVE[name]


made_from_definitions += [_activation_module.cache_clear, _loss_module.cache_clear]
