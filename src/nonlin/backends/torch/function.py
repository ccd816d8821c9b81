"""Definitions as differentiable functions of tensors: the value's formula forth, the derivative's formula back."""

from __future__ import annotations

from typing import Any

from ...definition import Activation
from ...definition.expression import evaluate
from ...errors import InputError
from ...signature import learnable_names
from ..formulas import formula
from . import Tensor, torch
from .table import table

_COMPUTED_IN = {torch.float16: torch.float32, torch.bfloat16: torch.float32}


def call(record: Activation, x: Tensor, **parameters: Tensor | float) -> Tensor:
    """An elementwise activation of a tensor, or one of the rows along its last axis; gradients are the definition's.

    Gradients pass to x and to learnable parameters, which broadcast with x. Half precision is computed in single.

    Raises
    ------
    InputError
        For unknown or forbidden parameters, and for one that asks for a gradient that is not defined.

    Examples
    --------
    >>> import torch, nonlin as nl
    >>> x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    >>> call(nl.leaky_relu, x, negative_slope=0.5).sum().backward()
    >>> x.grad
    tensor([0.5000, 0.5000, 1.0000])
    """
    if not x.is_floating_point():
        raise InputError(f"{record.name} takes a tensor of floats, got {x.dtype}; write x.float()")
    dtype = _COMPUTED_IN.get(x.dtype, x.dtype)
    numbers = []
    for name, number in record.check_parameters(parameters).items():
        numbers.append(torch.as_tensor(number, dtype=dtype, device=x.device))
        if numbers[-1].requires_grad and name not in learnable_names(record):
            raise InputError(f"{record.name} has no derivative with respect to {name!r}; give it as a number")
    return _Function.apply(record, x.to(dtype), *numbers).to(x.dtype)


class _Function(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(record: Activation, x: Tensor, *numbers: Tensor) -> Tensor:
        return _compute(record, "value", x, *numbers)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.record, *tensors = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of all arguments of `forward`."""
        (cotangent,) = grad_outputs
        record, (x, *numbers) = ctx.record, ctx.saved_tensors
        gradients: list[Tensor | None] = [None] * (2 + len(numbers))
        if ctx.needs_input_grad[1]:
            gradients[1] = _gradient(record, cotangent, x, *numbers)
        for place, name in enumerate(record.parameters):
            if ctx.needs_input_grad[2 + place]:
                slopes = _compute(record, f"derivative_{name}", x, *numbers)
                gradients[2 + place] = (cotangent * slopes).sum_to_size(numbers[place].shape)
        return tuple(gradients)


def _gradient(record: Activation, cotangent: Tensor, x: Tensor, *numbers: Tensor) -> Tensor:
    """The gradient of x; that of a parameter that broadcasts x is summed back to the shape of x."""
    if record.reduces:
        return _compute(record, "vjp", x, *numbers, cotangent=cotangent)
    return (cotangent * _compute(record, "derivative", x, *numbers)).sum_to_size(x.shape)


def _compute(record: Activation, part: str, x: Tensor, *numbers: Tensor, **others: Tensor) -> Tensor:
    """A part of a definition, shaped as x and the parameters broadcast."""
    values = {record.inputs[0]: x, **others, **dict(zip(record.parameters, numbers, strict=True))}
    (result,) = evaluate(formula(record, part), table(x.dtype, x.device), values)
    return result.expand(torch.broadcast_shapes(x.shape, *(number.shape for number in numbers)))
