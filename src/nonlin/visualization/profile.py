"""The inside of the networks: dead units and gradient size by layer, at the start, middle and end of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.visualization.histories import Recorded, recorded, why_empty
from nonlin.visualization.panels import grid, note, panel_title, x_name
from nonlin.visualization.ranking import ranked
from nonlin.visualization.style import INK, MUTED, plain_log_ticks, quiet_axes, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOMENTS = ("start", "middle", "end")
_LOOKS = {"start": ((1.5, 1.5), "o", 0.55), "middle": ((5, 2), "s", 0.75), "end": ((), "D", 1.0)}


class ProfilePanel(NamedTuple):
    """One arm: `dead` (moments, hidden layers) shares of dead units; `gradient` (moments, layers) root mean squares.

    Each is the mean (dead) or the median (gradient) over runs, at the first, the middle and the last epoch of each
    run; None where nothing was recorded.
    """

    name: str
    dead: NDArray[np.float64] | None
    gradient: NDArray[np.float64] | None
    runs: int
    diverged: int


class ProfileData(NamedTuple):
    """What the profiles show, best arm first; `reason` says why there is nothing, where there is nothing."""

    panels: tuple[ProfilePanel, ...]
    layers: int
    any_dead: bool
    reason: str = ""


def profile_data(comparison: Any) -> ProfileData:
    """Dead units and gradient norms by layer of a comparison's arms."""
    panels = tuple(_panel(comparison, arm) for arm in ranked(comparison))
    known = [part for panel in panels for part in (panel.dead, panel.gradient) if part is not None]
    if not known:
        return ProfileData(
            (), 0, False, why_empty(comparison, "the estimator records neither dead units nor gradient norms")
        )
    any_dead = any(panel.dead is not None and panel.dead.max(initial=0.0) > 0 for panel in panels)
    return ProfileData(panels, max(part.shape[1] for part in known), any_dead)


def _panel(comparison: Any, arm: str) -> ProfilePanel:
    dead, gradient = (recorded(comparison, arm, key) for key in ("dead_share", "gradient_norm"))
    return ProfilePanel(
        arm, _moments(dead, np.mean), _moments(gradient, np.median), len(gradient.series), gradient.diverged
    )


def _moments(runs: Recorded, average: Any) -> NDArray[np.float64] | None:
    shapes = {s.shape[1:] for s in runs.series}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1 or 0 in next(iter(shapes)):
        return None
    return average([s[[0, (len(s) - 1) // 2, len(s) - 1]] for s in runs.series], axis=0)


def profile_findings(data: ProfileData) -> list[str]:
    """What stands out, in sentences: dead units at the end, gradients that fade towards the input.

    A layer counts as fading where it receives less than a hundredth of the last layer's gradient at the start.
    """
    sentences = [_dead_sentence(data)]
    for panel in data.panels:
        if panel.gradient is None or panel.gradient.shape[1] < 2:
            continue
        first, last = panel.gradient[0, 0], panel.gradient[0, -1]
        if first == 0:
            sentences.append(f"No gradient reaches the first layer of {panel.name}: that layer cannot learn.")
        elif last > 100 * first:
            sentences.append(
                f"In {panel.name} the first layer starts with {last / first:.0f} times less gradient than the last: "
                "it learns slowly (vanishing gradient)."
            )
    return [sentence for sentence in sentences if sentence]


def _dead_sentence(data: ProfileData) -> str:
    worst = [(float(p.dead[-1].max()), int(p.dead[-1].argmax()) + 1, p.name) for p in data.panels if p.dead is not None]
    if not worst:
        return ""
    share, layer, name = max(worst, key=lambda found: found[0])
    if share < 0.005:
        return "Dead units are no problem here: at the end of training fewer than 0.5 % in any layer of any arm."
    return f"Most dead units at the end of training: {name}, {100 * share:.0f} % of layer {layer}."


def draw_profile_panel(data: ProfileData, index: int, ax: Axes) -> Axes:
    """Draw one arm's panel: share of dead units above, gradient size below, layers from input (left) to output."""
    panel = data.panels[index]
    color = series_styles([p.name for p in data.panels])[panel.name].color
    upper, lower = (ax.inset_axes((0, bottom, 1, height)) for bottom, height in ((0.66, 0.34), (0, 0.44)))
    ax.set_axis_off()
    layers = np.arange(1, data.layers + 1)
    for part, target in ((panel.dead, upper), (panel.gradient, lower)):
        if part is not None:
            _draw_moments(target, part, color)
        quiet_axes(target, 8)
        target.set_xlim(0.7, data.layers + 0.3)
        target.set_xticks(layers if data.layers <= 8 else layers[:: -(-data.layers // 8)])
    upper.tick_params(labelbottom=False)
    _limit_dead(data, upper)
    _limit_gradient(data, lower)
    panel_title(ax, panel.name)
    lost = not panel.runs and panel.diverged
    note(ax, "all runs diverged" if lost else "dead units (%)")
    note(lower, "" if lost else "gradient")
    x_name(lower, "layer")
    return ax


def _draw_moments(ax: Axes, part: NDArray[np.float64], color: str) -> None:
    layers = np.arange(1, part.shape[1] + 1)
    for values, moment in zip(part, MOMENTS, strict=True):
        dash, marker, alpha = _LOOKS[moment]
        ax.plot(layers, values, color=color, alpha=alpha, linewidth=1.6, linestyle=(0, dash) if dash else "-",
                marker=marker, markersize=4, markeredgecolor=INK if moment == "end" else color,
                markeredgewidth=0.6)  # fmt: skip


def _limit_dead(data: ProfileData, ax: Axes) -> None:
    from matplotlib.ticker import PercentFormatter

    top = max((float(p.dead.max(initial=0.0)) for p in data.panels if p.dead is not None), default=0.0)
    ax.set_ylim(-0.04 * max(top, 0.05), max(1.08 * top, 0.05))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, symbol="", decimals=0))
    ax.locator_params(axis="y", nbins=3)


def _limit_gradient(data: ProfileData, ax: Axes) -> None:
    values = np.concatenate([p.gradient.ravel() for p in data.panels if p.gradient is not None] or [np.ones(1)])
    values = values[values > 0]
    if len(values):
        ax.set_ylim(float(values.min()) / 2, float(values.max()) * 2)
        plain_log_ticks(ax, 3)


def draw_key(ax: Axes) -> Axes:
    """What the three lines of each profile panel mean."""
    for i, moment in enumerate(MOMENTS):
        dash, marker, alpha = _LOOKS[moment]
        ax.plot([i, i + 0.3], [0, 0], color=MUTED, alpha=alpha, linewidth=1.6, linestyle=(0, dash) if dash else "-",
                marker=marker, markersize=4)  # fmt: skip
        ax.text(i + 0.4, 0, moment, va="center", fontsize=9, color=INK)
    ax.set_xlim(-0.1, len(MOMENTS))
    ax.set_axis_off()
    return ax


def plot_profile(comparison: Any) -> Figure:
    """The profiles of a comparison's networks as one figure of small multiples.

    Raises
    ------
    InputError
        No run recorded dead units or gradient norms; the message says why.

    Examples
    --------
    >>> import nonlin
    >>> from nonlin.nn import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> networks = MLPClassifier((4,), max_iter=3)
    >>> iris = load_iris(return_X_y=True)
    >>> comparison = nonlin.compare(networks, *iris, values=["relu", "tanh"], repeats=2, folds=2)
    >>> len(plot_profile(comparison).axes)  # the last is the key
    3
    """
    data = profile_data(comparison)
    figure = grid(len(data.panels), data.reason, lambda i, ax: draw_profile_panel(data, i, ax), head=0.3)
    width, height = figure.get_size_inches()
    draw_key(figure.add_axes((0.45 / width, 1 - 0.28 / height, min(1.0, 3.2 / width) * 0.82, 0.25 / height)))
    return figure
