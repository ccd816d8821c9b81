"""The solvers' update of a vector of parameters: one pass over parameters, gradients and moments.

Both kernels have the form `double update(w, g, m, v, count, penalty, share, rate, a, b, c)` and return the sum of
w^2 before the update, which the L2 penalty of the loss is made of. The gradient of the mean loss is
(g + penalty * w) * share, where g is the gradient of the summed loss and share one over the number of examples.
`count` is a whole number of vectors.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from llvmlite import ir

from nonlin.backends.numpy.jit import compile_ir
from nonlin.nn.vectors import DOUBLE, INT, Kernel, Value

_ARGUMENTS = "ppppi" + 6 * "d"


@cache
def update_kernel(solver: str, dtype: np.dtype) -> int:
    """The address of the update of a solver, "adam" or "sgd".

    adam: a, b, c are beta_1, beta_2, epsilon, and `rate` has the correction for the moments' start at zero;
    sgd: a is the momentum, b and c are 1 and 0 or, with Nesterov's look ahead, the momentum and 1.
    """
    module = ir.Module()
    kernel = Kernel(module, "update", dtype, _ARGUMENTS, DOUBLE)
    b = kernel.builder
    w, g, m, v, count, *numbers = kernel.function.args
    penalty, share, *numbers = numbers
    squares = kernel.variable(kernel.zero())
    with kernel.loop(INT(0), count, kernel.lanes) as place:
        weight = kernel.load(w, place)
        b.store(kernel.multiply_add(weight, weight, kernel.read(squares)), squares)
        gradient = b.fadd(kernel.load(g, place), b.fmul(kernel.splat(penalty), weight))
        gradient = b.fmul(gradient, kernel.splat(share))
        step = (_adam if solver == "adam" else _momentum)(kernel, gradient, m, v, place, numbers)
        kernel.store(b.fsub(weight, step), w, place)
    b.ret(kernel.sum(kernel.read(squares)))
    return compile_ir(str(module), "update")[0]


def _adam(kernel: Kernel, gradient: Value, m: Value, v: Value, place: Value, numbers: list[Value]) -> Value:
    """m = beta_1 m + (1 - beta_1) g, v = beta_2 v + (1 - beta_2) g^2, step = rate m / (sqrt v + epsilon)."""
    b = kernel.builder
    rest_1, rest_2 = (kernel.splat(b.fsub(DOUBLE(1.0), beta)) for beta in numbers[1:3])  # in double: 1 - 0.999f is off
    rate, beta_1, beta_2, epsilon = (kernel.splat(number) for number in numbers)
    first = b.fadd(b.fmul(beta_1, kernel.load(m, place)), b.fmul(rest_1, gradient))
    square = b.fmul(rest_2, b.fmul(gradient, gradient))
    second = b.fadd(b.fmul(beta_2, kernel.load(v, place)), square)
    kernel.store(first, m, place)
    kernel.store(second, v, place)
    return b.fdiv(b.fmul(rate, first), b.fadd(kernel.intrinsic("sqrt", second), epsilon))


def _momentum(kernel: Kernel, gradient: Value, m: Value, v: Value, place: Value, numbers: list[Value]) -> Value:
    """m = momentum m + rate g, step = b m + c rate g: the new velocity, or Nesterov's look ahead along it."""
    b = kernel.builder
    rate, momentum, of_velocity, of_gradient = (kernel.splat(number) for number in numbers)
    downhill = b.fmul(rate, gradient)
    velocity = b.fadd(b.fmul(momentum, kernel.load(m, place)), downhill)
    kernel.store(velocity, m, place)
    return b.fadd(b.fmul(of_velocity, velocity), b.fmul(of_gradient, downhill))
