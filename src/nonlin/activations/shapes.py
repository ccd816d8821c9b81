"""Functions that give an axis another length."""

from math import inf

from ..definition import Concatenated, Pooled, activation
from ..definition.primitives import is_row_argmax, row_max, where
from .rectifiers import relu

__all__ = ["crelu", "maxout"]


@activation(
    kind=Concatenated,
    aliases=("concatenated_relu",),
    reference="Shang, Sohn, Almeida & Lee 2016, arXiv:1603.05201",
    range=(0, inf),
    same_as={"tensorflow": "nn.crelu"},
)
def crelu(x):
    """relu(x), and behind it relu(-x): an axis twice as long. At 0 both derivatives are 0, as relu's in PyTorch."""
    return relu(x), relu(-x)


@crelu.derivative
def _(x):
    return where(x > 0, 1, 0), where(x < 0, -1, 0)


@activation(
    kind=Pooled,
    aliases=("max_out",),
    reference="Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, arXiv:1302.4389",
    same_as={"tensorflow": "TensorFlow Addons' layers.Maxout"},
)
def maxout(x):
    """The largest of each group of neighbours; of equal ones the first gets the gradient, as in PyTorch's pooling."""
    return row_max(x)


@maxout.vjp
def _(x, cotangent):
    return where(is_row_argmax(x), cotangent, 0)
