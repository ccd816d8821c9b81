"""The picture of a ranking: a dot and interval an arm, the verdict in words, the margin as a band."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from nonlin.errors import InputError
from nonlin.visualization.ranking import (
    RankingData,
    RankingRow,
    amount_text,
    margin_text,
    verdict_text,
)
from nonlin.visualization.style import BAND, GROUND, INK, MUTED, RULE, new_figure, quiet_axes, series_styles
from nonlin.visualization.wording import number, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_AMOUNT = 62.0  # points right of the axes at which the numbers end and the verdicts begin


def view_limits(data: RankingData) -> tuple[float, float]:
    """Ends of the x axis: everything, unless a far-off arm would squeeze the others to nothing.

    An arm that lies more than six times as far out as the widest of the better half is cut off, and drawn as an arrow.
    Guessing is taken in only where it lies about as far out as the arms do.
    """
    ends = [np.array([v for v in (r.center, r.low, r.high, *r.repeats) if isfinite(v)]) for r in data.rows]
    origin = 0.0 if data.kind == "difference" else next((r.center for r in data.rows if isfinite(r.center)), 0.0)
    reach = sorted(float(np.abs(e - origin).max()) for e in ends if len(e))
    typical = max([reach[len(reach) // 2] if reach else 0.0, 2 * data.margin, 1e-12])
    if data.baseline is not None and abs(data.baseline - origin) <= 2 * typical:
        ends.append(np.array([data.baseline]))
    kept = np.concatenate([[origin], *(np.clip(e, origin - 6 * typical, origin + 6 * typical) for e in ends)])
    low, high = float(kept.min()), float(kept.max())
    if data.kind == "difference":
        low, high = min(low, -1.3 * data.margin), max(high, 1.3 * data.margin)
    pad = 0.06 * ((high - low) or max(abs(high), 1.0))
    return low - pad, high + pad


def draw_ranking(data: RankingData, ax: Axes | None = None, *, compact: bool = False) -> Axes:
    """Draw the ranking: a dot and interval an arm, the band of practical equality, the verdict in words.

    Parameters
    ----------
    data
        From `ranking_data`.
    ax
        Matplotlib axes; those of a new figure without. Names stand left of it and verdicts right of it.
    compact
        For narrow pages: name and verdict stand above each interval, nothing beside the axes.

    Raises
    ------
    InputError
        Every run diverged, so that there is nothing to draw.
    """
    if data.reason:
        raise InputError(f"nothing to plot: {data.reason}")
    if ax is None:
        ax = _new_axes(data, compact)
    left, right = view_limits(data)
    if data.kind == "difference":
        ax.axvspan(-data.margin, data.margin, color=BAND, linewidth=0, zorder=0)
        ax.axvline(0, color=RULE if compact else MUTED, linewidth=1, zorder=1)
    words = [_band_text(data)] if data.kind == "difference" else []
    if data.baseline is not None:
        words.append(_draw_baseline(ax, data.baseline, (left, right), data, compact))
    styles = series_styles([row.name for row in data.rows])
    for y, row in enumerate(data.rows):
        _draw_row(ax, y, row, styles[row.name].color, (left, right))
    ax.set_xlim(left, right)
    ax.set_ylim(len(data.rows) - 0.5, -0.85 if compact else -0.6)
    quiet_axes(ax, 9)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.locator_params(axis="x", nbins=4 if compact else 7)
    ax.set_xlabel(data.axis_label("\n" if compact else " "), parse_math=False)
    (_words_above if compact else _words_beside)(ax, data)
    ax.set_title(("\n" if compact else "; ").join(words), loc="left", fontsize=8, color=MUTED)
    return ax


def _draw_baseline(ax: Axes, place: float, view: tuple[float, float], data: RankingData, compact: bool) -> str:
    """Mark the score of guessing, if it is in the picture; returns what to say of it."""
    left, right = view
    if left <= place <= right:
        above = 0.12 if compact else 0.5  # the words over each interval stay free
        lines = [(y - above, y + 0.5) for y in range(len(data.rows))]
        heights = np.array([(*ends, np.nan) for ends in lines]).ravel()
        ax.plot(np.full(len(heights), place), heights, color=INK, linewidth=1.2, linestyle=(0, (1, 2)), zorder=1)
        return "dotted: guessing"
    side = "left" if place < left else "right"
    return f"guessing lies far to the {side}, at {number(place, data.digits, signed=data.kind == 'difference')}"


def _new_axes(data: RankingData, compact: bool) -> Axes:
    count = len(data.rows)
    width, height = (3.5, 1.25 + 0.52 * count) if compact else (9.6, 0.95 + 0.34 * count)
    figure = new_figure(width, height)
    if compact:
        left, right = 0.06, 0.94
    else:
        names = max(len(shorten(row.name)) for row in data.rows)
        words = max(len(verdict_text(row)) for row in data.rows)
        left, right = (0.45 + 0.082 * names) / width, 1 - (0.35 + _AMOUNT / 72 + 0.078 * words) / width
    figure.subplots_adjust(
        left=left, right=right, bottom=(0.75 if compact else 0.6) / height, top=1 - (0.45 if compact else 0.3) / height
    )
    return figure.subplots()


def _draw_row(ax: Axes, y: int, row: RankingRow, color: str, view: tuple[float, float]) -> None:
    inside = [value for value in row.repeats if view[0] <= value <= view[1]]
    ax.plot(inside, [y + 0.2] * len(inside), "o", color=color, alpha=0.45, markersize=3, markeredgewidth=0)
    if isfinite(row.low) and isfinite(row.high):
        ax.plot(np.clip([row.low, row.high], *view), [y, y], color=color, linewidth=2.4, solid_capstyle="butt")
    if row.verdict == "reference":
        ax.plot([row.center], [y], "o", markerfacecolor=GROUND, markeredgecolor=INK, markersize=7, markeredgewidth=1.4)
    elif view[0] <= row.center <= view[1]:
        ax.plot([row.center], [y], "o", color=color, markersize=7, markeredgecolor=INK, markeredgewidth=0.8)
    elif row.measured:
        _draw_far_off(ax, y, row.center, view)


def _draw_far_off(ax: Axes, y: int, center: float, view: tuple[float, float]) -> None:
    """An arrow at the edge for an arm beyond the picture; its number stands beside it."""
    edge, mark = (view[1], ">") if center > view[1] else (view[0], "<")
    ax.plot([edge], [y], mark, color=INK, markersize=6, clip_on=False)


def _words_beside(ax: Axes, data: RankingData) -> None:
    ax.set_yticks(range(len(data.rows)), [shorten(row.name) for row in data.rows], color=INK, parse_math=False)
    for y, row in enumerate(data.rows):
        for text, shift, side in ((amount_text(row, data), _AMOUNT, "right"), (verdict_text(row), _AMOUNT + 8, "left")):
            ax.annotate(text, (1, y), (shift, 0), ax.get_yaxis_transform(), "offset points", ha=side, va="center",
                        fontsize=9, color=INK, annotation_clip=False)  # fmt: skip


def _words_above(ax: Axes, data: RankingData) -> None:
    ax.set_yticks([])
    for y, row in enumerate(data.rows):
        words = f"{amount_text(row, data)} {verdict_text(row)}".strip()
        room = max(8, 40 - len(words))
        for x, text, side in ((0.0, shorten(row.name, room), "left"), (1.0, words, "right")):
            ax.text(x, y - 0.28, text, transform=ax.get_yaxis_transform(), ha=side, va="center", fontsize=8.5,
                    color=INK, parse_math=False)  # fmt: skip


def _band_text(data: RankingData) -> str:
    return f"shaded: practically equal ({margin_text(data)})"
