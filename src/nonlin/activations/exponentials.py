"""Functions with one exponential branch, and what is used in their place: smooth relus, and roots for exponentials."""

from math import inf

from ..definition import Parameter, activation
from ..definition.constants import SELU_ALPHA, SELU_SCALE
from ..definition.primitives import exp, expm1, log1p, maximum, minimum, sqrt, where
from .scaling import scaled
from .sigmoids import isru, sigmoid

__all__ = [
    "bent_identity",
    "celu",
    "elish",
    "elu",
    "exponential",
    "gaussian",
    "isrlu",
    "selu",
    "softplus",
    "sqrtsoftplus",
    "squareplus",
    "xielu",
]


@activation(
    reference="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    range=(-1, inf),
    monotone=True,
    smoothness=1,
    kinks=(0,),
    parameters={"alpha": Parameter(1.0, text="minus the limit for very negative x")},
    same_as={
        "torch": "nn.functional.elu",
        "jax": "nn.elu",
        "keras": "activations.elu",
        "tensorflow": "nn.elu",
        "flax": "nnx.elu",
        "timm": "elu",
        "onnx": "Elu",
    },
)
def elu(x, *, alpha=1.0):
    """x where it is positive, else alpha (exp(x) - 1). At 0 the derivative is alpha, as in PyTorch."""
    return where(x > 0, x, alpha * expm1(minimum(x, 0)))


@elu.derivative
def _(x, *, alpha=1.0):
    return where(x > 0, 1, alpha * exp(minimum(x, 0)))


@activation(
    reference="Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv:1706.02515",
    range=(-1.7580993408473768, inf),
    monotone=True,
    smoothness=0,
    kinks=(0,),
    same_as={
        "torch": "nn.functional.selu",
        "jax": "nn.selu",
        "keras": "activations.selu",
        "tensorflow": "nn.selu",
        "flax": "nnx.selu",
        "timm": "selu",
        "onnx": "Selu",
    },
)
def selu(x):
    """An elu whose two constants make mean 0 and variance 1 a fixed point from layer to layer."""
    return where(x > 0, SELU_SCALE * x, SELU_SCALE * SELU_ALPHA * expm1(minimum(x, 0)))


@selu.derivative
def _(x):
    return where(x > 0, SELU_SCALE, SELU_SCALE * SELU_ALPHA * exp(minimum(x, 0)))


@activation(
    reference="Barron 2017, arXiv:1704.07483",
    range=(-1, inf),
    monotone=True,
    smoothness=1,
    kinks=(0,),
    parameters={"alpha": Parameter(1.0, above=0, text="minus the limit for very negative x")},
    same_as={
        "torch": "nn.functional.celu",
        "jax": "nn.celu",
        "keras": "activations.celu",
        "flax": "nnx.celu",
        "timm": "celu",
        "onnx": "Celu",
    },
)
def celu(x, *, alpha=1.0):
    """x where it is positive, else alpha (exp(x / alpha) - 1): an elu whose derivative has no jump for any alpha."""
    return where(x > 0, x, alpha * expm1(minimum(x, 0) / alpha))


@celu.derivative
def _(x, *, alpha=1.0):
    return where(x > 0, 1, exp(minimum(x, 0) / alpha))


@activation(
    aliases=("exp",),
    reference="Bishop 2006, Pattern Recognition and Machine Learning, section 4.3.6 (the inverse of the log link)",
    range=(0, inf),
    monotone=True,
    smoothness=inf,
    same_as={"keras": "activations.exponential", "sklearn": "exp", "numpy": "exp", "onnx": "Exp"},
)
def exponential(x):
    """exp(x): positive outputs, such as rates and variances."""
    return exp(x)


@exponential.derivative
def _(x):
    return exp(x)


@activation(
    aliases=("smooth_relu", "soft_plus"),
    reference="Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, Incorporating second-order functional knowledge",
    range=(0, inf),
    monotone=True,
    smoothness=inf,
    parameters={"beta": Parameter(1.0, above=0, text="how sharp the bend is; 1 in all libraries but PyTorch")},
    same_as={
        "torch": "nn.functional.softplus (exact only below its threshold)",
        "jax": "nn.softplus",
        "keras": "activations.softplus",
        "tensorflow": "nn.softplus",
        "flax": "nnx.softplus",
        "scipy": "special.softplus",
        "onnx": "Softplus",
    },
)
def softplus(x, *, beta=1.0):
    """log(1 + exp(beta x)) / beta: a smooth relu, whose derivative is the sigmoid of beta x."""
    return log1p(exp(beta * x)) / beta


@softplus.kernel
def _(x, *, beta=1.0):
    return maximum(x, 0) + log1p(exp(-abs(beta * x))) / beta


@softplus.derivative
def _(x, *, beta=1.0):
    return sigmoid(beta * x)


@activation(
    reference="Barron 2021, arXiv:2112.11687",
    range=(0, inf),
    monotone=True,
    smoothness=inf,
    derivative_limits=(0, 1),
    parameters={"b": Parameter(4.0, above=0, text="how wide the bend is: the value at 0 is half its square root")},
    same_as={"jax": "nn.squareplus", "keras": "activations.squareplus"},
)
def squareplus(x, *, b=4.0):
    """(x + sqrt(x^2 + b)) / 2: a smooth relu without an exponential."""
    return (x + sqrt(x * x + b)) / 2


def _root_of_sum(x, b, is_near):
    """sqrt(x^2 + b); far out, where the square may overflow, it is |x| to 110 bits."""
    return where(is_near, sqrt(x * x + b), abs(x))


def _squareplus_and_root(x, b):
    """squareplus(x) and sqrt(x^2 + b): for x < 0 the root minus |x| would cancel, so b is divided by their sum."""
    a = abs(x)
    small = a * 2.0**-55
    root = _root_of_sum(x, b, small * small < b)
    mean = root / 2 + a / 2
    return where(x < 0, b / 4 / mean, mean), root


@squareplus.kernel
def _(x, *, b=4.0):
    value, _ = _squareplus_and_root(x, b)
    return value


@squareplus.derivative
def _(x, *, b=4.0):
    value, root = _squareplus_and_root(x, b)
    return value / root


@activation(
    aliases=("sqrt_softplus",),
    reference="DeepSeek-AI, DeepSeek-V4 (the score of its router), as in Hugging Face Transformers 5.23",
    range=(0, inf),
    monotone=True,
    smoothness=inf,
    same_as={"huggingface": "sqrtsoftplus"},
)
def sqrtsoftplus(x):
    """The square root of softplus."""
    return sqrt(softplus(x))


def softplus_from(x, e):
    """softplus(x), given e = exp(-|x|)."""
    return maximum(x, 0) + log1p(e)


def _factors(x):
    """Two factors of sqrtsoftplus(x), and e = exp(-|x|): for x < 0, softplus is e times a ratio from log(2) to 1."""
    h = exp(-abs(x) / 2)
    e = h * h
    ratio = where(e > 0, log1p(e) / e, 1)
    return where(x < 0, h, 1), sqrt(where(x < 0, ratio, softplus_from(x, e))), e


@sqrtsoftplus.kernel
def _(x):
    first, second, _ = _factors(x)
    return first * second


@sqrtsoftplus.derivative
def _(x):
    first, second, e = _factors(x)
    return first / (2 * (1 + e) * second)


@activation(
    aliases=("inverse_square_root_linear_unit",),
    reference="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv:1710.09967",
    range=(-1, inf),
    monotone=True,
    smoothness=2,
    kinks=(0,),
    parameters={"alpha": Parameter(1.0, above=0, text="the limit for very negative x is -1 over its square root")},
)
def isrlu(x, *, alpha=1.0):
    """x where it is positive, else x / sqrt(1 + alpha x^2): an elu without an exponential."""
    return where(x < 0, x / sqrt(1 + alpha * x * x), x)


@isrlu.kernel
def _(x, *, alpha=1.0):
    return where(x < 0, isru(x, alpha=alpha), x)


@isrlu.derivative
def _(x, *, alpha=1.0):
    return where(x < 0, isru.derivative(x, alpha=alpha), 1)


@activation(
    aliases=("bentidentity",),
    reference="Kunc & Klema 2024, arXiv:2402.09092, section on bent identity",
    monotone=True,
    smoothness=inf,
    limits=(-inf, inf),
    derivative_limits=(0.5, 1.5),
)
def bent_identity(x):
    """(sqrt(x^2 + 1) - 1) / 2 + x: a line with a round bend, whose slope rises from 1/2 to 3/2."""
    return (sqrt(x * x + 1) - 1) / 2 + x


@bent_identity.kernel
def _(x):
    return x * (1 + x / 2 / (1 + _root_of_sum(x, 1, abs(x) < 2**60)))


@bent_identity.derivative
def _(x):
    return 1 + x / 2 / _root_of_sum(x, 1, abs(x) < 2**60)


def curvature_of_exp(x):
    """(exp(x) - 1 - x) / x^2 to 1e-41 for |x| <= 1/64: fifteen terms of its series over their common denominator."""
    p = 3360 + x * (240 + x * (16 + x))
    p = 5765760 + x * (524160 + x * (43680 + x * p))
    p = 4151347200 + x * (518918400 + x * (57657600 + x * p))
    p = 871782912000 + x * (174356582400 + x * (29059430400 + x * p))
    return (10461394944000 + x * (3487131648000 + x * p)) / 20922789888000


@activation(
    reference="Huang & Schlag 2024, arXiv:2411.13010",
    range=(-0.20575122409648211, inf),
    smoothness=1,
    kinks=(0,),
    parameters={
        "alpha_p": Parameter(
            0.8, above=0, learnable=True, text="half the curvature for positive x; softplus of Hugging Face's"
        ),
        "alpha_n": Parameter(
            0.8, above=0, learnable=True, text="the curvature left of 0; beta plus softplus of Hugging Face's"
        ),
        "beta": Parameter(0.5, learnable=True, text="the slope at 0; fixed in Hugging Face"),
    },
    same_as={"huggingface": "xielu"},
)
def xielu(x, *, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    """alpha_p x^2 + beta x where x is positive, else alpha_n (exp(x) - 1 - x) + beta x."""
    return where(x > 0, alpha_p * x * x, alpha_n * (expm1(minimum(x, 0)) - minimum(x, 0))) + beta * x


@xielu.kernel
def _(x, *, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    # Near 0, (exp(x) - 1 - x) / x from its series; farther out -alpha_n x and beta x together, lest infinities meet.
    series = x * curvature_of_exp(x)
    near = x * (where(x > 0, alpha_p * x, alpha_n * series) + beta)
    return where(x < -1 / 64, alpha_n * expm1(minimum(x, 0)) + scaled(x, beta - alpha_n), near)


@xielu.derivative
def _(x, *, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    return where(x > 0, 2 * alpha_p * x, alpha_n * expm1(minimum(x, 0))) + beta


@xielu.derivative(with_respect_to="alpha_p")
def _(x, *, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    return where(x > 0, x * x, 0)


@xielu.derivative(with_respect_to="alpha_n")
def _(x, *, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    below = where(x < -1 / 64, expm1(minimum(x, 0)) - x, x * x * curvature_of_exp(x))
    return where(x > 0, 0, below)


@xielu.derivative(with_respect_to="beta")
def _(x, *, alpha_p=0.8, alpha_n=0.8, beta=0.5):
    return x


@activation(
    reference="Broomhead & Lowe 1988, Multivariable functional interpolation and adaptive networks",
    range=(0, 1),
    monotone=False,
    smoothness=inf,
    derivative_limits=(0, 0),
)
def gaussian(x):
    """exp(-x^2): a bell, the unit of radial basis networks."""
    return exp(-x * x)


@gaussian.derivative
def _(x):
    h = exp(-x * x / 2)
    return -2 * (x * h * h)


@activation(
    reference="Basirat & Roth 2018, arXiv:1808.00783",
    range=(-0.1715728752538099, inf),
    smoothness=1,
    kinks=(0,),
    derivative_limits=(0, 1),
)
def elish(x):
    """sigmoid(x) times x where x is positive, else times exp(x) - 1."""
    return where(x < 0, expm1(x), x) * sigmoid(x)


@elish.kernel
def _(x):
    e = exp(-abs(x))
    return where(x < 0, expm1(minimum(x, 0)) * e, x) / (1 + e)


@elish.derivative
def _(x):
    e = exp(-abs(x))
    below = e * (2 * e - 1 + e * e) / (1 + e)  # in this order 2 e - 1 is exact where the sum is 0
    return where(x < 0, below, 1 + x * (e / (1 + e))) / (1 + e)
