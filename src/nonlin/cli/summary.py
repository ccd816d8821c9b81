"""The end of `nonlin compare`: the verdict in a sentence, then the ranking with intervals."""

from __future__ import annotations

import math
from typing import Any

from nonlin.cli.output import print_table, wrapped
from nonlin.visualization.wording import decimals, measure, number, short_parameter


def print_summary(comparison: Any) -> None:
    """Print the verdict and one line an arm, the best first, in natural units."""
    units = measure(comparison.scoring)
    headers, rows = ranking(comparison)
    print(f"\n{wrapped(comparison.verdict)}\n")
    print_table(headers, rows, numbers=headers[1:-1], wrapping=["verdict"], optional=["accuracy"])
    level = 100 * (1 - comparison.alpha)
    print(f"\n{units.name}{units.unit and f' in{units.unit}'}: {units.direction}; [intervals] at {level:g} %.")


def ranking(comparison: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The headings and rows of the ranking, as text; differences are improvements over the reference."""
    table = comparison.table().sort_values("score", ascending=False, kind="stable")
    units = measure(comparison.scoring)
    widths = (table["high"] - table["low"], table["difference_high"] - table["difference_low"])
    margin = units.improvement(comparison.practical_margin)
    digits = max(decimals(width * units.scale, margin) for width in widths)
    with_accuracy = "accuracy" in table and comparison.scoring != "accuracy"
    some_diverged = bool(table["diverged"].any())
    headers = (
        short_parameter(comparison.parameter),
        f"{units.name} [interval]",
        f"better than {comparison.reference} by",
    )
    headers += ("accuracy",) * with_accuracy + ("diverged",) * some_diverged + ("verdict",)
    rows = []
    for name, arm in table.iterrows():
        cells = [str(name), _estimate(arm, "score", "", units, digits)]
        cells.append(
            "" if arm["verdict"] == "reference" else _estimate(arm, "difference", "difference_", units, digits)
        )
        if with_accuracy:
            cells.append(f"{100 * arm['accuracy']:.1f} %")
        if some_diverged:
            cells.append(f"{arm['diverged']:.0f} of {arm['runs']:.0f}")
        rows.append((*cells, str(arm["verdict"])))
    return headers, rows


def _estimate(arm: Any, column: str, prefix: str, units: Any, digits: int) -> str:
    """A number with its interval, if it has one: '0.25 [0.15, 0.35]'."""
    signed = bool(prefix)
    shown = units.improvement if signed else units.natural
    middle = number(shown(arm[column]), digits, signed=signed)
    if math.isnan(arm[f"{prefix}low"]):
        return middle
    low, high = sorted(shown(arm[f"{prefix}{end}"]) for end in ("low", "high"))
    return f"{middle} [{number(low, digits, signed=signed)}, {number(high, digits, signed=signed)}]"
