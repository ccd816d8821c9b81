"""The solvers' update of a vector of parameters: one pass over parameters, gradients and moments.

A solver is a step (from a gradient to what is taken off the parameters) and its `settings`; both are here.
`count`, of parameters, is a whole number of vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from llvmlite import ir

from nonlin.nn.vectors import DOUBLE, INT, Kernel, Value

_Step = Callable[[Kernel, Value, Value, Value, Value, list[Value]], Value]
_DECAY = 0.99  # of the averages of rmsprop (PyTorch's default) and of lion (its paper's); beta_2 is Adam's only


class Settings(NamedTuple):
    """What a solver computes with besides the rate: a, b and c of its kernel, and what `corrected` needs.

    adam, adamw: a, b, c are beta_1, beta_2, epsilon; rmsprop: alpha, nothing, epsilon; lion: beta_1, beta_2, nothing;
    sgd: the momentum, then 1 and 0 or, with Nesterov's look ahead, the momentum and 1.
    """

    a: float
    b: float
    c: float
    beta_1: float = 0.0
    beta_2: float = 0.0
    beta_c: float = 0.0


def settings(
    solver: str, *, momentum: float, nesterovs_momentum: bool, beta_1: float, beta_2: float, epsilon: float
) -> Settings:
    """The settings of a solver from an estimator's parameters.

    Adam's epsilon is added to the root before its correction, as in scikit-learn, AdamW's after it, as in PyTorch.

    >>> settings("lion", momentum=0.9, nesterovs_momentum=True, beta_1=0.9, beta_2=0.999, epsilon=1e-8)[:2]
    (0.9, 0.99)
    """
    if solver in {"adam", "adamw"}:
        return Settings(beta_1, beta_2, epsilon, beta_1, beta_2, beta_2 if solver == "adamw" else 0.0)
    if solver == "rmsprop":
        return Settings(_DECAY, 0.0, epsilon)
    if solver == "lion":
        return Settings(0.9, _DECAY, 0.0)
    ahead = solver == "nesterov" or nesterovs_momentum
    return Settings(momentum, momentum if ahead else 1.0, float(ahead))


def usual_decay(solver: str) -> float:
    """The weight decay where none is asked for: PyTorch's of AdamW, for Lion too, which is made for decay.

    >>> usual_decay("adamw"), usual_decay("adam")
    (0.01, 0.0)
    """
    return 0.01 if solver in {"adamw", "lion"} else 0.0


def corrected(rate: float, c: float, steps: int, beta_1: float, beta_2: float, beta_c: float) -> tuple[float, float]:
    """The rate and c for step number `steps`, the first being 1: corrected for moments that started at zero.

    The betas are those of `Settings`; where they are zero, nothing is corrected.
    """
    rate *= np.sqrt(1 - beta_2**steps) / (1 - beta_1**steps)
    return rate, c * np.sqrt(1 - beta_c**steps)


@cache
def solver_kernel(solver: str, dtype: np.dtype) -> int:
    """The address of `double update(w, g, m, v, count, penalty, share, rate, decay, a, b, c)`.

    The gradient of the mean loss is (g + penalty * w) * share, where g is the gradient of the summed loss and share
    one over the number of examples; `decay` times w comes off besides the solver's step. Returned is the sum of w^2
    before the update, which the L2 penalty of the loss is made of, or 0 without penalty and decay. Moments m and v
    start at zero.
    """
    kernel = Kernel(ir.Module(), "update", dtype, "ppppi" + 7 * "d", DOUBLE)
    b = kernel.builder
    penalty, decay = kernel.function.args[5], kernel.function.args[8]
    squares = kernel.variable(kernel.zero())
    shrinking = b.fcmp_ordered("!=", b.fadd(penalty, decay), DOUBLE(0.0))  # neither is negative
    with b.if_else(shrinking) as (whole, bare):
        with whole:
            _update(kernel, _STEPS[solver], squares)
        with bare:
            _update(kernel, _STEPS[solver])
    return kernel.address(kernel.sum(kernel.read(squares)))


def _update(kernel: Kernel, step: _Step, squares: Value = None) -> None:
    """One pass over all parameters; penalty and decay count where `squares` is to become the sum of w^2."""
    b = kernel.builder
    w, g, m, v, count, penalty, share, rate, decay, *numbers = kernel.function.args
    with kernel.loop(INT(0), count, kernel.lanes) as place:
        kept = weight = kernel.load(w, place)
        gradient = kernel.load(g, place)
        if squares:
            b.store(kernel.multiply_add(weight, weight, kernel.read(squares)), squares)
            gradient = _penalized(kernel, g, place, penalty, weight)
            kept = b.fmul(kernel.splat(b.fsub(DOUBLE(1.0), decay)), weight)
        gradient = b.fmul(gradient, kernel.splat(share))
        kernel.store(b.fsub(kept, step(kernel, gradient, m, v, place, [rate, *numbers])), w, place)


@cache
def gradient_squares_kernel(dtype: np.dtype) -> int:
    """The address of `double gradient_squares(w, g, count, penalty)`: the sum of (g + penalty * w)^2."""
    kernel = Kernel(ir.Module(), "gradient_squares", dtype, "ppid", DOUBLE)
    w, g, count, penalty = kernel.function.args

    def gradient(place: Value) -> Value:
        return _penalized(kernel, g, place, penalty, kernel.load(w, place))

    return kernel.address(kernel.sum_of_squares(count, gradient))


def _penalized(kernel: Kernel, g: Value, place: Value, penalty: Value, weight: Value) -> Value:
    """The gradient of the summed loss with its L2 penalty."""
    return kernel.builder.fadd(kernel.load(g, place), kernel.builder.fmul(kernel.splat(penalty), weight))


def _adam(kernel: Kernel, gradient: Value, m: Value, v: Value, place: Value, numbers: list[Value]) -> Value:
    """m = beta_1 m + (1 - beta_1) g, v = beta_2 v + (1 - beta_2) g^2, step = rate m / (sqrt v + epsilon)."""
    b = kernel.builder
    rate, beta_1, beta_2, epsilon = numbers
    first = _average(kernel, m, place, beta_1, gradient)
    second = _average(kernel, v, place, beta_2, b.fmul(gradient, gradient))
    root = kernel.intrinsic("sqrt", second)
    return kernel.divide(b.fmul(kernel.splat(rate), first), b.fadd(root, kernel.splat(epsilon)))


def _momentum(kernel: Kernel, gradient: Value, m: Value, v: Value, place: Value, numbers: list[Value]) -> Value:
    """m = momentum m + rate g, step = b m + c rate g: the new velocity, or Nesterov's look ahead along it."""
    b = kernel.builder
    rate, momentum, of_velocity, of_gradient = (kernel.splat(number) for number in numbers)
    downhill = b.fmul(rate, gradient)
    velocity = b.fadd(b.fmul(momentum, kernel.load(m, place)), downhill)
    kernel.store(velocity, m, place)
    return b.fadd(b.fmul(of_velocity, velocity), b.fmul(of_gradient, downhill))


def _rmsprop(kernel: Kernel, gradient: Value, m: Value, v: Value, place: Value, numbers: list[Value]) -> Value:
    """v = alpha v + (1 - alpha) g^2, step = rate g / (sqrt v + epsilon): Tieleman and Hinton 2012, as in PyTorch."""
    b = kernel.builder
    rate, alpha, _, epsilon = numbers
    second = _average(kernel, v, place, alpha, b.fmul(gradient, gradient))
    root = kernel.intrinsic("sqrt", second)
    return kernel.divide(b.fmul(kernel.splat(rate), gradient), b.fadd(root, kernel.splat(epsilon)))


def _lion(kernel: Kernel, gradient: Value, m: Value, v: Value, place: Value, numbers: list[Value]) -> Value:
    """step = rate sign(beta_1 m + (1 - beta_1) g), m = beta_2 m + (1 - beta_2) g (Chen et al., arXiv:2302.06675)."""
    b = kernel.builder
    rate, beta_1, beta_2, _ = numbers
    direction = _mean(kernel, kernel.load(m, place), beta_1, gradient)
    _average(kernel, m, place, beta_2, gradient)
    size = kernel.intrinsic("copysign", kernel.splat(rate), direction)
    moves = b.fcmp_ordered("!=", direction, kernel.zero())  # sign(0) is 0, and NaN stays NaN
    return b.select(moves, size, direction)


def _average(kernel: Kernel, moment: Value, place: Value, beta: Value, value: Value) -> Value:
    """Move a running average in memory towards `value`, and return it."""
    average = _mean(kernel, kernel.load(moment, place), beta, value)
    kernel.store(average, moment, place)
    return average


def _mean(kernel: Kernel, before: Value, beta: Value, value: Value) -> Value:
    """beta * before + (1 - beta) * value."""
    rest = kernel.splat(kernel.builder.fsub(DOUBLE(1.0), beta))  # in double: 1 - 0.999f is off
    return kernel.multiply_add(rest, kernel.builder.fsub(value, before), before)


_STEPS: dict[str, _Step] = {
    "adam": _adam,
    "sgd": _momentum,
    "adamw": _adam,
    "nesterov": _momentum,
    "rmsprop": _rmsprop,
    "lion": _lion,
}
SOLVERS = tuple(_STEPS)  # those that learn from batches
