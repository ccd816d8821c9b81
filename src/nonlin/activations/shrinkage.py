"""Functions that pull small numbers to zero."""

from math import inf

from ..definition import Parameter, activation
from ..definition.primitives import exp, where
from ..definition.primitives import tanh as hyperbolic_tangent

__all__ = ["hardshrink", "shrink", "softshrink", "tanhshrink"]

# 0 * x in place of 0 keeps the sign of zero: these functions are odd.


@activation(
    aliases=("hard_shrink", "hard_threshold"),
    reference="Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425",
    monotone=True,
    smoothness=-1,
    kinks=(-0.5, 0.5),
    parameters={"lambd": Parameter(0.5, low=0, text="numbers up to this size become 0; threshold in Keras")},
    same_as={"torch": "nn.functional.hardshrink", "keras": "activations.hard_shrink", "onnx": "Shrink"},
)
def hardshrink(x, *, lambd=0.5):
    """x where it is larger than lambd in size, else 0. At +-lambd value and derivative are 0, as in PyTorch."""
    return where(abs(x) > lambd, x, 0 * x)


@hardshrink.derivative
def _(x, *, lambd=0.5):
    return where(abs(x) > lambd, 1, 0)


@activation(
    aliases=("soft_shrink", "soft_threshold"),
    reference="Donoho 1995, doi:10.1109/18.382009",
    monotone=True,
    smoothness=0,
    kinks=(-0.5, 0.5),
    parameters={"lambd": Parameter(0.5, low=0, text="how far numbers move towards 0; threshold in Keras")},
    same_as={
        "torch": "nn.functional.softshrink",
        "keras": "activations.soft_shrink",
        "onnx": "Shrink(lambd=0.5, bias=0.5)",
    },
)
def softshrink(x, *, lambd=0.5):
    """x moved towards 0 by lambd, but not beyond it. At +-lambd the derivative is 0, as in PyTorch."""
    return where(x > lambd, x - lambd, where(x < -lambd, x + lambd, 0 * x))


@softshrink.kernel
def _(x, *, lambd=0.5):
    return where(abs(x) > lambd, x - where(x < 0, -lambd, lambd), 0 * x)  # one difference for both sides


@softshrink.derivative
def _(x, *, lambd=0.5):
    return where(abs(x) > lambd, 1, 0)


@activation(
    reference="Donoho & Johnstone 1994, doi:10.1093/biomet/81.3.425, hard and soft in one as in ONNX",
    monotone=True,
    smoothness=-1,
    kinks=(-0.5, 0.5),
    parameters={
        "lambd": Parameter(0.5, low=0, text="numbers up to this size become 0"),
        "bias": Parameter(0.0, text="how far the others move towards 0: 0 for hardshrink, lambd for softshrink"),
    },
    same_as={"onnx": "Shrink"},
)
def shrink(x, *, lambd=0.5, bias=0.0):
    """x moved towards 0 by bias where larger than lambd in size, else 0. At +-lambd the derivative is 0."""
    return where(x > lambd, x - bias, where(x < -lambd, x + bias, 0 * x))


@shrink.derivative
def _(x, *, lambd=0.5, bias=0.0):
    return where(abs(x) > lambd, 1, 0)


@activation(
    aliases=("tanh_shrink",),
    reference="Collobert, Kavukcuoglu & Farabet 2011, Torch7: a Matlab-like environment for machine learning",
    monotone=True,
    limits=(-inf, inf),
    same_as={"torch": "nn.functional.tanhshrink", "keras": "activations.tanh_shrink"},
)
def tanhshrink(x):
    """x minus tanh(x): x^3 / 3 near 0, x -+ 1 far out."""
    return x - hyperbolic_tangent(x)


@tanhshrink.kernel
def _(x):
    # Below 1/2 the difference cancels. There tanh(x) is x p / (p + z q), Lambert's continued fraction in z = x^2 cut
    # off after eight levels, and x z q / (p + z q) is left of x, to 2**-68. Beyond, with e = exp(-2 |x|), it is
    # (|x| - 1 + e (|x| + 1)) / (1 + e). The one division comes after the choice.
    a = abs(x)
    z = x * x
    e = exp(-2 * a)
    zq = z * (11486475 + z * (810810 + z * (12870 + z * 44)))
    pzq = 34459425 + z * (16216200 + z * (945945 + z * (13860 + z * 45)))
    far = (a - 1) + e * (a + 1)
    return where(2 * a < 1, x * zq, where(x < 0, -far, far)) / where(2 * a < 1, pzq, 1 + e)


@tanhshrink.derivative
def _(x):
    return hyperbolic_tangent(abs(x)) ** 2  # even to the last bit, which a rounded tangent need not be
