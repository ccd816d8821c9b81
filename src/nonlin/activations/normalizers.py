"""Functions of a whole row that give a distribution over it.

The largest entry is subtracted first, so that nothing overflows; equal largest entries, infinite ones too, are 0 then:
they share equally. A row of minus infinities, in which no entry is better than another, gives the uniform distribution,
and its vector-Jacobian products are those of that. Minus infinity beside other numbers gets exactly 0, and no gradient
from softmax or a sparse distribution. A NaN makes its whole row NaN.
"""

from math import inf

from ..definition import Parameter, Row, activation
from ..definition.primitives import (
    exp,
    is_row_argmax,
    log,
    log1p,
    maximum,
    row_max,
    row_sum,
    row_threshold,
    sqrt,
    where,
)

__all__ = [
    "entmax",
    "entmax15",
    "gumbel_softmax",
    "hardmax",
    "log_softmax",
    "softmax",
    "softmin",
    "sparsemax",
]

_TEMPERATURE = {
    "temperature": Parameter(1.0, above=0, text="divides x: towards 0 the largest entry takes all, far above all share")
}


def _below_top(x):
    """Each entry less the largest of its row; the largest ones, infinite ones too, are 0."""
    top = row_max(x)
    return where(x >= top, 0, x - top)


def _softmax_vjp(p, cotangent, temperature):
    """The vector-Jacobian product of softmax, whose result is p."""
    return p * (cotangent - row_sum(p * cotangent)) / temperature


def _sparse_vjp(s, cotangent):
    """The vector-Jacobian product of a sparse distribution p, with s = p^(2 - alpha): arXiv:1905.05702."""
    return s * (cotangent - row_sum(s * cotangent) / row_sum(s))


@activation(
    kind=Row,
    reference="Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    range=(0, 1),
    parameters=_TEMPERATURE,
    same_as={
        "torch": "softmax",
        "jax": "nn.softmax",
        "keras": "activations.softmax",
        "tensorflow": "nn.softmax",
        "flax": "nnx.softmax",
        "scipy": "special.softmax",
        "sklearn": "utils.extmath.softmax",
        "onnx": "Softmax",
    },
)
def softmax(x, *, temperature=1.0):
    """exp of each entry over the sum of all: the probabilities whose log-odds are the differences of x."""
    e = exp(_below_top(x) / temperature)
    return e / row_sum(e)


@softmax.vjp
def _(x, cotangent, *, temperature=1.0):
    return _softmax_vjp(softmax(x, temperature=temperature), cotangent, temperature)


@activation(
    kind=Row,
    aliases=("logsoftmax",),
    reference="Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    range=(-inf, 0),
    parameters=_TEMPERATURE,
    same_as={
        "torch": "log_softmax",
        "jax": "nn.log_softmax",
        "keras": "activations.log_softmax",
        "tensorflow": "nn.log_softmax",
        "flax": "nnx.log_softmax",
        "scipy": "special.log_softmax",
        "onnx": "LogSoftmax",
    },
)
def log_softmax(x, *, temperature=1.0):
    """The logarithm of softmax, exact where softmax rounds to 0 or 1."""
    shifted = _below_top(x) / temperature
    # The largest entry contributes exp(0) = 1: leaving it to log1p keeps what the others add.
    return shifted - log1p(row_sum(where(is_row_argmax(x), 0, exp(shifted))))


@log_softmax.vjp
def _(x, cotangent, *, temperature=1.0):
    return (cotangent - softmax(x, temperature=temperature) * row_sum(cotangent)) / temperature


@activation(
    kind=Row,
    reference="Bridle 1990, doi:10.1007/978-3-642-76153-9_28, of the negated row",
    range=(0, 1),
    parameters=_TEMPERATURE,
    same_as={"torch": "nn.functional.softmin"},
)
def softmin(x, *, temperature=1.0):
    """softmax of -x: the smallest entry gets the largest probability."""
    return softmax(-x, temperature=temperature)


@softmin.vjp
def _(x, cotangent, *, temperature=1.0):
    p = softmin(x, temperature=temperature)
    return _softmax_vjp(p, 0 - cotangent, temperature)  # -cotangent would give -0.0 for 0


@activation(
    kind=Row,
    aliases=("concrete",),
    reference="Jang, Gu & Poole 2016, arXiv:1611.01144; Maddison, Mnih & Teh 2016, arXiv:1611.00712",
    range=(0, 1),
    parameters=_TEMPERATURE,
    same_as={"torch": "nn.functional.gumbel_softmax (draws its own sample; tau is the temperature)"},
)
def gumbel_softmax(x, sample, *, temperature=1.0):
    """softmax of x plus Gumbel noise, -log(-log(sample)) for a sample between 0 and 1: a relaxed random choice.

    A sample of exactly 0 rules its entry out, one of 1 takes all, several share; outside of these the row is NaN.
    """
    return softmax(x - log(-log(sample)), temperature=temperature)


@gumbel_softmax.vjp
def _(x, sample, cotangent, *, temperature=1.0):
    return _softmax_vjp(gumbel_softmax(x, sample, temperature=temperature), cotangent, temperature)


@activation(
    kind=Row,
    reference="ONNX operator Hardmax, opset 13",
    range=(0, 1),
    smoothness=-1,
    same_as={"onnx": "Hardmax"},
)
def hardmax(x):
    """1 at the first largest entry of the row, else 0. No gradient passes: it is 0 everywhere."""
    top = row_max(x)
    return where(top <= top, where(is_row_argmax(x), 1, 0), top)  # NaN stays


@hardmax.vjp
def _(x, cotangent):
    top = row_max(x)
    return where(top <= top, 0 * cotangent, top)


@activation(
    kind=Row,
    reference="Martins & Astudillo 2016, arXiv:1602.02068",
    range=(0, 1),
    smoothness=0,
    same_as={"keras": "activations.sparsemax", "entmax": "sparsemax"},
)
def sparsemax(x):
    """The nearest point of the probability simplex: entries far below the largest get exactly 0."""
    z = _below_top(x)
    return maximum(z - row_threshold(z, 1), 0)


@sparsemax.vjp
def _(x, cotangent):
    return _sparse_vjp(where(sparsemax(x) > 0, 1, 0), cotangent)


@activation(
    kind=Row,
    reference="Peters, Niculae & Martins 2019, arXiv:1905.05702",
    range=(0, 1),
    smoothness=1,
    same_as={"entmax": "entmax15"},
)
def entmax15(x):
    """The 1.5-entmax, between softmax and sparsemax: sparse, with squares of what is above a threshold."""
    z = _below_top(x) / 2
    return maximum(z - row_threshold(z, 2), 0) ** 2


@entmax15.vjp
def _(x, cotangent):
    return _sparse_vjp(sqrt(entmax15(x)), cotangent)


@activation(
    kind=Row,
    aliases=("entmax_bisect",),
    reference="Peters, Niculae & Martins 2019, arXiv:1905.05702, equation 7",
    range=(0, 1),
    smoothness=0,
    parameters={"alpha": Parameter(1.5, above=1, high=2, text="1.5 is entmax15, 2 is sparsemax, towards 1 softmax")},
    same_as={"entmax": "entmax_bisect"},
)
def entmax(x, *, alpha=1.5):
    """The alpha-entmax: what is above a threshold to the power 1 / (alpha - 1), so that the row sums to 1."""
    z = (alpha - 1) * _below_top(x)
    d = maximum(z - row_threshold(z, 1 / (alpha - 1)), 0)
    return where(d <= 0, 0, exp(log(where(d <= 0, 1, d)) / (alpha - 1)))  # NaN stays


@entmax.vjp
def _(x, cotangent, *, alpha=1.5):
    p = entmax(x, alpha=alpha)
    return _sparse_vjp(where(p <= 0, 0, exp((2 - alpha) * log(where(p <= 0, 1, p)))), cotangent)
