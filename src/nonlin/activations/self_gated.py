"""x times a gate that depends on x."""

from math import inf
from math import log as logarithm

from ..definition import Parameter, activation
from ..definition.constants import INVERSE_SQRT_2PI, SQRT_HALF
from ..definition.primitives import erf, erfc, erfcx, exp, log1p, maximum, minimum, where
from .exponentials import softplus, softplus_from
from .scaling import scaled
from .sigmoids import sigmoid, tanh

__all__ = [
    "aptx",
    "gelu",
    "gelu_clipped",
    "gelu_tanh",
    "logish",
    "mish",
    "quick_gelu",
    "serf",
    "silu",
    "smish",
    "swish_beta",
    "telu",
]

# For negative x these functions are x times something tiny. Their kernels write exp(x) as h * h and multiply
# x by one h first, so that the product stays a normal number as long as the result is one. Where the tiny factor is
# not exp(x) itself, their ratio is computed, which far out is a constant.


def _times_sigmoid(x, h, side):
    """x sigmoid(u), given h = exp(-|u| / 2) and a number with the sign of u."""
    return where(side < 0, x * h * h, x) / (1 + h * h)


def _times_sigmoid_slope(h, side, growth):
    """The derivative of x sigmoid(u), which is sigmoid(u) (1 + growth sigmoid(-u)) with growth = x u'."""
    e = h * h
    above = 1 / (1 + e)  # sigmoid of |u|: one division for all that follows
    gate = 1 + growth * (where(side < 0, 1, e) * above)
    return where(side < 0, gate * h * h, gate) * above


# _smish_gate and its like return all that their gate's function and its derivative are made of:
# h, with h * h = exp(x) where x < 0;
# the value of the gate where x >= 0, and its ratio to exp(x) where x < 0;
# the slope, which is the gate's derivative over exp(x) where x < 0;
# and the reach, which times the slope is x times the gate's derivative where x >= 0.


def _times(x, gate):
    """x times a gate."""
    h, value, ratio, _, _ = gate
    return where(x < 0, x * h * ratio * h, x * value)


def _times_slope(x, gate):
    """The derivative of x times a gate."""
    h, value, ratio, slope, reach = gate
    return where(x < 0, (ratio * h + x * h * slope) * h, value + reach * slope)


@activation(
    aliases=("swish",),
    reference="Elfwing, Uchibe & Doya 2017, arXiv:1702.03118",
    range=(-0.27846454276107379, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={
        "torch": "nn.functional.silu",
        "jax": "nn.silu",
        "keras": "activations.silu",
        "tensorflow": "nn.silu",
        "flax": "nnx.silu",
        "onnx": "Swish",
        "huggingface": "silu",
        "timm": "silu",
    },
)
def silu(x):
    """x times sigmoid(x): a smooth, self-gated relu."""
    return x * sigmoid(x)


@silu.kernel
def _(x):
    return _times_sigmoid(x, exp(-abs(x) / 2), x)


@silu.derivative
def _(x):
    return _times_sigmoid_slope(exp(-abs(x) / 2), x, x)


@activation(
    reference="Ramachandran, Zoph & Le 2017, arXiv:1710.05941",
    range=(-0.27846454276107379, inf),
    smoothness=inf,
    parameters={"beta": Parameter(1.0, learnable=True, text="how sharp the bend is; 0 gives x / 2; alpha in ONNX")},
    same_as={"onnx": "Swish(alpha=beta)"},
)
def swish_beta(x, *, beta=1.0):
    """x times sigmoid(beta x): between a line and relu."""
    return x * sigmoid(beta * x)


@swish_beta.kernel
def _(x, *, beta=1.0):
    t = beta * x
    return _times_sigmoid(x, exp(-abs(t) / 2), t)


@swish_beta.derivative
def _(x, *, beta=1.0):
    return silu.derivative(scaled(x, beta))


@swish_beta.derivative(with_respect_to="beta")
def _(x, *, beta=1.0):
    h = exp(-abs(beta * x) / 2)
    root = x * h / (1 + h * h)
    return root * root


@activation(
    aliases=("quickgelu",),
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2",
    range=(-0.16361018963635359, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={"huggingface": "quick_gelu", "timm": "quick_gelu"},
)
def quick_gelu(x):
    """x times sigmoid(1.702 x), which differs from gelu by up to 0.02."""
    return x * sigmoid(1.702 * x)


@quick_gelu.kernel
def _(x):
    return swish_beta(x, beta=1.702)


@quick_gelu.derivative
def _(x):
    return silu.derivative(1.702 * x)


@activation(
    aliases=("gelu_python",),
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415",
    range=(-0.16997120747990369, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={
        "torch": "nn.functional.gelu",
        "jax": "nn.gelu(x, approximate=False)",
        "keras": "activations.gelu",
        "tensorflow": "nn.gelu",
        "flax": "nnx.gelu(x, approximate=False)",
        "onnx": "Gelu",
        "huggingface": "gelu",
        "timm": "gelu",
    },
)
def gelu(x):
    """x times the probability that a standard normal number is below x (the exact, erf form)."""
    return x / 2 * erfc(-x * SQRT_HALF)


@gelu.kernel
def _(x):
    a = abs(x)
    h = exp(-x * x / 4)
    return where(x < 0, -0.0, x) - a * h * erfcx(a * SQRT_HALF) / 2 * h


@gelu.derivative
def _(x):
    # With P the normal distribution and p its density: P(x) + x p(x) for x < 0, and 1 minus that of -x beyond.
    a = abs(x)
    h = exp(-x * x / 4)
    tail = (erfcx(a * SQRT_HALF) / 2 - a * INVERSE_SQRT_2PI) * h * h
    return where(x < 0, tail, 1 - tail)


@activation(
    aliases=(
        "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_approx",
        "gelu_approximate", "gelutanh",
    ),
    reference="Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2",
    range=(-0.17004075057125405, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={
        "torch": "nn.functional.gelu(x, approximate='tanh')",
        "jax": "nn.gelu",
        "keras": "activations.gelu(x, approximate=True)",
        "tensorflow": "nn.gelu(x, approximate=True)",
        "flax": "nnx.gelu",
        "onnx": "Gelu(approximate='tanh')",
        "huggingface": "gelu_pytorch_tanh",
        "timm": "gelu_tanh",
    },
)  # fmt: skip
def gelu_tanh(x):
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, which differs from gelu by up to 0.0005."""
    return x * (1 + tanh(2 * INVERSE_SQRT_2PI * (x + 0.044715 * x**3))) / 2


@gelu_tanh.kernel
def _(x):
    # (1 + tanh(u / 2)) / 2 is sigmoid(u); where x^3 overflows, h is 0, as it is long before.
    return _times_sigmoid(x, exp(-2 * INVERSE_SQRT_2PI * abs(x + 0.044715 * x**3)), x)


@gelu_tanh.derivative
def _(x):
    near = maximum(-30, minimum(x, 30))  # beyond, it is 0 or 1, and x^3 need not be known
    cube = 0.044715 * near**3
    h = exp(-2 * INVERSE_SQRT_2PI * abs(near + cube))
    return _times_sigmoid_slope(h, x, 4 * INVERSE_SQRT_2PI * (near + 3 * cube))


@activation(
    aliases=("gelu_10", "clipped_gelu", "clippedgelu"),
    reference="Wu, Judd, Zhang, Isaev & Micikevicius 2020, arXiv:2004.09602",
    range=(-0.16997120747990369, 10),
    smoothness=0,
    kinks=(10,),
    parameters={
        "min_val": Parameter(-10.0, up_to="max_val", text="smallest value; it acts if it is above -0.17"),
        "max_val": Parameter(10.0, text="largest value, not below min_val"),
    },
    same_as={"huggingface": "gelu_10"},
)
def gelu_clipped(x, *, min_val=-10.0, max_val=10.0):
    """gelu, but at least min_val and at most max_val, for quantized networks. Where it is cut, the derivative is 0."""
    return minimum(maximum(gelu(x), min_val), max_val)


@gelu_clipped.derivative
def _(x, *, min_val=-10.0, max_val=10.0):
    y = gelu(x)
    return where(y < min_val, 0, where(y > max_val, 0, gelu.derivative(x)))


@activation(
    reference="Misra 2019, arXiv:1908.08681",
    range=(-0.3088434130172504, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
    same_as={
        "torch": "nn.functional.mish",
        "jax": "nn.mish",
        "keras": "activations.mish",
        "onnx": "Mish",
        "huggingface": "mish",
        "timm": "mish",
    },
)
def mish(x):
    """x times tanh(softplus(x))."""
    return x * tanh(softplus(x))


# tanh(softplus(x)) = n / (n + 2) with n = w (w + 2), w = exp(x); for x > 0 both are divided by w^2.


def _mish_denominator(x, e):
    """The n + 2, given e = exp(-|x|)."""
    return where(x < 0, e * (e + 2) + 2, 1 + 2 * e * (1 + e))


@mish.kernel
def _(x):
    h = exp(-abs(x) / 2)
    e = h * h
    return where(x < 0, x * h * h * (e + 2), x * (1 + 2 * e)) / _mish_denominator(x, e)


@mish.derivative
def _(x):
    # The derivative of x n / (n + 2); for x > 0 numerator and denominator are divided by w^4.
    h = exp(-abs(x) / 2)
    e = h * h
    below = 4 * ((x + 1 + e * (x + 3 / 2 + e * (1 + e / 4))) * h * h)
    above = 1 + 4 * e * (1 + e * (x + 3 / 2 + e * (x + 1)))
    return where(x < 0, below, above) / _mish_denominator(x, e) ** 2


@activation(
    reference="Nag, Bhattacharyya, Mukherjee & Kundu 2021, arXiv:2108.09598",
    range=(-0.34843745875960642, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
)
def serf(x):
    """x times erf(softplus(x))."""
    return x * erf(softplus(x))


def _serf_gate(x):
    """erf(softplus(x)); beside 0, erf is a line."""
    h = exp(-abs(x) / 2)
    e = h * h
    s = softplus_from(x, e)
    gate, steepest = erf(s), 4 * INVERSE_SQRT_2PI * SQRT_HALF
    return h, gate, where(x < -100, steepest, gate / e), steepest * exp(-s * s) / (1 + e), x


@serf.kernel
def _(x):
    return _times(x, _serf_gate(x))


@serf.derivative
def _(x):
    return _times_slope(x, _serf_gate(x))


@activation(
    reference="Wang, Ren & Wang 2022, doi:10.3390/electronics11040540",
    range=(-0.2499936636601295, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 0.6),
)
def smish(x):
    """x times tanh(log(1 + sigmoid(x)))."""
    return x * tanh(log1p(sigmoid(x)))


def _smish_gate(x):
    """tanh(log(1 + s)) for s = sigmoid(x): s (2 + s) / (2 + 2 s + s^2), with both in e = exp(-|x|)."""
    h = exp(-abs(x) / 2)
    e = h * h
    denominator = where(x < 0, 2 + e * (6 + 5 * e), 5 + e * (6 + 2 * e))
    gate = where(x < 0, 2 + 3 * e, 3 + 2 * e) / denominator
    slope = 4 * (1 + e) * where(x < 0, 1 + 2 * e, 2 + e) / (denominator * denominator)
    return h, gate, gate, slope, x * e


@smish.kernel
def _(x):
    h, gate, _, _, _ = _smish_gate(x)
    return where(x < 0, x * h * h, x) * gate  # one choice, where value and ratio are one


@smish.derivative
def _(x):
    return _times_slope(x, _smish_gate(x))


@activation(
    reference="Zhu, Zeng, Liu & Zhang 2021, doi:10.1016/j.neucom.2021.06.067",
    range=(-0.2527688167894404, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, logarithm(2)),
)
def logish(x):
    """x times log(1 + sigmoid(x))."""
    return x * log1p(sigmoid(x))


def _logish_gate(x):
    """log(1 + sigmoid(x))."""
    h = exp(-abs(x) / 2)
    e = h * h
    gate = log1p(where(x < 0, e, 1) / (1 + e))
    slope = 1 / ((1 + e) * where(x < 0, 1 + 2 * e, 2 + e))
    return h, gate, where(x < -100, 1, gate / e), slope, x * e


@logish.kernel
def _(x):
    return _times(x, _logish_gate(x))


@logish.derivative
def _(x):
    return _times_slope(x, _logish_gate(x))


@activation(
    reference="Kumar 2022, arXiv:2209.06119",
    range=(-0.13923227138053690, inf),
    smoothness=inf,
    parameters={
        "alpha": Parameter(1.0, learnable=True, text="what is added to tanh; 1 makes the value vanish on one side"),
        "beta": Parameter(1.0, learnable=True, text="how sharp the bend is"),
        "gamma": Parameter(0.5, learnable=True, text="the factor of the whole"),
    },
)
def aptx(x, *, alpha=1.0, beta=1.0, gamma=0.5):
    """gamma x (alpha + tanh(beta x)); with the defaults, silu(2 x) / 2."""
    return gamma * x * (alpha + tanh(beta * x))


# 1 + tanh(t) is 2 sigmoid(2 t), so that nothing cancels where alpha is 1.


@aptx.kernel
def _(x, *, alpha=1.0, beta=1.0, gamma=0.5):
    t = beta * x
    return gamma * (alpha - 1) * x + 2 * gamma * _times_sigmoid(x, exp(-abs(t)), t)


@aptx.derivative
def _(x, *, alpha=1.0, beta=1.0, gamma=0.5):
    return gamma * (alpha - 1) + 2 * gamma * silu.derivative(2 * scaled(x, beta))


@aptx.derivative(with_respect_to="alpha")
def _(x, *, alpha=1.0, beta=1.0, gamma=0.5):
    return gamma * x


@aptx.derivative(with_respect_to="beta")
def _(x, *, alpha=1.0, beta=1.0, gamma=0.5):
    h = exp(-abs(beta * x))
    root = 2 * (x * h) / (1 + h * h)
    return gamma * root * root


@aptx.derivative(with_respect_to="gamma")
def _(x, *, alpha=1.0, beta=1.0, gamma=0.5):
    return aptx(x, alpha=alpha, beta=beta, gamma=1)


@activation(
    reference="Fernandez & Mali 2024, arXiv:2412.20269",
    range=(-0.35328577784821127, inf),
    smoothness=inf,
    limits=(-0.0, inf),
    derivative_limits=(0, 1),
)
def telu(x):
    """x times tanh(exp(x))."""
    return x * tanh(exp(minimum(x, 100)))  # exp(100) or more, tanh is 1 to 10^43 digits


def _telu_gate(x):
    """tanh(exp(x)): in floating point, it is 1 beyond 10 already."""
    near = minimum(x, 10)
    h = exp(near / 2)
    w = h * h
    gate = tanh(w)
    return h, gate, where(x < -100, 1, gate / w), tanh.derivative(w), near * w


@telu.kernel
def _(x):
    return _times(x, _telu_gate(x))


@telu.derivative
def _(x):
    return _times_slope(x, _telu_gate(x))
