"""Definitions as kernels for the training loop: a block of a layer at a time, in the precision of the training.

Unlike the ufuncs, which round once, these compute float32 in float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from ...definition import Activation, Elementwise, Loss, registry
from ...definition.expression import Expression, evaluate, parameter, symbol
from ...definition.primitives import maximum, minimum, row_max, row_sum, where
from ...definition.records import Definition, made_from_definitions
from ...errors import InputError
from ...signature import learnable_names
from . import training_functions
from .arithmetic import Native
from .elements import NATIVE
from .emitter import Emitter, Value
from .jit import compile_ir
from .loops import counted, module, row_of
from .loss_rows import SHORT_ROW, Batch, Total, repeated_parts
from .reductions import RowReader, columns_as_number, split
from .row_kernels import check_per_row
from .row_places import Place, over_row


def activation_kernel(activation: Elementwise | str, dtype: Any, parameters: Mapping[str, float] | None = None) -> int:
    """The address of the forward step of a layer, fused with the derivative that the backward step needs.

    `void f(T* z, const T* bias, T* slopes, int64 rows, int64 cols, int64 stride, const T* theta, T* theta_slopes,
    int64 block)` computes x = z + bias for each row and column, and leaves f(x) in z and f'(x) in slopes. Learnable
    parameters are read from theta, in the order of the definition, and the derivative with respect to the k-th of
    them goes to theta_slopes + k * block; without any, the last three arguments are ignored. Columns from `cols` to
    `stride` are left alone. A random activation such as rrelu takes its sample as a parameter: by default, its mean.

    Parameters
    ----------
    activation : record or name of an elementwise activation
    dtype : float32 or float64, of all arrays
    parameters : values of the activation's parameters that are not learnable; the defaults where not given

    Raises
    ------
    InputError
        For a row or gated activation, an unknown parameter or another dtype.
    """
    record = registry.activations.get(activation)
    if not isinstance(record, Elementwise):
        raise InputError(f"a hidden layer needs an elementwise activation; {record.name} is a {record.kind} one")
    numbers = record.check_parameters(dict(parameters or {}))
    fixed = tuple((name, value) for name, value in numbers.items() if name not in learnable_names(record))
    return compile_ir(_activation_module(record, _element(dtype), fixed), "kernel")[0]


@cache
def _activation_module(record: Elementwise, element: str, fixed: tuple[tuple[str, float], ...]) -> str:
    emit = Emitter()
    a = Native(emit, element)
    outputs = _activation_formulas(record, dict(fixed))
    known = {name: _entry(a, "%theta", k) for k, name in enumerate(learnable_names(record))}
    blocks = ["%z", "%slopes", *(_block(emit, element, k) for k in range(len(known)))]

    def row(index: Value) -> None:
        rows = [row_of(emit, block, element, index, "%stride") for block in blocks]

        def columns(place: Place) -> None:
            x = a.add(place.load(rows[0], element), place.load("%bias", element))
            results = evaluate(outputs, training_functions.table(a), {"x": x, **known})
            for result, target in zip(results, rows, strict=True):
                place.store(target, element, result)

        over_row(emit, "%cols", a.lanes, columns, rest=a.lanes)

    counted(emit, "%rows", 1, row)
    signature = (
        "void @kernel(ptr noalias %z, ptr noalias %bias, ptr noalias %slopes, i64 %rows, i64 %cols, i64 %stride, "
        "ptr noalias %theta, ptr noalias %theta_slopes, i64 %block)"
    )
    return module(emit, emit.function(signature))


def _activation_formulas(record: Elementwise, fixed: Mapping[str, float]) -> tuple[Expression, ...]:
    """The value, the derivative, and the derivatives with respect to learnable parameters.

    Without the limits at infinity: a finite training never gets there, and an infinite one is stopped.
    """
    learnable = learnable_names(record)
    parts = ["value", "derivative", *(f"derivative_{name}" for name in learnable)]
    numbers = {**fixed, **{name: parameter(name) for name in learnable}}
    outputs = (Definition.trace(record, part, symbol("x"), **numbers)[0] for part in parts)
    return training_functions.with_single_divisors(outputs)


def _entry(a: Native, array: str, place: int) -> Value:
    """An entry of an array in all lanes."""
    address = a.emit.address(array, a.element, Value("i64", str(place)))
    return a.emit.spread(a.emit.load(a.element, address), a.lanes)


def _block(emit: Emitter, element: str, place: int) -> str:
    """The pointer to the derivatives with respect to a learnable parameter."""
    offset = emit.binary("mul", Value("i64", "%block"), Value("i64", str(place)))
    return emit.address("%theta_slopes", element, offset)


def loss_kernel(
    loss: Loss | str, dtype: Any, parameters: Mapping[str, float] | None = None, link: Activation | None = None
) -> int:
    """The address of a loss with its gradient over a batch.

    `double f(T* z, const T* t, const T* w, int64 rows, int64 cols, int64 stride)` returns the sum over the rows of
    their losses times their weights w, and leaves the gradient of that sum in z. A row's loss is that of a row loss
    (also of one over all entries of a batch, which is taken row by row), and the sum over the columns of an elementwise
    one; the root mean square of a batch counts as often as the weights say in sum. Targets t have the layout of z;
    columns from `cols` to `stride` are left alone.

    Parameters
    ----------
    loss : record or name of a loss of predictions and targets
    dtype : float32 or float64, of z, t and w
    parameters : values of the loss's parameters; the defaults where not given
    link : an activation that makes of z what the loss takes, such as probabilities; a row one for a row loss only
    """
    record = registry.losses.get(loss)
    numbers = record.check_parameters(dict(parameters or {}))
    return compile_ir(_loss_module(record, _element(dtype), tuple(numbers.items()), link), "kernel")[0]


@cache
def _loss_module(
    record: Loss, element: str, numbers: tuple[tuple[str, float], ...], link: Activation | None = None
) -> str:
    emit = Emitter()
    value, gradient = _of_outputs(record, link, dict(numbers), element)
    if record.kind == "row":
        check_per_row(record, (value,), (True,))
    loops = {"summary": _over_batch, "row": _over_rows}.get(record.kind, _over_entries)
    result = loops(Native(emit, element), value, gradient)
    signature = "double @kernel(ptr noalias %z, ptr noalias %t, ptr noalias %w, i64 %rows, i64 %cols, i64 %stride)"
    return module(emit, emit.function(signature, f"ret double {result.text}"))


def _of_outputs(
    record: Loss, link: Activation | None, numbers: Mapping[str, float], element: str
) -> tuple[Expression, Expression]:
    """The loss and its gradient as formulas of z and t: through the link by the chain rule."""
    z, targets = symbol("z"), symbol("t")
    if link is None:
        value, gradient = record.trace("value_and_gradient", z, targets, **numbers)
        return value, gradient
    z = _bounded(z, link, element)
    value, gradient = record.trace("value_and_gradient", *link.trace("value", z), targets, **numbers)
    if link.kind == "row":
        return value, link.trace("vjp", z, gradient)[0]
    return value, gradient * link.trace("derivative", z)[0]


def _bounded(z: Expression, link: Activation, element: str) -> Expression:
    """z where the link is neither 0 nor, if it ends at 1, 1: there a loss or its gradient may be infinite.

    The gradient goes through as it is at the bound, so that an example that is surely wrong is still learnt from.
    """
    far, near_one = {"float": (40, 16), "double": (300, 36)}[element]
    if link.kind == "row":
        return maximum(z, row_max(z) - far)
    bound = near_one if link.range[1] == 1 else far
    return minimum(maximum(z, -bound), bound)


_WEIGHT = parameter("row weight")
_SHORT_LIST = 12  # columns of rows whose entries have nothing to do with each other: more fill their own vectors


def _over_entries(a: Native, value: Expression, gradient: Expression) -> Value:
    """The weighted sum of the losses of all entries; its gradient is left in z."""
    total, outputs = Total(a), training_functions.without_zeros((value * _WEIGHT, gradient * _WEIGHT))

    def use(reader: RowReader, _: Value) -> None:
        def write(place: Any) -> None:
            loss, slope = reader.at(place, outputs)
            place.store(reader.rows["z"], slope)
            total.add(loss, place.mask)

        reader.over(write)

    Batch(a, _SHORT_LIST, _WEIGHT.value).each(use)
    return total.result()


def _over_rows(a: Native, value: Expression, gradient: Expression) -> Value:
    """The weighted sum of the rows' losses; its gradient is left in z."""
    total = Total(a)
    passes, (value, gradient) = split(training_functions.without_zeros((value * _WEIGHT, gradient * _WEIGHT)))

    def use(reader: RowReader, mask: Value) -> None:
        reader.run_all(passes)
        total.add(evaluate((value,), reader.table, reader.numbers)[0], mask)
        _write(reader, gradient)

    Batch(a, SHORT_ROW, _WEIGHT.value).each(use, repeated_parts(passes, [gradient]))
    return total.result()


def _over_batch(a: Native, error: Expression, slope: Expression) -> Value:
    """The weights' sum times the root of the weighted mean square of all errors; its gradient is left in z."""
    emit = a.emit
    (squares,), _ = split((row_sum(error * error),))
    total, weights = Total(a), Total(a)

    def measure(reader: RowReader, mask: Value) -> None:
        reader.run(squares)
        weight = reader.numbers[_WEIGHT.value]
        total.add(a.multiply(reader.numbers[squares.name], weight), mask)
        weights.add(weight, mask)

    Batch(a, _SHORT_LIST, _WEIGHT.value).each(measure, changes=False)
    columns = emit.pure("double", "sitofp i64 %cols to double")
    weight = weights.result()
    mean = emit.binary("fdiv", total.result(), emit.binary("fmul", weight, columns))
    root = emit.intrinsic("sqrt", mean)
    single = root if a.element == "double" else emit.convert("fptrunc", root, a.element)
    numbers = {"columns": columns_as_number(a, "%cols"), "root": emit.spread(single, a.lanes)}
    root_or_one = where(parameter("root") > 0, parameter("root"), 1)  # without errors the gradient is 0
    gradient = _WEIGHT * error * slope / (parameter("columns") * root_or_one)
    Batch(a, _SHORT_LIST, _WEIGHT.value, numbers).each(lambda reader, _: _write(reader, gradient))
    return emit.binary("fmul", weight, root)


def _write(reader: RowReader, gradient: Expression) -> None:
    """Write the gradient over z."""
    reader.over(lambda place: place.store(reader.rows["z"], reader.at(place, [gradient])[0]))


def _element(dtype: Any) -> str:
    name = np.dtype(dtype).name
    if name not in NATIVE:
        raise InputError(f"training computes in float32 or float64, got {name}")
    return NATIVE[name]


made_from_definitions += [_activation_module.cache_clear, _loss_module.cache_clear]
