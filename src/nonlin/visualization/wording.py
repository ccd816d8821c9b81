"""How a reader says it: signs, short names and times; numbers and measures are said as the verdict says them."""

from __future__ import annotations

from math import isfinite

from nonlin.study.numbers import DASH, decimals, listing, number, short_parameter
from nonlin.study.scoring import SCORINGS, Measure

__all__ = [
    "DASH",
    "TIMES",
    "VERDICT_SIGNS",
    "Measure",
    "decimals",
    "duration",
    "listing",
    "measure",
    "number",
    "short_parameter",
    "shorten",
]

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


def measure(scoring: object) -> Measure:
    """The natural units of a scoring of scikit-learn; a name it does not know is taken apart at `neg_`.

    >>> measure("neg_log_loss").direction
    'lower is better'
    >>> measure("neg_median_absolute_error").name
    'median absolute error'
    """
    name = str(scoring)
    if name in SCORINGS:
        return SCORINGS[name].measure
    return Measure(name.removeprefix("neg_").replace("_", " "), name.startswith("neg_"))


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
