"""What the formula of an activation or loss of your own may use besides arithmetic and comparisons.

The list is closed: every backend knows how to compute these, fast and exactly.
"""

from .definition.constants import INVERSE_SQRT_2PI, LOG_2, SELU_ALPHA, SELU_SCALE, SQRT_HALF
from .definition.primitives import (
    arctan,
    cos,
    erf,
    erfc,
    erfcx,
    exp,
    expm1,
    is_row_argmax,
    log,
    log1p,
    maximum,
    minimum,
    row_max,
    row_sum,
    row_threshold,
    sign,
    sin,
    sqrt,
    tanh,
    where,
)

__all__ = [
    "INVERSE_SQRT_2PI",
    "LOG_2",
    "SELU_ALPHA",
    "SELU_SCALE",
    "SQRT_HALF",
    "arctan",
    "cos",
    "erf",
    "erfc",
    "erfcx",
    "exp",
    "expm1",
    "is_row_argmax",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "row_max",
    "row_sum",
    "row_threshold",
    "sign",
    "sin",
    "sqrt",
    "tanh",
    "where",
]
