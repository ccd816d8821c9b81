"""Irrational constants by name, to 60 digits, so that every backend rounds them to its own precision.

>>> from nonlin.definition.constants import DIGITS
>>> DIGITS["sqrt_half"][:12]
'0.7071067811'
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache

from .expression import constant

# Each is derived again from its formula by a test.
DIGITS = {
    "log_2": "0.693147180559945309417232121458176568075500134360255254120680009",
    "sqrt_half": "0.707106781186547524400844362104849039284835937688474036588339869",
    "inverse_sqrt_2pi": "0.398942280401432677939946059934381868475858631164934657665925830",
    "selu_alpha": "1.6732632423543772848170429916716520384611553482812162709152448",
    "selu_scale": "1.0507009873554804934193349852946063519589812043764045469778784",
}


@cache
def exact(name: str) -> Fraction:
    """A constant as a fraction of its 60 digits."""
    return Fraction(Decimal(DIGITS[name]))


LOG_2 = constant("log_2")
SQRT_HALF = constant("sqrt_half")
INVERSE_SQRT_2PI = constant("inverse_sqrt_2pi")
SELU_ALPHA = constant("selu_alpha")  # Klambauer et al. 2017, arXiv:1706.02515, equation 14, for the fixed point (0, 1)
SELU_SCALE = constant("selu_scale")
