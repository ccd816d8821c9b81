"""Formulas that several losses share."""

from ..definition.primitives import exp, log, log1p, row_sum, where


def power(x, exponent):
    """x to an exponent for x above 0, else 0; exponents of 1 and 2 are exact."""
    inside = where(x > 0, x, 1)
    general = where(x > 0, exp(exponent * log(inside)), 0)
    return where(abs(exponent - 1) <= 0, x, where(abs(exponent - 2) <= 0, x * x, general))


def unless_nan(x, result):
    """The result, but NaN where x is, which no comparison shows."""
    return where(x <= x, result, x)


def or_one(x):
    """x, or 1 in place of 0, by which nothing is divided."""
    return where(abs(x) > 0, x, 1)


def log_ratio(change, apart):
    """log(1 + change), where `apart` is the same as a difference of logarithms, which would cancel near 0."""
    is_near = abs(change) < 1 / 2
    return where(is_near, log1p(where(is_near, change, 0)), apart)


def row_length(x):
    """How many entries a row has."""
    return row_sum(0 * x + 1)


def smoothed(targets, label_smoothing):
    """Targets of a row, a share of them spread over all classes."""
    return (1 - label_smoothing) * targets + label_smoothing / row_length(targets)


def lost_in_sum(a, b):
    """What the rounding of a + b loses (Knuth's two-sum); 0 beside an infinity."""
    total = a + b
    part = total - a
    lost = (a - (total - part)) + (b - part)
    return where(abs(lost) <= abs(total), lost, 0)


def sum_of_three(a, b, c):
    """a + b + c, where two of them may cancel and leave the smallest."""
    return ((a + b) + c) + lost_in_sum(a, b)
