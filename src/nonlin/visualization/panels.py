"""What small multiples share: their size, their titles, and the grid for a single figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nonlin.errors import InputError
from nonlin.visualization.style import INK, MUTED, new_figure
from nonlin.visualization.wording import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 2.75, 2.25
_LINE = 10.0  # points that a line of small print takes


def single(lines: int = 1) -> tuple[Figure, Axes]:
    """A figure of one panel with so many lines of small print, for pages that lay the panels out themselves."""
    figure = new_figure(WIDTH, HEIGHT)
    figure.subplots_adjust(left=0.17, right=0.965, bottom=0.19, top=1 - (0.34 + lines * _LINE / 72) / HEIGHT)
    return figure, figure.subplots()


def panel_title(ax: Axes, name: str, lines: int = 1) -> None:
    """The name above so many lines of small print."""
    ax.set_title(shorten(name), loc="left", fontsize=9, color=INK, pad=7 + lines * _LINE, parse_math=False)


def note(ax: Axes, *lines: str) -> None:
    """Lines of small print between title and axes."""
    for above, text in enumerate(reversed(lines)):
        place = (0, 6 + above * _LINE)
        ax.annotate(text, (0, 1), place, "axes fraction", "offset points", fontsize=7.5, color=MUTED)


def x_name(ax: Axes, text: str) -> None:
    """The name of the x axis, close below it."""
    ax.set_xlabel(text, fontsize=7.5, color=MUTED, labelpad=1.5)


def grid(count: int, reason: str, draw: Callable[[int, Axes], object], *, lines: int = 1, head: float = 0.0) -> Figure:
    """Panels with `lines` of small print, in rows of at most four in one figure, below `head` inches left free."""
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
        top=1 - (0.34 + lines * _LINE / 72 + head) / height,
        wspace=0.3,
        hspace=0.7 + 0.12 * (lines - 1),
    )
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for i, ax in enumerate(axes):
        if i < count:
            draw(i, ax)
        else:
            ax.remove()
    return figure
