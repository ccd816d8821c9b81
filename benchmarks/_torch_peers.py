"""PyTorch eager's own functions: kernels that write into a given array, and its backward kernels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple


class Peer(NamedTuple):
    """A library's form of a function.

    `into(x, out)` writes the value, `backward(ones, x, saved, out)` the derivative, where `saved` is what `saves(x)`
    gives: all contenders get x and nothing else, so that a backward kernel that takes the result of the forward pass is
    charged for it. `slope_is_new` where that one cannot write into `out`. `own` is false for an expression.
    """

    function: Callable[[Any], Any]
    into: Callable[[Any, Any], Any] | None = None
    backward: Callable[[Any, Any, Any, Any], Any] | None = None
    saves: Callable[[Any], Any] | None = None
    own: bool = True
    slope_is_new: bool = False


@cache
def torch_peers() -> dict[str, Peer]:
    """All functions that PyTorch has, by this package's names."""
    return _piecewise() | _smooth() | _exponential()


def _of_input(operation: Any, *numbers: Any) -> Callable[..., Any]:
    """A backward kernel that takes x."""
    return lambda ones, x, saved, out: operation(ones, x, *numbers, grad_input=out)


def _of_output(operation: Any) -> Callable[..., Any]:
    """A backward kernel that takes what the forward pass gave."""
    return lambda ones, x, saved, out: operation(ones, saved, grad_input=out)


def _piecewise() -> dict[str, Peer]:
    import torch
    from torch.nn import functional

    nn, aten = torch._C._nn, torch.ops.aten
    zero, quarter, slope = torch.zeros(1), torch.tensor([0.25]), (1 / 8 + 1 / 3) / 2
    above, leaky = aten.threshold_backward.grad_input, aten.leaky_relu_backward.grad_input
    clipped = aten.hardtanh_backward.grad_input
    return {
        "identity": Peer(torch.clone, lambda x, out: out.copy_(x), lambda ones, x, saved, out: out.fill_(1.0)),
        "step": Peer(
            lambda x: torch.heaviside(x, zero.to(x.dtype)),
            lambda x, out: torch.heaviside(x, zero.to(x.dtype), out=out),
            lambda ones, x, saved, out: out.zero_(),
        ),
        "relu": Peer(torch.relu, lambda x, out: torch.clamp_min(x, 0, out=out), _of_input(above, 0)),
        "leaky_relu": Peer(
            functional.leaky_relu, lambda x, out: nn.leaky_relu(x, out=out), _of_input(leaky, 0.01, False)
        ),
        "prelu": Peer(lambda x: torch.prelu(x, quarter.to(x.dtype))),
        "rrelu": Peer(
            functional.rrelu, lambda x, out: nn.leaky_relu(x, slope, out=out), _of_input(leaky, slope, False)
        ),
        "relu6": Peer(functional.relu6, lambda x, out: nn.hardtanh(x, 0, 6, out=out), _of_input(clipped, 0, 6)),
        "hardtanh": Peer(functional.hardtanh, lambda x, out: nn.hardtanh(x, out=out), _of_input(clipped, -1, 1)),
        "hardsigmoid": Peer(
            functional.hardsigmoid,
            lambda x, out: nn.hardsigmoid(x, out=out),
            _of_input(aten.hardsigmoid_backward.grad_input),
        ),
        "hardswish": Peer(
            functional.hardswish,
            lambda x, out: nn.hardswish(x, out=out),
            lambda ones, x, saved, out: aten.hardswish_backward.out(ones, x, out=out),
        ),
        "threshold": Peer(
            lambda x: functional.threshold(x, 0.0, 0.0),
            lambda x, out: aten.threshold.out(x, 0, 0, out=out),
            _of_input(above, 0),
        ),
        "thresholded_relu": Peer(
            lambda x: functional.threshold(x, 1.0, 0.0),
            lambda x, out: aten.threshold.out(x, 1, 0, out=out),
            _of_input(above, 1),
        ),
        "hardshrink": Peer(
            functional.hardshrink,
            lambda x, out: aten.hardshrink.out(x, 0.5, out=out),
            _of_input(aten.hardshrink_backward.grad_input, 0.5),
        ),
        "softshrink": Peer(
            functional.softshrink,
            lambda x, out: nn.softshrink(x, 0.5, out=out),
            _of_input(aten.softshrink_backward.grad_input, 0.5),
        ),
    }


def _smooth() -> dict[str, Peer]:
    import torch
    from torch.nn import functional

    nn, aten = torch._C._nn, torch.ops.aten

    def gelu_slope(form: str) -> Callable[..., Any]:
        kernel = aten.gelu_backward.grad_input
        return lambda ones, x, saved, out: kernel(ones, x, approximate=form, grad_input=out)

    return {
        "sigmoid": Peer(
            torch.sigmoid,
            lambda x, out: torch.sigmoid(x, out=out),
            _of_output(aten.sigmoid_backward.grad_input),
            torch.sigmoid,
        ),
        "tanh": Peer(
            torch.tanh, lambda x, out: torch.tanh(x, out=out), _of_output(aten.tanh_backward.grad_input), torch.tanh
        ),
        "tanhshrink": Peer(functional.tanhshrink),
        "silu": Peer(functional.silu, lambda x, out: nn.silu(x, out=out), _of_input(aten.silu_backward.grad_input)),
        "gelu": Peer(functional.gelu, lambda x, out: nn.gelu(x, out=out), gelu_slope("none")),
        "gelu_tanh": Peer(
            lambda x: functional.gelu(x, approximate="tanh"),
            lambda x, out: nn.gelu(x, approximate="tanh", out=out),
            gelu_slope("tanh"),
        ),
        "mish": Peer(
            functional.mish,
            lambda x, out: nn.mish(x, out=out),
            lambda ones, x, saved, out: aten.mish_backward(ones, x),
            slope_is_new=True,
        ),
        "softsign": Peer(functional.softsign),
        "sin": Peer(torch.sin, lambda x, out: torch.sin(x, out=out), lambda ones, x, saved, out: torch.cos(x, out=out)),
        "arctan": Peer(torch.atan, lambda x, out: torch.atan(x, out=out)),
        "glu": Peer(functional.glu, lambda x, out: nn.glu(x, -1, out=out), _of_input(aten.glu_backward.grad_input, -1)),
    }


def _exponential() -> dict[str, Peer]:
    import torch
    from torch.nn import functional

    nn, aten, selu = torch._C._nn, torch.ops.aten, (1.6732632423543772, 1.0507009873554805)

    def elu_slope(alpha: float, scale: float) -> Callable[..., Any]:
        kernel = aten.elu_backward.grad_input
        return lambda ones, x, saved, out: kernel(ones, alpha, scale, 1.0, False, x, grad_input=out)

    return {
        "elu": Peer(functional.elu, lambda x, out: nn.elu(x, out=out), elu_slope(1.0, 1.0)),
        "selu": Peer(functional.selu, lambda x, out: nn.elu(x, *selu, 1.0, out=out), elu_slope(*selu)),
        "celu": Peer(functional.celu, lambda x, out: nn.elu(x, out=out), elu_slope(1.0, 1.0)),
        "exponential": Peer(
            torch.exp,
            lambda x, out: torch.exp(x, out=out),
            lambda ones, x, saved, out: torch.mul(ones, saved, out=out),
            torch.exp,
        ),
        "softplus": Peer(
            functional.softplus,
            lambda x, out: nn.softplus(x, out=out),
            _of_input(aten.softplus_backward.grad_input, 1, 20),
        ),
        "logsigmoid": Peer(
            functional.logsigmoid,
            lambda x, out: nn.log_sigmoid(x, out=out),
            lambda ones, x, saved, out: aten.log_sigmoid_backward.grad_input(ones, x, saved, grad_input=out),
            lambda x: aten.log_sigmoid_forward(x)[1],
        ),
    }
