"""The closed list of operations that a definition may use besides `+ - * / ** abs()` and comparisons.

A backend is a table with one entry for each name of `PRIMITIVES`, for add, subtract, multiply, divide, negative, abs,
less and less_equal, and for numbers and named constants. The list grows only when a published function cannot be
written without.
"""

from __future__ import annotations

from .expression import Expression, Operand, apply


def exp(x: Operand) -> Expression:
    """The exponential function."""
    return apply("exp", x)


def expm1(x: Operand) -> Expression:
    """exp(x) - 1 without cancellation."""
    return apply("expm1", x)


def log(x: Operand) -> Expression:
    """The natural logarithm."""
    return apply("log", x)


def log1p(x: Operand) -> Expression:
    """log(1 + x) without cancellation."""
    return apply("log1p", x)


def tanh(x: Operand) -> Expression:
    """The hyperbolic tangent."""
    return apply("tanh", x)


def erfc(x: Operand) -> Expression:
    """The complementary error function."""
    return apply("erfc", x)


def erfcx(x: Operand) -> Expression:
    """The scaled complementary error function, exp(x**2) * erfc(x), for x >= 0; NaN below."""
    return apply("erfcx", x)


def erf(x: Operand) -> Expression:
    """The error function."""
    return apply("erf", x)


def sin(x: Operand) -> Expression:
    """The sine."""
    return apply("sin", x)


def cos(x: Operand) -> Expression:
    """The cosine."""
    return apply("cos", x)


def arctan(x: Operand) -> Expression:
    """The angle between -pi/2 and pi/2 whose tangent is x."""
    return apply("arctan", x)


def sqrt(x: Operand) -> Expression:
    """The square root."""
    return apply("sqrt", x)


def sign(x: Operand) -> Expression:
    """-1, 0 or 1."""
    return apply("sign", x)


def maximum(x: Operand, y: Operand) -> Expression:
    """The larger of two; NaN if either is."""
    return apply("maximum", x, y)


def minimum(x: Operand, y: Operand) -> Expression:
    """The smaller of two; NaN if either is."""
    return apply("minimum", x, y)


def where(condition: Expression | bool, x: Operand, y: Operand) -> Expression:
    """The first where the condition holds, else the second. Both are computed."""
    return apply("where", condition, x, y)


def row_max(x: Operand) -> Expression:
    """The largest entry of the row (row functions only)."""
    return apply("row_max", x)


def row_sum(x: Operand) -> Expression:
    """The sum over the row (row functions only)."""
    return apply("row_sum", x)


def is_row_argmax(x: Operand) -> Expression:
    """True at the first largest entry of the row, false elsewhere (row functions only)."""
    return apply("is_row_argmax", x)


def row_threshold(x: Operand, power: Operand) -> Expression:
    """The t for which the sum over the row of max(x - t, 0)**power is 1 (row functions only), for power >= 1."""
    return apply("row_threshold", x, power)


ELEMENTWISE = (
    exp, expm1, log, log1p, tanh, erf, erfc, erfcx, sin, cos, arctan, sqrt, sign, maximum, minimum, where,
)  # fmt: skip
REDUCTIONS = (row_max, row_sum, is_row_argmax, row_threshold)
PRIMITIVES = ELEMENTWISE + REDUCTIONS
