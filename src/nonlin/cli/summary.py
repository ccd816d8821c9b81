"""The end of `nonlin compare`: the verdict in a sentence, then the ranking with intervals."""

from __future__ import annotations

from typing import Any

from nonlin.cli.output import print_table, wrapped
from nonlin.visualization.wording import decimals, measure, number


def print_summary(comparison: Any) -> None:
    """Print the verdict and one line an activation, the best first, in natural units."""
    units = measure(comparison.scoring)
    headers, rows = ranking(comparison)
    print(f"\n{wrapped(comparison.verdict)}\n")
    print_table(headers, rows, numbers=headers[1:-1])
    level = 100 * (1 - comparison.alpha)
    print(f"\n{units.name}{units.unit and f' in{units.unit}'}: {units.direction}; intervals at {level:g} %.")


def ranking(comparison: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The headings and rows of the ranking, as text; differences are to the reference, in natural units."""
    table = comparison.table().sort_values("score", ascending=False, kind="stable")
    units = measure(comparison.scoring)
    digits = decimals((table["high"] - table["low"]) * units.scale)
    with_accuracy = "accuracy" in table and comparison.scoring != "accuracy"
    some_diverged = bool(table["diverged"].any())
    headers = ("activation", units.name, "interval", f"minus {comparison.reference}", "interval of that")
    headers += ("accuracy",) * with_accuracy + ("diverged",) * some_diverged + ("verdict",)
    rows = []
    for name, arm in table.iterrows():
        cells = [str(name), number(units.natural(arm["score"]), digits), _interval(arm, "", units, digits)]
        if arm["verdict"] == "reference":
            cells += ["", ""]
        else:
            difference = number(units.natural(arm["difference"]), digits, signed=True)
            cells += [difference, _interval(arm, "difference_", units, digits)]
        if with_accuracy:
            cells.append(f"{100 * arm['accuracy']:.1f} %")
        if some_diverged:
            cells.append(f"{arm['diverged']:.0f} of {arm['runs']:.0f}")
        rows.append((*cells, str(arm["verdict"])))
    return headers, rows


def _interval(arm: Any, prefix: str, units: Any, digits: int) -> str:
    ends = sorted(units.natural(arm[f"{prefix}{end}"]) for end in ("low", "high"))
    signed = bool(prefix)
    return f"{number(ends[0], digits, signed=signed)} to {number(ends[1], digits, signed=signed)}"
