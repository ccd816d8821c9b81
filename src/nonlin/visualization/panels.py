"""What small multiples share: their size, their titles, and the grid for a single figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nonlin.errors import InputError
from nonlin.visualization.style import INK, MUTED, new_figure
from nonlin.visualization.wording import GAP, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 2.75, 2.05
MARGINS = {"left": 0.17, "right": 0.965, "bottom": 0.2, "top": 0.78}


def single() -> tuple[Figure, Axes]:
    """A figure of one panel, for pages that lay the panels out themselves."""
    figure = new_figure(WIDTH, HEIGHT)
    figure.subplots_adjust(**MARGINS)
    return figure, figure.subplots()


def panel_title(ax: Axes, rank: int, name: str, score: str) -> None:
    """Rank and name at the left, the score at the right, with room kept between them."""
    name = shorten(name, max(8, 23 - len(score)))
    ax.set_title(f"{rank}{GAP}{name}", loc="left", fontsize=9, color=INK, pad=17, parse_math=False)
    ax.set_title(score, loc="right", fontsize=9, color=INK, pad=17)


def note(ax: Axes, text: str) -> None:
    """A line of small print between title and axes."""
    ax.annotate(text, (0, 1), (0, 6), "axes fraction", "offset points", fontsize=7.5, color=MUTED)


def x_name(ax: Axes, text: str) -> None:
    """The name of the x axis, close below it."""
    ax.set_xlabel(text, fontsize=7.5, color=MUTED, labelpad=1.5)


def grid(count: int, reason: str, draw: Callable[[int, Axes], object], *, head: float = 0.0) -> Figure:
    """Panels in rows of at most four in one figure, below `head` inches left free."""
    if reason:
        raise InputError(f"nothing to plot: {reason}")
    columns = min(4, count)
    rows = -(-count // columns)
    figure = new_figure(WIDTH * columns, HEIGHT * rows + head)
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=0.5 / width,
        right=1 - 0.1 / width,
        bottom=0.45 / height,
        top=1 - (0.45 + head) / height,
        wspace=0.3,
        hspace=0.7,
    )
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for i, ax in enumerate(axes):
        if i < count:
            draw(i, ax)
        else:
            ax.remove()
    return figure
