"""Functions of a whole row that give a distribution over it."""

from ..definition import Row, activation
from ..definition.primitives import exp, is_row_argmax, log1p, row_max, row_sum, where

__all__ = ["log_softmax", "softmax"]


@activation(
    kind=Row,
    reference="Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    range=(0, 1),
    same_as={
        "torch": "softmax",
        "jax": "nn.softmax",
        "keras": "activations.softmax",
        "tensorflow": "nn.softmax",
        "scipy": "special.softmax",
        "onnx": "Softmax",
    },
)
def softmax(x):
    """exp of each entry over the sum of all: the probabilities whose log-odds are the differences of x."""
    top = row_max(x)
    e = exp(where(x >= top, 0, x - top))  # without infinity minus infinity; a row of equal entries is uniform
    return e / row_sum(e)


@softmax.vjp
def _(x, cotangent):
    p = softmax(x)
    return p * (cotangent - row_sum(p * cotangent))


@activation(
    kind=Row,
    aliases=("logsoftmax",),
    reference="Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    range=(float("-inf"), 0),
    same_as={
        "torch": "log_softmax",
        "jax": "nn.log_softmax",
        "keras": "activations.log_softmax",
        "tensorflow": "nn.log_softmax",
        "scipy": "special.log_softmax",
        "onnx": "LogSoftmax",
    },
)
def log_softmax(x):
    """The logarithm of softmax, exact where softmax rounds to 0 or 1."""
    top = row_max(x)
    shifted = where(x >= top, 0, x - top)
    # The largest entry contributes exp(0) = 1: leaving it to log1p keeps what the others add.
    return shifted - log1p(row_sum(where(is_row_argmax(x), 0, exp(shifted))))


@log_softmax.vjp
def _(x, cotangent):
    return cotangent - softmax(x) * row_sum(cotangent)
