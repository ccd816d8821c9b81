"""Learning curves in small multiples: each arm over grey ghosts of all the others."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.visualization.histories import carried_forward, half_stopped, recorded, thinned, why_empty
from nonlin.visualization.panels import grid, note, panel_title, x_name
from nonlin.visualization.ranking import measured_scores, ranked
from nonlin.visualization.style import GHOST, INK, plain_log_ticks, quiet_axes, series_styles
from nonlin.visualization.wording import DASH, Measure, decimals, measure, number, short_parameter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


LINES = 3  # of small print above each panel


class CurvePanel(NamedTuple):
    """One arm's training loss: the median over runs and the middle 80 % of them, by epoch (1 is the first).

    The curve ends where half the runs have stopped; `shortest` and `longest` are the epochs of single runs. `score` is
    the held-out score in words; `validation` the median loss on examples held back while training, empty if unknown.
    """

    name: str
    score: str
    epochs: NDArray[np.intp]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    runs: int
    shortest: int
    longest: int
    diverged: int
    validation: NDArray[np.float64]

    @property
    def losses(self) -> str:
        """The losses at the end, in words: on the examples learnt from and, where known, on those held back."""
        if not self.runs:
            return ""
        held_back = f", held back {_short(self.validation[-1])}" if len(self.validation) else ""
        return f"training loss {_short(self.median[-1])}{held_back}"

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

    @property
    def validated(self) -> bool:
        """Whether any arm has a validation loss."""
        return any(len(panel.validation) for panel in self.panels)


def curves_data(comparison: Any) -> CurvesData:
    """The learning curves of a comparison's arms from the training loss that their runs recorded."""
    yardstick = measure(comparison.scoring)
    scores = measured_scores(comparison)
    digits = decimals([], yardstick.improvement(comparison.practical_margin))
    panels = tuple(_panel(comparison, arm, _held_out(yardstick, scores[arm], digits)) for arm in ranked(comparison))
    # Losses of different kinds have different units: then no shared axis, and no ghosts to compare with.
    comparable = short_parameter(comparison.parameter) != "loss"
    if not any(panel.runs for panel in panels):
        no_loss = 'the estimator records no training loss (it has no history_ with "loss" after fit)'
        return CurvesData((), False, comparable, why_empty(comparison, no_loss))
    drawn = np.concatenate([part for panel in panels for part in (panel.median, panel.validation)])
    log = bool(drawn.min() > 0 and drawn.max() > 10 * drawn.min())
    return CurvesData(panels, log, comparable)


def _short(loss: float) -> str:
    return number(loss, decimals([], loss))


def _held_out(yardstick: Measure, score: float, digits: int) -> str:
    return f"held-out {yardstick.name} {number(yardstick.natural(score), digits)}" if not isnan(score) else ""


def _panel(comparison: Any, arm: str, score: str) -> CurvePanel:
    losses, _, diverged = recorded(comparison, arm, "loss")
    empty = np.empty(0)
    if not losses:
        return CurvePanel(arm, score, np.empty(0, np.intp), empty, empty, empty, 0, 0, 0, diverged, empty)
    lengths = [len(loss) for loss in losses]
    end = half_stopped(lengths)
    kept = thinned(end)
    low, median, high = np.quantile(carried_forward(losses)[:, kept], [0.1, 0.5, 0.9], axis=0)
    watched = recorded(comparison, arm, "validation_loss").series
    complete = [len(series) for series in watched] == lengths
    validation = np.median(carried_forward(watched)[:, kept], axis=0) if complete else empty
    runs = len(losses), min(lengths), max(lengths)
    return CurvePanel(arm, score, kept + 1, median, low, high, *runs, diverged, validation)


def curve_findings(data: CurvesData) -> list[str]:
    """What a reader must know lest the curves be read as the ranking, in sentences."""
    known = [panel for panel in data.panels if panel.runs]
    if not known:
        return []
    sentences = [
        "These are losses on the examples that were learnt from. They say little of how well others are predicted: "
        "that is what the held-out score above each panel says."
    ]
    lowest = min(known, key=lambda panel: float(panel.median[-1]))
    if data.comparable and lowest is not known[0] and lowest.median[-1] < known[0].median[-1]:
        sentences.append(
            f"Here {lowest.name} ends with the lowest training loss, but {known[0].name} has the best held-out score."
        )
    return sentences


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
    if len(panel.validation):
        ax.plot(panel.epochs, panel.validation, color=INK, linewidth=1.2, linestyle=(0, (2, 1.5)))
    quiet_axes(ax, 8)
    _limit(data, panel, ax)
    x_name(ax, "epoch")
    panel_title(ax, panel.name, LINES)
    note(ax, panel.score, panel.losses, panel.note)
    return ax


def _draw_ghosts(data: CurvesData, ax: Axes) -> None:
    """All ghosts as one line, broken by NaN: the same in each panel, so that a report holds it only once."""
    gap = np.array([np.nan])
    x = np.concatenate([part for p in data.panels for part in (p.epochs, gap)])
    y = np.concatenate([part for p in data.panels for part in (p.median, gap)])
    ax.plot(x, y, color=GHOST, linewidth=1, gid="ghosts", zorder=0)


def _limit(data: CurvesData, panel: CurvePanel, ax: Axes) -> None:
    shown = data.panels if data.comparable else (panel,)
    values = np.concatenate([part for p in shown for part in (p.median, p.validation)])
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

    Examples
    --------
    >>> import nonlin
    >>> from nonlin.nn import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> networks = MLPClassifier((4,), max_iter=3)
    >>> iris = load_iris(return_X_y=True)
    >>> comparison = nonlin.compare(networks, *iris, values=["relu", "tanh"], repeats=2, folds=2)
    >>> len(plot_curves(comparison).axes)
    2
    """
    data = curves_data(comparison)
    return grid(len(data.panels), data.reason, lambda i, ax: draw_curve_panel(data, i, ax), lines=LINES)
