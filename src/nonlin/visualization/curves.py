"""Learning curves in small multiples: each arm over grey ghosts of all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.visualization.histories import carried_forward, half_stopped, recorded, thinned
from nonlin.visualization.panels import grid, note, panel_title, x_name
from nonlin.visualization.ranking import ranked
from nonlin.visualization.style import GHOST, plain_log_ticks, quiet_axes, series_styles
from nonlin.visualization.wording import DASH, measure, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class CurvePanel(NamedTuple):
    """One arm's training loss: the median over runs and the middle 80 % of them, by epoch (1 is the first).

    The curve ends where half the runs have stopped; `shortest` and `longest` are the epochs of single runs.
    """

    name: str
    rank: int
    score: str
    epochs: NDArray[np.intp]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    runs: int
    shortest: int
    longest: int
    diverged: int

    @property
    def note(self) -> str:
        """How many runs the curve stands for and when they stopped, in words."""
        if not self.runs:
            return f"all {self.diverged} runs diverged" if self.diverged else "nothing recorded"
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        span = f"{self.shortest}" if self.shortest == self.longest else f"{self.shortest}{DASH}{self.longest}"
        lost = f", {self.diverged} diverged" if self.diverged else ""
        return f"{runs}, {span} {'epoch' if span == '1' else 'epochs'}{lost}"


class CurvesData(NamedTuple):
    """What the learning curves show, best arm first; `reason` says why there is nothing, where there is nothing."""

    panels: tuple[CurvePanel, ...]
    log: bool
    comparable: bool
    reason: str = ""


def curves_data(comparison: Any) -> CurvesData:
    """The learning curves of a comparison's arms from the training loss that their runs recorded."""
    yardstick = measure(comparison.scoring)
    scores = comparison.table()["score"]
    panels = tuple(
        _panel(comparison, arm, rank, number(yardstick.natural(float(scores[arm])), 1 if yardstick.scale > 1 else 3))
        for rank, arm in enumerate(ranked(comparison), start=1)
    )
    # Losses of different kinds have different units: then no shared axis, and no ghosts to compare with.
    comparable = comparison.parameter != "loss"
    if not any(panel.runs for panel in panels):
        return CurvesData((), False, comparable, _why_empty(comparison))
    drawn = np.concatenate([panel.median for panel in panels])
    log = bool(drawn.min() > 0 and drawn.max() > 10 * drawn.min())
    return CurvesData(panels, log, comparable)


def _why_empty(comparison: Any) -> str:
    if all(run.status != "finished" for run in comparison.runs):
        return "every run diverged, so no training loss was kept"
    return 'the estimator records no training loss (it has no history_ with "loss" after fit)'


def _panel(comparison: Any, arm: str, rank: int, score: str) -> CurvePanel:
    losses, _, diverged = recorded(comparison, arm, "loss")
    if not losses:
        empty = np.empty(0)
        return CurvePanel(arm, rank, score, np.empty(0, np.intp), empty, empty, empty, 0, 0, 0, diverged)
    lengths = [len(loss) for loss in losses]
    end = half_stopped(lengths)
    kept = thinned(end)
    low, median, high = np.quantile(carried_forward(losses)[:, kept], [0.1, 0.5, 0.9], axis=0)
    return CurvePanel(arm, rank, score, kept + 1, median, low, high, len(losses), min(lengths), max(lengths), diverged)


def draw_curve_panel(data: CurvesData, index: int, ax: Axes) -> Axes:
    """Draw one arm's panel: its median and band over grey ghosts of every arm, on the axes that all panels share."""
    panel = data.panels[index]
    color = series_styles([p.name for p in data.panels])[panel.name].color
    if data.comparable:
        _draw_ghosts(data, ax)
    if panel.runs > 1:
        ax.fill_between(panel.epochs, panel.low, panel.high, color=color, alpha=0.25, linewidth=0)
    marker = "o" if len(panel.epochs) == 1 else ""
    ax.plot(panel.epochs, panel.median, color=color, linewidth=2, marker=marker, markersize=4)
    quiet_axes(ax, 8)
    _limit(data, panel, ax)
    x_name(ax, "epoch")
    panel_title(ax, panel.rank, panel.name, panel.score)
    note(ax, f"training loss, {panel.note}" if panel.runs else panel.note)
    return ax


def _draw_ghosts(data: CurvesData, ax: Axes) -> None:
    """All ghosts as one line, broken by NaN: the same in each panel, so that a report holds it only once."""
    gap = np.array([np.nan])
    x = np.concatenate([part for p in data.panels for part in (p.epochs, gap)])
    y = np.concatenate([part for p in data.panels for part in (p.median, gap)])
    ax.plot(x, y, color=GHOST, linewidth=1, gid="ghosts", zorder=0)


def _limit(data: CurvesData, panel: CurvePanel, ax: Axes) -> None:
    shown = data.panels if data.comparable else (panel,)
    values = np.concatenate([p.median for p in shown])
    last = max(int(p.epochs[-1]) if len(p.epochs) else 1 for p in shown)
    if len(values):
        low, high = float(values.min()), float(values.max())
        if data.log and low > 0:
            ax.set_ylim(low / 1.3, high * 1.3)
        else:
            pad = 0.06 * ((high - low) or 1.0)
            ax.set_ylim(low - pad, high + pad)
        if data.log:
            plain_log_ticks(ax)
        else:
            ax.locator_params(axis="y", nbins=4)
    ax.set_xlim(1 if last > 1 else 0.5, max(last, 1.5))
    ax.locator_params(axis="x", nbins=4, integer=True)


def plot_curves(comparison: Any) -> Figure:
    """The learning curves of a comparison as one figure of small multiples.

    Raises
    ------
    InputError
        No run recorded a loss; the message says why.
    """
    data = curves_data(comparison)
    return grid(len(data.panels), data.reason, lambda i, ax: draw_curve_panel(data, i, ax))
