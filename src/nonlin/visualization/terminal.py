"""Curves in the terminal: braille dots, eight to a character, or plain ASCII where braille cannot be shown."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonlin.visualization.functions import FunctionSeries, functions_data

_BRAILLE = 0x2800
# Bit of each dot of a braille character: rows from the top, two columns.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def functions_text(
    functions: Any,
    *,
    x_range: tuple[float, float] = (-5.0, 5.0),
    width: int | None = None,
    height: int = 9,
    ascii_only: bool = False,
) -> str:
    """Functions and their derivatives as text, no line longer than `width`.

    Two panels stand side by side where there is room (70 columns), else one above the other; several functions follow
    one another, drawn to one scale.

    Parameters
    ----------
    functions, x_range
        As for `functions_data`.
    width
        Columns; those of the terminal without.
    height
        Lines of a panel, without its title and x axis.
    ascii_only
        No character beyond ASCII.

    Raises
    ------
    InputError
        As `functions_data`.

    Examples
    --------
    >>> print(functions_text("relu", width=30, height=3, ascii_only=True))
    relu
    f(x)
      5 |                    ...|'
        |                ..|''
      0 |..............|''
         -5          0           5
    f'(x)
      1 |            '''''''''''''
        |
      0 |.............
         -5          0           5
    """
    data = functions_data(functions, x_range=x_range, points=2001)
    width = max(24, width or shutil.get_terminal_size((80, 24)).columns)
    scales = [_limits([getattr(s, part) for s in data.series]) for part in ("value", "derivative")]
    blocks = [_block(s, data.x_range, scales, width, height, ascii_only) for s in data.series]
    return "\n\n".join(blocks)


def _limits(curves: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    finite = np.concatenate([c[np.isfinite(c)] for c in curves])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _block(
    series: FunctionSeries,
    x_range: tuple[float, float],
    scales: Sequence[tuple[float, float]],
    width: int,
    height: int,
    ascii_only: bool,
) -> str:
    beside = width >= 70
    room = min(60, (width - 3) // 2 if beside else width)
    panels = [
        [title, *_panel(series.x, curve, x_range, limits, room, height, ascii_only)]
        for title, curve, limits in zip(("f(x)", "f'(x)"), (series.value, series.derivative), scales, strict=True)
    ]
    if beside:
        lines = [f"{left:<{room}}   {right}".rstrip() for left, right in zip(*panels, strict=True)]
    else:
        lines = [line for panel in panels for line in panel]
    name = series.label if len(series.label) <= width else f"{series.label[: width - 3]}..."
    return "\n".join([name, *lines])


def _panel(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    x_range: tuple[float, float],
    limits: tuple[float, float],
    width: int,
    height: int,
    ascii_only: bool,
) -> list[str]:
    """One curve with its y labels at the left and its x labels below."""
    marks = {0: f"{limits[1]:.3g}", height - 1: f"{limits[0]:.3g}"}
    gutter = max(3, *(len(mark) for mark in marks.values()))
    columns = width - gutter - 2
    ink = _ink(x, y, x_range, limits, columns, height)
    rows = _ascii_rows(ink) if ascii_only else _braille_rows(ink)
    bar = "|" if ascii_only else "│"
    lines = [f"{marks.get(i, ''):>{gutter}} {bar}{row}".rstrip() for i, row in enumerate(rows)]
    return [*lines, " " * (gutter + 2) + _x_labels(x_range, columns)]


def _x_labels(x_range: tuple[float, float], columns: int) -> str:
    low, high = (f"{end:g}" for end in x_range)
    middle = f"{(x_range[0] + x_range[1]) / 2:.3g}"
    left = max(1, columns // 2 - len(low) - len(middle) // 2)
    return f"{low}{' ' * left}{middle}".ljust(columns - len(high)) + high


def _ink(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    x_range: tuple[float, float],
    limits: tuple[float, float],
    columns: int,
    height: int,
) -> NDArray[np.bool_]:
    """The dots that the curve passes through, of shape (4 * height, 2 * columns); steep parts are filled in."""
    tall, broad = 4 * height, 2 * columns
    ink = np.zeros((tall, broad), dtype=bool)
    column = np.clip(((x - x_range[0]) / (x_range[1] - x_range[0]) * (broad - 1)).round().astype(int), 0, broad - 1)
    level = (limits[1] - y) / (limits[1] - limits[0]) * (tall - 1)
    before: int | None = None
    for place, exact in zip(column, level, strict=True):
        if not np.isfinite(exact):
            before = None
            continue
        row = int(np.clip(round(exact), 0, tall - 1))
        start = row if before is None else before
        ink[min(start, row) : max(start, row) + 1, place] = True
        before = row
    return ink


def _braille_rows(ink: NDArray[np.bool_]) -> list[str]:
    cells = ink.reshape(ink.shape[0] // 4, 4, ink.shape[1] // 2, 2)
    codes = np.einsum("rack,ak->rc", cells.astype(int), _DOTS)
    return ["".join(chr(_BRAILLE + code) if code else " " for code in row) for row in codes]


def _ascii_rows(ink: NDArray[np.bool_]) -> list[str]:
    """The upper two dot rows of a character give ', the lower two give . and both together |."""
    halves = ink.reshape(ink.shape[0] // 4, 2, 2, ink.shape[1] // 2, 2).any(axis=(2, 4)).astype(int)
    marks = 2 * halves[:, 0] + halves[:, 1]
    return ["".join(" .'|"[mark] for mark in row) for row in marks]
