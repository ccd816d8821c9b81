"""How a reader says it: natural units for the yardsticks, numbers with the digits that carry information."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, isfinite, isnan, log10
from typing import NamedTuple

import numpy as np

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
VERDICT_SIGNS = {
    "better": "▲",
    "practically equal": "≈",
    "worse": "▼",
    "not enough evidence": "?",
    "reference": "○",
    "stopped": "■",
    "diverged": "✕",
}


class Measure(NamedTuple):
    """A yardstick in its natural units: the table's scores are greater-is-better, a reader's need not be."""

    name: str
    lower_is_better: bool
    scale: float = 1.0
    unit: str = ""
    difference_unit: str = ""

    @property
    def direction(self) -> str:
        """Which way is better, in words."""
        return "lower is better" if self.lower_is_better else "higher is better"

    def natural(self, score: float) -> float:
        """The table's (greater-is-better) score in natural units."""
        return (-score if self.lower_is_better else score) * self.scale + 0.0

    def improvement(self, difference: float) -> float:
        """A difference of the table's scores in natural units; positive is better, whichever way the measure runs."""
        return difference * self.scale + 0.0


_MEASURES = {
    "neg_log_loss": Measure("log loss", True, difference_unit=" nats"),
    "accuracy": Measure("accuracy", False, 100.0, " %", " percentage points"),
    "r2": Measure("R²", False),
    "neg_mean_squared_error": Measure("mean squared error", True),
    "neg_mean_absolute_error": Measure("mean absolute error", True),
}


def measure(scoring: object) -> Measure:
    """The natural units of a scoring of scikit-learn; a name it does not know is taken apart at `neg_`.

    >>> measure("neg_log_loss").direction
    'lower is better'
    >>> measure("neg_median_absolute_error").name
    'median absolute error'
    """
    name = str(scoring)
    if name in _MEASURES:
        return _MEASURES[name]
    return Measure(name.removeprefix("neg_").replace("_", " "), name.startswith("neg_"))


def decimals(widths: Iterable[float]) -> int:
    """The decimals that show two digits of the typical interval width; 3 where there is none.

    >>> decimals([0.012, 0.02]), decimals([35.0]), decimals([])
    (3, 0, 3)
    """
    known = [w for w in widths if isfinite(w) and w > 0]
    if not known:
        return 3
    return int(np.clip(1 - floor(log10(float(np.median(known)))), 0, 9))


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


def shorten(name: str, most: int = 26) -> str:
    """A long name with its middle left out, so that variants that differ at either end stay apart.

    >>> shorten("an_activation_with_a_very_long_name_b", 20)
    'an_activat…ng_name_b'
    """
    name = " ".join(name.split())
    if len(name) <= most:
        return name
    head = most // 2
    return f"{name[:head]}…{name[-(most - head - 1) :]}"


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


def duration(seconds: float) -> str:
    """A time as a reader says it.

    >>> duration(0.0123), duration(9.66), duration(75), duration(7300)
    ('12 ms', '9.7 s', '1 min 15 s', '2 h 2 min')
    """
    if not isfinite(seconds):
        return DASH
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else f"{seconds * 1000:.2g} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"
