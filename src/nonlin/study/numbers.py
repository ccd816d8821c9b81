"""Numbers and names as text: one way for the verdict, the figures, the report and the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, isfinite, isnan, log10
from statistics import median

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def decimals(widths: Iterable[float], least: float = 0.0) -> int:
    """The decimals with which figures are printed: two digits of the typical interval's width, one of `least`.

    `least` is the smallest size that must not vanish. Where no width is known its first two digits are shown, and
    three decimals where it is not known either.

    >>> decimals([0.012, 0.02]), decimals([35.0]), decimals([35.0], 0.2), decimals([], 0.01), decimals([])
    (3, 0, 1, 3, 3)
    """
    known = [width for width in widths if isfinite(width) and width > 0]
    sizes = [(median(known), 1)] if known else []
    if isfinite(least) and least > 0:
        sizes.append((least, 0 if known else 1))
    return min(12, max(0, *(more - floor(log10(size)) for size, more in sizes))) if sizes else 3


def number(value: float, digits: int = 3, *, signed: bool = False) -> str:
    """A number as text with a true minus sign; a dash where there is none.

    >>> number(0.0123), number(0.5, 1, signed=True), number(-2.0) == f"{MINUS}2.000"
    ('0.012', '+0.5', True)
    """
    if not isfinite(value):
        return DASH if isnan(value) else ("∞" if value > 0 else MINUS + "∞")
    if value != 0 and abs(value) >= 1e7:
        text = f"{value:+.3g}" if signed else f"{value:.3g}"
    else:
        text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def short_parameter(name: str) -> str:
    """A parameter's own name, without the steps of the pipeline that lead to it.

    >>> short_parameter("mlpclassifier__activation")
    'activation'
    """
    return name.rsplit("__", 1)[-1]


def listing(names: Iterable[str]) -> str:
    """Names as a reader lists them.

    >>> listing(["relu"]), listing(["relu", "elu"]), listing("abc")
    ('relu', 'relu and elu', 'a, b and c')
    """
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
