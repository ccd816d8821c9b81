"""Activation functions above their derivatives, on one x axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonlin.errors import InputError
from nonlin.visualization.labels import spread
from nonlin.visualization.style import INK, RULE, SeriesStyle, new_figure, quiet_axes, series_styles
from nonlin.visualization.wording import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class FunctionSeries(NamedTuple):
    """One function's curve: `x`, `value` and `derivative` are float64 of equal length, NaN where a jump is drawn."""

    name: str
    label: str
    x: NDArray[np.float64]
    value: NDArray[np.float64]
    derivative: NDArray[np.float64]


class FunctionsData(NamedTuple):
    """What a plot of functions shows."""

    series: tuple[FunctionSeries, ...]
    x_range: tuple[float, float]


def functions_data(functions: Any, *, x_range: tuple[float, float] = (-5.0, 5.0), points: int = 401) -> FunctionsData:
    """The curves of activation functions and of their derivatives, ready to draw.

    Parameters
    ----------
    functions
        A name, a record or a pair (name or record, parameters), or a sequence of these.
    x_range
        Left and right end, finite and increasing.
    points
        Number of points across the range; kinks are added, so that corners are sharp.

    Notes
    -----
    A row function is shown as its first entry for the row (x, 0), a gated one for the halves (x, 1); their slope is
    the central difference in x, right to about 1e-9. The sample of a random one is 0.5 everywhere.

    Raises
    ------
    InputError
        Unknown name, no function at all, a range that is empty or not finite.

    Examples
    --------
    >>> data = functions_data(["relu", ("leaky_relu", {"negative_slope": 0.2})], x_range=(-1, 1))
    >>> data.series[1].label
    'leaky_relu (negative_slope=0.2)'
    """
    low, high = _checked_range(x_range)
    if points < 2:
        raise InputError(f"points={points!r} must be at least 2")
    wanted = [functions] if _is_one(functions) else list(functions)
    if not wanted:
        raise InputError("no function to plot; name at least one, for example 'relu'")
    return FunctionsData(
        tuple(_series(*_record_and_parameters(item), low, high, points) for item in wanted), (low, high)
    )


def _is_one(functions: Any) -> bool:
    pair = isinstance(functions, tuple) and len(functions) == 2 and isinstance(functions[1], Mapping)
    return isinstance(functions, str) or pair or not isinstance(functions, Iterable)


def _checked_range(x_range: tuple[float, float]) -> tuple[float, float]:
    try:
        low, high = (float(end) for end in x_range)
    except (TypeError, ValueError):
        raise InputError(f"x_range={x_range!r} must be a pair of numbers, for example (-5, 5)") from None
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(f"x_range={x_range!r} must be finite and increasing, for example (-5, 5)")
    return low, high


def _record_and_parameters(item: Any) -> tuple[Any, dict[str, Any]]:
    import nonlin

    name, parameters = item if isinstance(item, tuple) else (item, {})
    return nonlin.get(name), dict(parameters)


def _series(record: Any, parameters: dict[str, Any], low: float, high: float, points: int) -> FunctionSeries:
    settings = ", ".join(f"{key}={value:g}" for key, value in parameters.items())
    label = f"{record.name} ({settings})" if settings else record.name
    if record.kind != "elementwise":
        return _row_series(record, parameters, label, np.linspace(low, high, points))
    kinks = [k for k in record.kinks if low < k < high]
    sides = [np.nextafter(k, end) for k in kinks for end in (-np.inf, np.inf)]
    x = np.unique(np.concatenate([np.linspace(low, high, points), kinks, sides]))
    with np.errstate(all="ignore"):
        value = np.array(record(x, **parameters), dtype=np.float64)
        derivative = np.array(record.derivative(x, **parameters), dtype=np.float64)
    # A line across a jump would claim values that the function never takes: break it there.
    at_kink = np.isin(x, kinks)
    if record.smoothness < 0:
        value[at_kink] = np.nan
    if record.smoothness < 1:
        derivative[at_kink] = np.nan
    return FunctionSeries(record.name, label, x, value, derivative)


def _row_series(record: Any, parameters: dict[str, Any], label: str, x: NDArray[np.float64]) -> FunctionSeries:
    partner = 1.0 if record.kind == "gated" else 0.0

    def first_entry(at: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.stack([at, np.full_like(at, partner)], axis=-1)
        sample = [np.full_like(rows, 0.5)] if record.kind == "row" and len(record.inputs) == 2 else []
        return np.asarray(record(rows, *sample, **parameters), dtype=np.float64)[..., 0]

    step = 1e-5
    slope = (first_entry(x + step) - first_entry(x - step)) / (2 * step)
    return FunctionSeries(record.name, f"{label} of (x, {partner:g})", x, first_entry(x), slope)


def plot_functions(
    functions: Any,
    *,
    x_range: tuple[float, float] = (-5.0, 5.0),
    axes: tuple[Axes, Axes] | None = None,
) -> Figure:
    """Draw functions above their derivatives with a shared x axis, each labelled at its right end.

    Parameters
    ----------
    functions, x_range
        As for `functions_data`.
    axes
        The upper and the lower Matplotlib axes; a new figure without.

    Raises
    ------
    InputError
        As `functions_data`.

    Examples
    --------
    >>> figure = plot_functions(["relu", "gelu"])
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['f(x)', "derivative f'(x)"]
    """
    data = functions_data(functions, x_range=x_range)
    if axes is None:
        words = 0.65 + 0.078 * max(len(shorten(s.label, 40)) for s in data.series)
        width = 5.6 + words
        figure = new_figure(width, 5.6 + 0.1 * max(0, len(data.series) - 8))
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        figure.subplots_adjust(left=0.7 / width, right=1 - words / width, top=0.97, bottom=0.09, hspace=0.1)
        axes = (upper, lower)
    draw_functions(data, axes)
    return axes[0].figure.get_figure(root=True)  # type: ignore[return-value]


def draw_functions(data: FunctionsData, axes: tuple[Axes, Axes]) -> None:
    """Draw on an upper axes (values) and a lower one (derivatives)."""
    upper, lower = axes
    styles = list(series_styles([f"{i}" for i in range(len(data.series))]).values())
    for ax, part, name in ((upper, "value", "f(x)"), (lower, "derivative", "derivative f'(x)")):
        for at in (ax.axhline, ax.axvline):
            at(0, color=RULE, linewidth=0.8, zorder=0)
        for i, (series, style) in enumerate(zip(data.series, styles, strict=True)):
            ax.plot(series.x, getattr(series, part), color=style.color, linestyle=style.linestyle, linewidth=2,
                    zorder=3 - i / 100)  # fmt: skip
        quiet_axes(ax)
        ax.set_xlim(*data.x_range)
        ax.set_ylabel(name)
    lower.set_xlabel("x")
    upper.tick_params(labelbottom=False)
    _label_ends(upper, data.series, styles)


def _label_ends(ax: Axes, series: Sequence[FunctionSeries], styles: Sequence[SeriesStyle]) -> None:
    """Write each function's name beside its right end, spread so that no two collide, with a sample of its line."""
    size = 8.5
    height = ax.get_window_extent().height / ax.get_figure(root=True).dpi * 72  # type: ignore[union-attr]
    gap = size * 1.35 / height
    if gap * len(series) > 1:
        size, gap = size / (gap * len(series)), 1 / len(series)
    low, high = ax.get_ylim()
    ends = np.array([s.value[np.isfinite(s.value)][-1] if np.isfinite(s.value).any() else low for s in series])
    targets = np.clip((ends - low) / (high - low), 0, 1)
    for s, style, target, place in zip(series, styles, targets, spread(list(targets), gap, 0.0, 1.0), strict=True):
        beside = {"transform": ax.transAxes, "color": style.color, "clip_on": False}
        ax.plot([1.0, 1.03], [target, place], linewidth=0.8, **beside)
        ax.plot([1.03, 1.085], [place, place], linewidth=2, linestyle=style.linestyle, **beside)
        ax.text(1.095, place, shorten(s.label, 40), transform=ax.transAxes, va="center", fontsize=size, color=INK,
                parse_math=False)  # fmt: skip
