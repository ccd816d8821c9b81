"""One look for every figure: colours that colour-blind readers can tell apart, always with a second cue.

The palette is petroff6 (Petroff 2021, arXiv:2107.02270): at most six coloured series. Its grey comes last here, so that
with more than six series five are coloured and the rest share the grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1b1f24"
MUTED = "#5a6068"
RULE = "#c9cdd3"
GHOST = "#dcdfe4"
BAND = "#e7eaee"
GROUND = "#fefefe"
PETROFF = ("#5790fc", "#f89c20", "#e42536", "#964a8b", "#7a21dd", "#9c9ca1")
_DASHES: tuple[tuple[float, ...], ...] = ((), (6, 2), (2, 1.5), (7, 2, 2, 2), (10, 2), (4, 1, 1, 1, 1, 1))

# In an inlined SVG these colours become CSS variables, so that the page's dark theme reaches into the figures.
THEMED = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    GHOST: "--ghost",
    BAND: "--band",
    GROUND: "--ground",
    **{color: f"--series{i}" for i, color in enumerate(PETROFF)},
}


class SeriesStyle(NamedTuple):
    """Colour and dash of one series; the dash is the second cue beside the direct label."""

    color: str
    dash: tuple[float, ...]

    @property
    def linestyle(self) -> str | tuple[float, tuple[float, ...]]:
        """The dash as Matplotlib takes it."""
        return (0, self.dash) if self.dash else "-"


def series_styles(names: Sequence[str]) -> dict[str, SeriesStyle]:
    """A style for each name, the most important first: six colours at most, the rest grey.

    >>> series_styles(["relu", "gelu"])["gelu"].color
    '#f89c20'
    """
    colored = len(PETROFF) if len(names) <= len(PETROFF) else len(PETROFF) - 1
    return {
        name: SeriesStyle(PETROFF[i] if i < colored else PETROFF[-1], _DASHES[i % len(_DASHES)])
        for i, name in enumerate(names)
    }


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches that pyplot knows nothing of, transparent so that it takes the page's ground."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.patch.set_alpha(0)
    return figure


def quiet_axes(ax: Axes, size: float = 8.5) -> None:
    """Take away what is not data: the frame, heavy ticks."""
    ax.patch.set_alpha(0)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(RULE)
        ax.spines[side].set_linewidth(0.8)
    ax.tick_params(colors=MUTED, labelsize=size, length=3, width=0.8, color=RULE)
    ax.xaxis.label.set(color=MUTED, fontsize=size)
    ax.yaxis.label.set(color=MUTED, fontsize=size)


def plain_log_ticks(ax: Axes, most: int = 5) -> None:
    """Logarithmic y axis whose labels are plain numbers (Matplotlib's are formulae, which SVG text cannot hold)."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    low, high = ax.get_ylim()
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(FixedLocator(log_ticks(low, high, most)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_ylim(low, high)


def log_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two positive ends, at most `most`: 1-2-5, 1-3, or powers of ten as the span grows.

    >>> log_ticks(0.02, 0.8), log_ticks(1e-6, 1)
    ([0.02, 0.05, 0.1, 0.2, 0.5], [1e-06, 0.0001, 0.01, 1.0])
    """
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    for leads in ((1, 2, 5), (1, 3), (1,)):
        ticks = [float(f"{lead}e{d}") for d in decades for lead in leads if low <= float(f"{lead}e{d}") <= high]
        if len(ticks) <= most:
            return ticks
    return ticks[:: -(-len(ticks) // most)]
