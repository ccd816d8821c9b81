"""Hard versions of smooth functions: pieces of lines and parabolas."""

from math import inf

from ..definition import Parameter, activation
from ..definition.primitives import exp, expm1, minimum, where

__all__ = [
    "hard_elish",
    "hard_mish",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "sparse_plus",
    "sparse_sigmoid",
]

# The outer pieces are chosen, not clamped: then nothing overflows, infinity times zero does not occur, and the
# derivative is exactly constant.


@activation(
    aliases=("hard_tanh",),
    reference="Collobert et al. 2011, arXiv:1103.0398",
    range=(-1, 1),
    monotone=True,
    smoothness=0,
    kinks=(-1, 1),
    parameters={
        "min_val": Parameter(-1.0, up_to="max_val", text="smallest value"),
        "max_val": Parameter(1.0, text="largest value, not below min_val"),
    },
    same_as={
        "torch": "nn.functional.hardtanh",
        "jax": "nn.hard_tanh (but for its derivative, 1, at both bounds)",
        "keras": "activations.hard_tanh",
        "flax": "nnx.hard_tanh",
        "tensorflow": "clip_by_value(x, -1, 1)",
        "onnx": "Clip",
    },
)
def hardtanh(x, *, min_val=-1.0, max_val=1.0):
    """x between min_val and max_val, else the nearer of them. At both the derivative is 0, as in PyTorch."""
    return where(x < min_val, min_val, where(x > max_val, max_val, x))


@hardtanh.derivative
def _(x, *, min_val=-1.0, max_val=1.0):
    return where(x <= min_val, 0, where(x >= max_val, 0, 1))


@activation(
    aliases=("hard_sigmoid",),
    reference="Courbariaux, Bengio & David 2015, arXiv:1511.00363; slope 1/6: Howard et al. 2019, arXiv:1905.02244",
    range=(0, 1),
    monotone=True,
    smoothness=0,
    kinks=(-3, 3),
    same_as={
        "torch": "nn.functional.hardsigmoid",
        "jax": "nn.hard_sigmoid",
        "keras": "activations.hard_sigmoid",
        "flax": "nnx.hard_sigmoid",
        "timm": "hard_sigmoid",
        "onnx": "HardSigmoid(alpha=1/6), whose default is 0.2",
    },
)
def hardsigmoid(x):
    """x / 6 + 1 / 2 between -3 and 3, else 0 or 1 (slope 0.2 in ONNX). At both the derivative is 0, as in PyTorch."""
    return where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6))


@hardsigmoid.derivative
def _(x):
    return where(abs(x) < 3, 1, 0) / 6


@activation(
    aliases=("hard_swish", "hard_silu", "hardsilu", "h_swish"),
    reference="Howard et al. 2019 (MobileNetV3), arXiv:1905.02244",
    range=(-0.375, inf),
    monotone=False,
    smoothness=0,
    kinks=(-3, 3),
    limits=(0, inf),
    same_as={
        "torch": "nn.functional.hardswish",
        "jax": "nn.hard_swish",
        "keras": "activations.hard_swish",
        "flax": "nnx.hard_swish",
        "onnx": "HardSwish",
        "huggingface": "hardswish",
        "timm": "hard_swish",
    },
)
def hardswish(x):
    """x times hardsigmoid(x). The derivative is 0 at -3 and 1 at 3, as in PyTorch."""
    return x * hardsigmoid(x)


@hardswish.kernel
def _(x):
    return where(x <= -3, 0, where(x >= 3, x, x * ((x + 3) / 6)))


@hardswish.derivative
def _(x):
    return where(x <= -3, 0, where(x >= 3, 1, (2 * x + 3) / 6))


@activation(
    aliases=("hardmish", "h_mish"),
    reference="Misra 2020, H-Mish, github.com/digantamisra98/H-Mish",
    range=(-0.5, inf),
    monotone=False,
    smoothness=0,
    kinks=(-2,),
    same_as={"timm": "hard_mish"},
)
def hard_mish(x):
    """x for positive x, 0 below -2, x (x + 2) / 2 between. At -2 the derivative is -1, as timm's in PyTorch."""
    return where(x < -2, 0, where(x >= 0, x, x * (x + 2) / 2))


@hard_mish.derivative
def _(x):
    return where(x < -2, 0, where(x >= 0, 1, x + 1))


@activation(
    aliases=("sparsesigmoid",),
    reference="Blondel, Martins & Niculae 2019, arXiv:1901.02324, section 6.2 (sparsemax of two logits)",
    range=(0, 1),
    monotone=True,
    smoothness=0,
    kinks=(-1, 1),
    same_as={
        "jax": "nn.sparse_sigmoid (but for its derivative, 1/4, at both ends)",
        "keras": "activations.sparse_sigmoid",
    },
)
def sparse_sigmoid(x):
    """(x + 1) / 2 between -1 and 1, else 0 or 1. At both the derivative is 0, as of PyTorch's hardsigmoid."""
    return where(x <= -1, 0, where(x >= 1, 1, (x + 1) / 2))


@sparse_sigmoid.derivative
def _(x):
    return where(abs(x) < 1, 1, 0) / 2


@activation(
    aliases=("sparseplus",),
    reference="Blondel, Martins & Niculae 2019, arXiv:1901.02324, section 6.2 (the integral of sparse_sigmoid)",
    range=(0, inf),
    monotone=True,
    smoothness=1,
    kinks=(-1, 1),
    same_as={"jax": "nn.sparse_plus", "keras": "activations.sparse_plus"},
)
def sparse_plus(x):
    """x above 1, 0 below -1, (x + 1)^2 / 4 between: a softplus that reaches 0 and x."""
    return where(x <= -1, 0, where(x >= 1, x, (x + 1) ** 2 / 4))


@sparse_plus.derivative
def _(x):
    return sparse_sigmoid(x)


@activation(
    aliases=("hardelish",),
    reference="Basirat & Roth 2018, arXiv:1808.00783",
    range=(-0.09967315152874262, inf),
    monotone=False,
    smoothness=0,
    kinks=(-1, 1),
)
def hard_elish(x):
    """An elu times sparse_sigmoid(x). The derivative is 0 at -1 and 1 at 1, as if the outer pieces went on there."""
    return where(x > 0, x, expm1(minimum(x, 0))) * sparse_sigmoid(x)


@hard_elish.derivative
def _(x):
    below = (exp(minimum(x, 0)) * (x + 1) + expm1(minimum(x, 0))) / 2
    return where(x <= -1, 0, where(x >= 1, 1, where(x > 0, x + where(abs(x) < 1, 1, 0) / 2, below)))
