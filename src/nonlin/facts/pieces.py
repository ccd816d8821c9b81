"""Where a formula changes from one branch to the next, and what it is in between, read off its graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..definition.expression import Expression, apply, evaluate, nodes_of
from .plain import plain_table
from .search import change

_FAR = np.logspace(np.log10(41), 8, 200)
GRID = np.concatenate([-_FAR[::-1], np.arange(-4000, 4001) / 100, _FAR])
"""Where functions bend, a hundredth apart, and far out."""


def breakpoints(outputs: tuple[Expression, ...], parameters: Mapping[str, float]) -> tuple[float, ...]:
    """The inputs at which a comparison, absolute value, sign or maximum of the formula switches, to the last bit.

    A kink of the function is always among them; a form chosen for accuracy may switch where the function is smooth.
    """
    switches = tuple(dict.fromkeys(switch for node in nodes_of(outputs) for switch in _switches(node)))
    if not switches:
        return ()

    def sides(x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            values = evaluate(switches, plain_table(), {"x": x, **parameters})
        return np.sign(np.nan_to_num([np.broadcast_to(value, x.shape) for value in values]))

    on_grid = sides(GRID)
    which, at = np.nonzero(on_grid[:, :-1] != on_grid[:, 1:])
    each = np.arange(which.size)
    low, high = change(lambda x: sides(x)[which, each], GRID[at], GRID[at + 1])
    switching = np.where(sides(low)[which, each] == 0, low, high)  # where the two sides are equal, if such a float is
    return tuple(float(x) + 0.0 for x in np.unique(switching))


def _switches(node: Expression) -> list[Expression]:
    """The quantities whose change of sign changes what a node does."""
    if node.operation in ("less", "less_equal", "maximum", "minimum"):
        return [apply("subtract", *node.arguments)]
    return list(node.arguments) if node.operation in ("abs", "sign") else []


_NEVER = {"exp": (0,), "erfc": (0, 2), "erfcx": (0,), "tanh": (-1, 1), "erf": (-1, 1)}
"""What functions come near but never are, unless rounded."""


class Local(NamedTuple):
    """A formula near some points: its value, and its slope where it is a straight line there, else NaN."""

    value: np.ndarray
    slope: np.ndarray


def straight_pieces(outputs: tuple[Expression, ...], x: np.ndarray, parameters: Mapping[str, float]) -> Local:
    """Value and slope at x of the pieces that are straight lines by their formula; the slope of others is NaN.

    What underflows is not taken for zero, nor what comes near 1 for 1: exp and tanh are nowhere straight.
    """
    values = {name: Local(np.full_like(x, number), np.zeros_like(x)) for name, number in parameters.items()}
    with np.errstate(all="ignore"):
        (result,) = evaluate(outputs[:1], _local_table(x.shape), {"x": Local(x, np.ones_like(x)), **values})
    return result


def _local_table(shape: tuple[int, ...]) -> dict[str, Callable[..., Any]]:
    """The primitives on values and slopes."""
    plain = plain_table()
    table: dict[str, Callable[..., Any]] = {
        "add": lambda a, b: Local(a.value + b.value, a.slope + b.slope),
        "subtract": lambda a, b: Local(a.value - b.value, a.slope - b.slope),
        "negative": lambda a: Local(-a.value, -a.slope),
        "multiply": _product,
        "divide": lambda a, b: _product(a, Local(1 / b.value, np.where(b.slope == 0, 0.0, np.nan))),
        "abs": lambda a: Local(np.abs(a.value), a.slope * np.sign(a.value)),
        "sign": lambda a: Local(np.sign(a.value), np.zeros(shape)),
        "maximum": lambda a, b: _chosen(a.value >= b.value, a, b),
        "minimum": lambda a, b: _chosen(a.value <= b.value, a, b),
        "less": lambda a, b: a.value < b.value,
        "less_equal": lambda a, b: a.value <= b.value,
        "where": _chosen,
    }
    for name in ("number", "constant"):
        table[name] = lambda given, make=plain[name]: Local(np.full(shape, make(given)), np.zeros(shape))
    for name in plain.keys() - table.keys():
        table[name] = lambda *given, name=name: _curved(plain[name], given, _NEVER.get(name, ()))
    return table


def _product(a: Local, b: Local) -> Local:
    slope = np.where(a.slope == 0, a.value * b.slope, np.where(b.slope == 0, b.value * a.slope, np.nan))
    nothing = ((a.slope == 0) & (a.value == 0)) | ((b.slope == 0) & (b.value == 0))
    value = a.value * b.value
    underflow = (value == 0) & ~nothing & (slope == 0)
    return Local(value, np.where(nothing, 0.0, np.where(underflow, np.nan, slope)))


def _chosen(condition: np.ndarray, a: Local, b: Local) -> Local:
    return Local(np.where(condition, a.value, b.value), np.where(condition, a.slope, b.slope))


def _curved(function: Callable[..., Any], given: tuple[Local, ...], never: tuple[int, ...]) -> Local:
    """A function of constants is a constant, unless rounded to what it never is; of anything else it is curved."""
    value = np.asarray(function(*(a.value for a in given)), float)
    constant = np.logical_and.reduce([a.slope == 0 for a in given]) & ~np.isin(value, never)
    return Local(value, np.where(constant, 0.0, np.nan))
