"""The ranking: each arm's difference to the reference with its interval, against the margin of practical equality."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nonlin.visualization.style import BAND, GROUND, INK, MUTED, RULE, new_figure, quiet_axes, series_styles
from nonlin.visualization.wording import GAP, VERDICT_SIGNS, Measure, decimals, measure, number, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_AMOUNT = 62.0  # points right of the axes at which the numbers end and the verdicts begin


class RankingRow(NamedTuple):
    """One arm. `center`, `low` and `high` are what is drawn (NaN where unknown), `repeats` one value a repeat."""

    name: str
    rank: int
    center: float
    low: float
    high: float
    repeats: tuple[float, ...]
    verdict: str
    runs: int
    diverged: int


class RankingData(NamedTuple):
    """What the ranking shows, best arm first; differences are improvements: more is better whatever the measure."""

    rows: tuple[RankingRow, ...]
    reference: str
    kind: str
    margin: float
    digits: int
    measure: Measure

    @property
    def has_intervals(self) -> bool:
        """Whether any arm has an interval; a single repeat gives none."""
        return any(isfinite(row.high - row.low) for row in self.rows)

    def axis_label(self, separator: str = " ") -> str:
        """The x axis in words, with its unit; `separator` parts it into two lines where room is short."""
        if self.kind == "score":
            return f"{self.measure.name}{_in(self.measure.unit)};{separator}{self.measure.direction}"
        unit = _in(self.measure.difference_unit)
        return f"improvement over {shorten(self.reference)}{separator}in {self.measure.name}{unit}"


def _in(unit: str) -> str:
    return f" ({unit.strip()})" if unit else ""


def ranked(comparison: Any) -> list[str]:
    """The arms by score, best first; arms without a score last, in the order given."""
    scores = comparison.table()["score"].to_dict()

    def key(arm: str) -> float:
        score = float(scores.get(arm, float("nan")))
        return float("inf") if score != score else -score

    return sorted(comparison.arms, key=key)


def repeat_means(comparison: Any) -> dict[str, dict[int, float]]:
    """The mean score of each arm in each repeat that it finished whole, in the table's units."""
    sums: dict[str, dict[int, list[float]]] = {arm: {} for arm in comparison.arms}
    broken = {(run.arm, run.repeat) for run in comparison.runs if run.status != "finished" or run.scores is None}
    for run in comparison.runs:
        if (run.arm, run.repeat) not in broken:
            total = sums[run.arm].setdefault(run.repeat, [0.0, 0.0])
            total[0] += float(np.sum(run.scores, dtype=np.float64))
            total[1] += len(run.scores)
    return {arm: {r: s / n for r, (s, n) in sorted(by.items()) if n} for arm, by in sums.items()}


def ranking_data(comparison: Any, *, kind: str = "difference") -> RankingData:
    """The ranking of a comparison's arms, in the measure's natural units.

    Parameters
    ----------
    comparison
        A `nonlin.study.Comparison`.
    kind
        "difference" (to the reference, positive is better) or "score". A comparison of one arm has no differences and
        always shows its score.
    """
    kind = "score" if len(comparison.arms) < 2 else kind
    yardstick = measure(comparison.scoring)
    table = comparison.table()
    means = repeat_means(comparison)
    rows = tuple(
        _row(arm, rank, table.loc[arm], means, comparison.reference, kind, yardstick)
        for rank, arm in enumerate(ranked(comparison), start=1)
    )
    margin = float(comparison.practical_margin or 0.0) * yardstick.scale
    return RankingData(rows, comparison.reference, kind, margin, _digits(rows, margin), yardstick)


def _digits(rows: tuple[RankingRow, ...], margin: float) -> int:
    widths = [(row.high - row.low) / 2 for row in rows]
    return decimals(widths if any(isfinite(w) and w > 0 for w in widths) else [margin])


def _row(
    arm: str, rank: int, line: Any, means: dict[str, dict[int, float]], reference: str, kind: str, yardstick: Measure
) -> RankingRow:
    if kind == "score":
        ends = [yardstick.natural(float(line[key])) for key in ("score", "low", "high")]
        center, low, high = (ends[0], *sorted(ends[1:]))
        repeats = [yardstick.natural(mean) for mean in means[arm].values()]
    else:
        keys = ("difference", "difference_low", "difference_high")
        center, low, high = (float(line[key]) * yardstick.scale for key in keys)
        base = means[reference]
        repeats = [(mean - base[r]) * yardstick.scale for r, mean in means[arm].items() if r in base]
        if arm == reference:
            center, low, high, repeats = 0.0, float("nan"), float("nan"), []
    return RankingRow(
        arm, rank, center, low, high, tuple(repeats), str(line["verdict"]), int(line["runs"]), int(line["diverged"])
    )


def view_limits(data: RankingData) -> tuple[float, float]:
    """Ends of the x axis: everything, unless a far-off arm would squeeze the others to nothing.

    An arm that lies more than six times as far out as the widest of the better half is cut off, and drawn as an arrow.
    """
    ends = [np.array([v for v in (r.center, r.low, r.high, *r.repeats) if isfinite(v)]) for r in data.rows]
    origin = 0.0 if data.kind == "difference" else next((r.center for r in data.rows if isfinite(r.center)), 0.0)
    reach = sorted(float(np.abs(e - origin).max()) for e in ends if len(e))
    typical = max([reach[len(reach) // 2] if reach else 0.0, 2 * data.margin, 1e-12])
    kept = np.concatenate([[origin], *(np.clip(e, origin - 6 * typical, origin + 6 * typical) for e in ends)])
    low, high = float(kept.min()), float(kept.max())
    if data.kind == "difference":
        low, high = min(low, -1.3 * data.margin), max(high, 1.3 * data.margin)
    pad = 0.06 * ((high - low) or max(abs(high), 1.0))
    return low - pad, high + pad


def amount_text(row: RankingRow, data: RankingData) -> str:
    """The number that an arm's dot stands for; nothing for the reference's difference to itself."""
    if not isfinite(row.center) or (row.verdict == "reference" and data.kind == "difference"):
        return ""
    signed = data.kind == "difference"
    return number(row.center, data.digits, signed=signed) + ("" if signed else data.measure.unit)


def verdict_text(row: RankingRow) -> str:
    """The verdict beside an arm: sign, word, and the runs that diverged."""
    lost = f"({row.diverged} of {row.runs} diverged)" if row.diverged else ""
    return " ".join(filter(None, (VERDICT_SIGNS.get(row.verdict, ""), row.verdict, lost)))


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
    """
    if ax is None:
        ax = _new_axes(data, compact)
    left, right = view_limits(data)
    if data.kind == "difference":
        ax.axvspan(-data.margin, data.margin, color=BAND, linewidth=0, zorder=0)
        ax.axvline(0, color=RULE if compact else MUTED, linewidth=1, zorder=1)
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
    if data.kind == "difference":
        ax.set_title(_band_text(data), loc="left", fontsize=8, color=MUTED)
    return ax


def _new_axes(data: RankingData, compact: bool) -> Axes:
    count = len(data.rows)
    width, height = (3.5, 1.1 + 0.52 * count) if compact else (9.6, 0.95 + 0.34 * count)
    figure = new_figure(width, height)
    if compact:
        left, right = 0.06, 0.94
    else:
        names = max(len(shorten(row.name)) for row in data.rows)
        words = max(len(verdict_text(row)) for row in data.rows)
        left, right = (0.45 + 0.082 * names) / width, 1 - (0.35 + _AMOUNT / 72 + 0.078 * words) / width
    figure.subplots_adjust(left=left, right=right, bottom=(0.75 if compact else 0.6) / height, top=1 - 0.3 / height)
    return figure.subplots()


def _draw_row(ax: Axes, y: int, row: RankingRow, color: str, view: tuple[float, float]) -> None:
    inside = [value for value in row.repeats if view[0] <= value <= view[1]]
    ax.plot(inside, [y + 0.2] * len(inside), "o", color=color, alpha=0.45, markersize=3, markeredgewidth=0)
    if isfinite(row.low) and isfinite(row.high):
        ax.plot(np.clip([row.low, row.high], *view), [y, y], color=color, linewidth=2.4, solid_capstyle="butt")
    if row.verdict == "reference":
        ax.plot([row.center], [y], "o", markerfacecolor=GROUND, markeredgecolor=INK, markersize=7, markeredgewidth=1.4)
    elif isfinite(row.center) and view[0] <= row.center <= view[1]:
        ax.plot([row.center], [y], "o", color=color, markersize=7, markeredgecolor=INK, markeredgewidth=0.8)
    else:
        _draw_far_off(ax, y, row, view)


def _draw_far_off(ax: Axes, y: int, row: RankingRow, view: tuple[float, float]) -> None:
    """An arm beyond the picture: an arrow at the edge (its number stands beside it), or the word that it has none."""
    if row.center == row.center:
        edge, mark = (view[1], ">") if row.center > view[1] else (view[0], "<")
        ax.plot([edge], [y], mark, color=INK, markersize=6, clip_on=False)
    else:
        ax.annotate("no score", (0, y), (2, 0), ax.get_yaxis_transform(), "offset points", va="center", fontsize=8,
                    color=MUTED)  # fmt: skip


def _words_beside(ax: Axes, data: RankingData) -> None:
    ax.set_yticks(
        range(len(data.rows)), [f"{row.rank}{GAP}{shorten(row.name)}" for row in data.rows], color=INK, parse_math=False
    )
    for y, row in enumerate(data.rows):
        for text, shift, side in ((amount_text(row, data), _AMOUNT, "right"), (verdict_text(row), _AMOUNT + 8, "left")):
            ax.annotate(text, (1, y), (shift, 0), ax.get_yaxis_transform(), "offset points", ha=side, va="center",
                        fontsize=9, color=INK, annotation_clip=False)  # fmt: skip


def _words_above(ax: Axes, data: RankingData) -> None:
    ax.set_yticks([])
    for y, row in enumerate(data.rows):
        words = f"{amount_text(row, data)} {verdict_text(row)}".strip()
        room = max(8, 40 - len(words))
        for x, text, side in ((0.0, f"{row.rank}{GAP}{shorten(row.name, room)}", "left"), (1.0, words, "right")):
            ax.text(x, y - 0.28, text, transform=ax.get_yaxis_transform(), ha=side, va="center", fontsize=8.5,
                    color=INK, parse_math=False)  # fmt: skip


def margin_text(data: RankingData) -> str:
    """The margin of practical equality with its unit."""
    return f"±{data.margin:.3g}{data.measure.difference_unit}"


def _band_text(data: RankingData) -> str:
    return f"shaded: practically equal ({margin_text(data)})"


def plot_ranking(comparison: Any, ax: Axes | None = None, *, kind: str = "difference") -> Figure:
    """The ranking of a comparison as a figure; `ax` draws it into one's own axes."""
    drawn = draw_ranking(ranking_data(comparison, kind=kind), ax)
    return drawn.get_figure(root=True)  # type: ignore[return-value]
