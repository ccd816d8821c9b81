"""S-shaped functions."""

from math import inf

from ..definition import Parameter, activation
from ..definition.constants import INVERSE_SQRT_2PI, SQRT_HALF
from ..definition.primitives import arctan as inverse_tangent
from ..definition.primitives import erfc, exp, log1p, minimum, sqrt, where
from ..definition.primitives import tanh as hyperbolic_tangent

__all__ = ["arctan", "isru", "laplace", "logsigmoid", "sigmoid", "softsign", "tanh"]


@activation(
    aliases=("logistic", "expit"),
    reference="Verhulst 1845; Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0",
    range=(0, 1),
    monotone=True,
    smoothness=inf,
    same_as={
        "torch": "nn.functional.sigmoid",
        "jax": "nn.sigmoid",
        "keras": "activations.sigmoid",
        "tensorflow": "nn.sigmoid",
        "flax": "nnx.sigmoid",
        "huggingface": "sigmoid",
        "timm": "sigmoid",
        "sklearn": "logistic",
        "scipy": "special.expit",
        "onnx": "Sigmoid",
    },
)
def sigmoid(x):
    """1 / (1 + exp(-x)): the probability whose log-odds are x."""
    return 1 / (1 + exp(-x))


@sigmoid.kernel
def _(x):
    e = exp(-abs(x))
    return where(x < 0, e, 1) / (1 + e)


@sigmoid.derivative
def _(x):
    # sigmoid(x) sigmoid(-x): from 1 - sigmoid(x) it would be 0 beyond x = 17 in float32.
    e = exp(-abs(x))
    return e / (1 + e) ** 2


@activation(
    reference="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, doi:10.1007/3-540-49430-8_2",
    range=(-1, 1),
    monotone=True,
    smoothness=inf,
    same_as={
        "torch": "nn.functional.tanh",
        "jax": "nn.tanh",
        "keras": "activations.tanh",
        "tensorflow": "nn.tanh",
        "flax": "nnx.tanh",
        "huggingface": "tanh",
        "timm": "tanh",
        "sklearn": "tanh",
        "numpy": "tanh",
        "onnx": "Tanh",
    },
)
def tanh(x):
    """The hyperbolic tangent, (exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return hyperbolic_tangent(x)


@tanh.derivative
def _(x):
    # 1 - tanh(x)^2 without the cancellation that makes it 0 beyond |x| = 9 in float32.
    e = exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


@activation(
    aliases=("log_sigmoid", "log_expit"),
    reference="Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0 (the sigmoid)",
    range=(-inf, 0),
    monotone=True,
    smoothness=inf,
    same_as={
        "torch": "nn.functional.logsigmoid",
        "jax": "nn.log_sigmoid",
        "keras": "activations.log_sigmoid",
        "tensorflow": "math.log_sigmoid",
        "flax": "nnx.log_sigmoid",
        "scipy": "special.log_expit",
    },
)
def logsigmoid(x):
    """The logarithm of the sigmoid, -log(1 + exp(-x)), exact where the sigmoid rounds to 0 or 1."""
    return -log1p(exp(-x))


@logsigmoid.kernel
def _(x):
    return minimum(x, 0) - log1p(exp(-abs(x)))


@logsigmoid.derivative
def _(x):
    return sigmoid(-x)


@activation(
    aliases=("soft_sign",),
    reference="Bergstra, Desjardins, Lamblin & Bengio 2009, Quadratic polynomials learn better image features",
    range=(-1, 1),
    monotone=True,
    smoothness=1,
    kinks=(0,),
    limits=(-1, 1),
    same_as={
        "torch": "nn.functional.softsign",
        "jax": "nn.soft_sign",
        "keras": "activations.softsign",
        "tensorflow": "nn.softsign",
        "flax": "nnx.soft_sign",
        "onnx": "Softsign",
    },
)
def softsign(x):
    """x / (1 + |x|): a sigmoid that approaches its limits as slowly as 1 / |x|."""
    return x / (1 + abs(x))


@softsign.derivative
def _(x):
    r = 1 / (1 + abs(x))  # its square underflows only where the derivative does; (1 + |x|)^2 would overflow before
    return r * r


@activation(
    aliases=("atan",),
    reference="Kunc & Klema 2024, arXiv:2402.09092, section on arctan and its variants",
    range=(-1.5707963267948966, 1.5707963267948966),
    monotone=True,
    smoothness=inf,
    same_as={"torch": "arctan", "jax": "numpy.arctan", "tensorflow": "math.atan", "numpy": "arctan", "onnx": "Atan"},
)
def arctan(x):
    """The arctangent: a sigmoid between -pi/2 and pi/2."""
    return inverse_tangent(x)


@arctan.derivative
def _(x):
    near = abs(x) < 2**60  # farther out 1 + x^2 is x^2 to 120 bits, and may overflow
    r = 1 / where(near, 1 + x * x, x)
    return where(near, r, r * r)


@activation(
    reference="Carlile, Delamarter, Kinney, Marti & Whitney 2017, arXiv:1710.09967",
    range=(-1, 1),
    monotone=True,
    smoothness=inf,
    parameters={"alpha": Parameter(1.0, above=0, text="the limits are plus and minus 1 over its square root")},
)
def isru(x, *, alpha=1.0):
    """x / sqrt(1 + alpha x^2): a sigmoid without an exponential."""
    return x / sqrt(1 + alpha * x * x)


@isru.kernel
def _(x, *, alpha=1.0):
    s = sqrt(alpha) * abs(x)
    near = s < 2**60  # farther out 1 + s^2 is s^2 to 120 bits, and may overflow
    return where(near, x, where(x < 0, -1, 1)) / where(near, sqrt(1 + s * s), sqrt(alpha))


@isru.derivative
def _(x, *, alpha=1.0):
    s = sqrt(alpha) * abs(x)
    r = 1 / where(s < 2**60, sqrt(1 + s * s), s)
    return r * r * r


@activation(
    reference="Ma et al. 2022 (Mega), arXiv:2209.10655",
    range=(0, 1),
    monotone=True,
    smoothness=inf,
    parameters={
        "mu": Parameter(0.707107, text="the mean of the normal distribution"),
        "sigma": Parameter(0.282095, above=0, text="its standard deviation"),
    },
    same_as={"huggingface": "laplace", "scipy": "stats.norm.cdf(x, mu, sigma)"},
)
def laplace(x, *, mu=0.707107, sigma=0.282095):
    """The probability that a normal number with mean mu and standard deviation sigma is below x: a smooth step."""
    return erfc((mu - x) / sigma * SQRT_HALF) / 2


@laplace.derivative
def _(x, *, mu=0.707107, sigma=0.282095):
    u = (x - mu) / sigma
    h = exp(-u * u / 4)
    return INVERSE_SQRT_2PI * h / sigma * h
