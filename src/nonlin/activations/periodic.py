"""Functions with a sine in them."""

from math import inf, nan

from ..definition import Parameter, activation
from ..definition.primitives import cos, where
from ..definition.primitives import sin as sine

__all__ = ["sin", "snake"]

# Far out, neighbouring floats are periods apart: the results are those of the number given, exactly. At an infinity
# a sine has no value: NaN, as in every library.


@activation(
    aliases=("sine",),
    reference="Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020 (Siren), arXiv:2006.09661",
    range=(-1, 1),
    monotone=False,
    smoothness=inf,
    limits=(nan, nan),
    derivative_limits=(nan, nan),
    same_as={
        "torch": "sin",
        "jax": "numpy.sin",
        "keras": "ops.sin",
        "tensorflow": "sin",
        "numpy": "sin",
        "onnx": "Sin",
    },
)
def sin(x):
    """The sine of x."""
    return sine(x)


@sin.derivative
def _(x):
    return cos(x)


@activation(
    reference="Ziyin, Hartwig & Ueda 2020, arXiv:2006.08195",
    monotone=True,
    smoothness=inf,
    limits=(-inf, inf),
    derivative_limits=(nan, nan),
    parameters={
        "alpha": Parameter(
            1.0,
            above=0,
            learnable=True,
            text="pi over the period; far out the phase is that of alpha * x as a double (float64: as two of them), "
            "and 0 where that overflows",
        )
    },
)
def snake(x, *, alpha=1.0):
    """x + sin(alpha x)^2 / alpha: a line that a periodic function has learnt to follow."""
    return x + sine(alpha * x) * sine(alpha * x) / alpha


@snake.kernel
def _(x, *, alpha=1.0):
    t = alpha * x
    s = sine(where(abs(t) < 2**120, t, 0))  # beyond, only x matters
    return where(abs(x) > 0, x + s * s / alpha, x)  # -0.0 + 0.0 would be 0.0


def _phase(x, alpha):
    """alpha * x, and 0 beyond the largest double, where there is no phase to take the sine of; NaN stays."""
    return where(abs(alpha * x) <= 2**1024 - 2**971, alpha * x, 0 * x)


@snake.derivative
def _(x, *, alpha=1.0):
    t = _phase(x, alpha)
    root = sine(t) + cos(t)  # its square is 1 + sin(2 alpha x), which would cancel near -1
    return root * root


@snake.derivative(with_respect_to="alpha")
def _(x, *, alpha=1.0):
    t = _phase(x, alpha)
    s = sine(t)
    return 2 * s * cos(t) / alpha * x - (s / alpha) * (s / alpha)
