"""One training in pictures: loss and validation by epoch, dead units and gradient size by epoch and layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import InputError
from nonlin.visualization.labels import spread
from nonlin.visualization.panels import grid, note, panel_title, x_name
from nonlin.visualization.style import INK, PETROFF, plain_log_ticks, quiet_axes, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

Array = NDArray[np.float64]


class HistoryData(NamedTuple):
    """What one training recorded, an entry an epoch (1 is the first); empty where it did not.

    `validation_loss` and `validation_score` belong to the last epochs, as many as they have entries. `dead_share` is
    (epochs, hidden layers), a share of each layer's units; `gradient_norm` is (epochs, layers), the rms of dL/dz.
    """

    epochs: NDArray[np.intp]
    loss: Array
    validation_loss: Array
    validation_score: Array
    dead_share: Array
    gradient_norm: Array


def history_data(model: Any) -> HistoryData:
    """The history of a fitted network, ours or scikit-learn's, which records the loss and the validation score only.

    Raises
    ------
    InputError
        The model has recorded no loss: it is not fitted, or no network trained epoch by epoch.
    """
    history = dict(getattr(model, "history_", {}))
    loss = np.asarray(history.get("loss", getattr(model, "loss_curve_", ())), float)
    if not len(loss):
        raise InputError(f"{type(model).__name__} has recorded no loss to plot; fit it first, by epochs")
    parts = [np.asarray(history.get(name, ()), float) for name in ("validation_loss", "dead_share", "gradient_norm")]
    validation_loss, dead, gradient = parts
    score = () if len(validation_loss) else getattr(model, "validation_scores_", None) or ()
    return HistoryData(1 + np.arange(len(loss)), loss, validation_loss, np.asarray(score, float), dead, gradient)


def plot_history(model: Any, ax: Axes | None = None) -> Figure | SubFigure:
    """A fitted network's history as panels side by side, in a new figure or in the place of the axes given.

    Loss and, where examples were held out, the loss or the score on them; the share of dead units of each hidden
    layer; the rms of dL/dz of each layer. Layers are numbered from the input, the last is the output.

    Raises
    ------
    InputError
        The model has recorded no loss.

    Examples
    --------
    >>> from nonlin.nn import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> network = MLPClassifier((4, 4), tol=0.1, random_state=0).fit(*load_iris(return_X_y=True))
    >>> len(plot_history(network).axes)
    3
    """
    data = history_data(model)
    panels = _panels(data)
    if ax is None:
        return grid(len(panels), "", lambda i, target: panels[i](data, target))
    ax.set_axis_off()
    for i, draw in enumerate(panels):
        draw(data, ax.inset_axes((i / len(panels), 0, 0.8 / len(panels), 1)))
    return ax.figure


def _panels(data: HistoryData) -> list[Callable[[HistoryData, Axes], None]]:
    """The panels for which something was recorded."""
    panels = {_loss: data.loss, _score: data.validation_score, _dead: data.dead_share, _gradient: data.gradient_norm}
    return [draw for draw, recorded in panels.items() if recorded.size]


def _loss(data: HistoryData, ax: Axes) -> None:
    held_out = len(data.validation_loss) > 0
    _curve(ax, data, data.loss, color=PETROFF[0], linewidth=2)
    if held_out:
        _curve(ax, data, data.validation_loss, color=INK, linewidth=1.2, linestyle=(0, (2, 1.5)))
    drawn = np.concatenate([data.loss, data.validation_loss])
    _finish(data, ax, "loss", "mean of an example; dashed: held out" if held_out else "mean of an example")
    if drawn.min() > 0 and drawn.max() > 10 * drawn.min():
        _logarithmic(ax, drawn)


def _score(data: HistoryData, ax: Axes) -> None:
    _curve(ax, data, data.validation_score, color=INK, linewidth=1.6)
    _finish(data, ax, "validation score", "on the examples held out")


def _dead(data: HistoryData, ax: Axes) -> None:
    shares = 100 * data.dead_share
    _by_layer(data, ax, shares, max(1.08 * float(shares.max()), 5.0), log=False)
    _finish(data, ax, "dead units", "% of units, by layer")


def _gradient(data: HistoryData, ax: Axes) -> None:
    _by_layer(data, ax, data.gradient_norm, float(data.gradient_norm.max()), log=bool(data.gradient_norm.min() > 0))
    _finish(data, ax, "gradient", "rms of dL/dz of an example, by layer")


def _curve(ax: Axes, data: HistoryData, values: Array, **look: Any) -> None:
    """A line over the last epochs, or a dot for a single one."""
    marker = "o" if len(values) == 1 else ""
    ax.plot(data.epochs[-len(values) :], values, marker=marker, markersize=4, **look)


def _by_layer(data: HistoryData, ax: Axes, values: Array, top: float, log: bool) -> None:
    """A line a layer, its number at the right end."""
    names = [str(layer) for layer in range(1, values.shape[1] + 1)]
    styles = series_styles(names)
    for name, column in zip(names, values.T, strict=True):
        _curve(ax, data, column, color=styles[name].color, linestyle=styles[name].linestyle, linewidth=1.6)
    if log:
        _logarithmic(ax, values)
    else:
        ax.set_ylim(-0.04 * top, top or 1.0)
        ax.locator_params(axis="y", nbins=4)
    heights = ax.transAxes.inverted().transform(ax.transData.transform([(1, y) for y in values[-1]]))[:, 1]
    for name, height in zip(names, spread(heights.tolist(), 0.08, 0.0, 1.0), strict=True):
        ax.text(1.01, height, name, transform=ax.transAxes, va="center", fontsize=7.5, color=styles[name].color)


def _logarithmic(ax: Axes, values: Array) -> None:
    ax.set_ylim(float(values.min()) / 1.3, float(values.max()) * 1.3)
    plain_log_ticks(ax)


def _finish(data: HistoryData, ax: Axes, title: str, small: str) -> None:
    quiet_axes(ax, 8)
    last = len(data.epochs)
    ax.set_xlim(1 if last > 1 else 0.5, max(last, 1.5))
    ax.locator_params(axis="x", nbins=4, integer=True)
    x_name(ax, "epoch")
    panel_title(ax, title)
    note(ax, small)
