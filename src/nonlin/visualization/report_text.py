"""The report's sentences and table, in words and units that a reader uses every day."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from nonlin.visualization.ranking import RankingData, margin_text, ranked
from nonlin.visualization.wording import (
    DASH,
    VERDICT_SIGNS,
    Measure,
    decimals,
    duration,
    listing,
    measure,
    number,
    short_parameter,
)

_DESIGNED = {
    "score", "low", "high", "difference", "difference_low", "difference_high", "p_value", "verdict", "runs", "diverged",
}  # fmt: skip


class TableRow(NamedTuple):
    """One arm's line in the report's table, as text."""

    rank: int
    name: str
    verdict: str
    sign: str
    kind: str
    score: str
    difference: str
    interval: str
    p_value: str
    runs: str
    seconds: str
    extras: tuple[str, ...]


class Table(NamedTuple):
    """The report's table: the headings of its last columns and its rows, best arm first."""

    extras: tuple[str, ...]
    rows: tuple[TableRow, ...]


def confidence(comparison: Any) -> str:
    """The level of the printed intervals, as a percentage: 95 %."""
    return f"{100 * (1 - comparison.alpha):.4g} %"


def how_sure(comparison: Any, ranking: RankingData) -> list[str]:
    """Sentences under the verdict: what was scored, what the intervals promise, what could not have been seen."""
    parameter = short_parameter(comparison.parameter)
    scored = (
        f"Each {parameter} was scored on all {comparison.n_examples:,} examples, each time by a model that had "
        f"not seen them, in {count_of(comparison.repeats, 'repeat')} of {comparison.folds}-fold cross-validation; "
        f"every {parameter} got the same splits and seeds."
    )
    sentences = [scored, *_failures(comparison)]
    if ranking.kind == "score":
        return [*sentences, "Only one was tried, so there is nothing to compare it with."]
    rivals = len(comparison.arms) - 1
    at_once = f" (all {rivals} of them together)" if rivals > 1 else ""
    if ranking.has_intervals:
        sentences.append(f"The intervals hold with {confidence(comparison)} confidence{at_once}.")
    sentences.append(f"Differences within {margin_text(ranking)} of {ranking.measure.name} count as practically equal.")
    return [*sentences, *_resolution(comparison, ranking)]


def count_of(count: int, noun: str) -> str:
    """A number with its noun: 1 run, 2 runs."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _failures(comparison: Any) -> list[str]:
    lost = {arm: sum(run.arm == arm and run.status != "finished" for run in comparison.runs) for arm in comparison.arms}
    affected = [f"{arm} ({count})" for arm, count in lost.items() if count]
    short = sum(getattr(run, "convergence_warnings", 0) > 0 for run in comparison.runs)
    sentences = []
    if affected:
        sentences.append(
            f"{count_of(sum(lost.values()), 'run')} of {len(comparison.runs)} diverged: {listing(affected)}. "
            "They count against their arm and are not left out."
        )
    if short:
        sentences.append(
            f"In {count_of(short, 'run')} of {len(comparison.runs)} training ended before it had converged."
        )
    return sentences


def _resolution(comparison: Any, ranking: RankingData) -> list[str]:
    widths = [(row.high - row.low) / 2 for row in ranking.rows]
    widths = [w for w in widths if isfinite(w) and w > 0]
    sentences = []
    if comparison.repeats == 1:
        sentences.append(
            "With one repeat, chance in training cannot be told from a real difference: use 5, or at least 3."
        )
    if widths:
        limit = f"{number(float(np.median(widths)), ranking.digits)}{ranking.measure.difference_unit}"
        sentences.append(f"With this many examples and repeats, differences under about {limit} cannot be seen.")
    return sentences


def groups(ranking: RankingData) -> list[tuple[str, str, str]]:
    """(sign, verdict, arms) for each verdict that was given, the best verdict first."""
    found = []
    for verdict, sign in VERDICT_SIGNS.items():
        names = [row.name for row in ranking.rows if row.verdict == verdict]
        if names and verdict != "reference":
            found.append((sign, verdict, listing(names)))
    return found


def report_table(comparison: Any, ranking: RankingData) -> Table:
    """The comparison's table in natural units, best arm first."""
    frame = comparison.table()
    extra = [
        name for name in frame.columns
        if name not in _DESIGNED and not name.endswith("_seconds") and frame[name].dtype.kind == "f"
    ]  # fmt: skip
    seconds = {
        arm: float(np.mean([run.fit_seconds for run in comparison.runs if run.arm == arm] or [float("nan")]))
        for arm in comparison.arms
    }
    rows = tuple(
        _table_row(rank, arm, frame.loc[arm], ranking, duration(seconds[arm]), extra)
        for rank, arm in enumerate(ranked(comparison), start=1)
    )
    return Table(tuple(_heading(measure(name)) for name in extra), rows)


def _heading(scale: Measure) -> str:
    return f"{scale.name}{f' ({scale.unit.strip()})' if scale.unit else ''}"


def _table_row(rank: int, arm: str, line: Any, ranking: RankingData, seconds: str, extra: list[str]) -> TableRow:
    scale, digits = ranking.measure, ranking.digits
    verdict = str(line["verdict"])
    low, high = (float(line[key]) * scale.scale for key in ("difference_low", "difference_high"))
    same = verdict == "reference"
    runs = f"{int(line['runs'])}" + (f" ({int(line['diverged'])} diverged)" if line["diverged"] else "")
    return TableRow(
        rank,
        arm,
        verdict,
        VERDICT_SIGNS.get(verdict, ""),
        verdict.replace(" ", "-"),
        number(scale.natural(float(line["score"])), max(digits, 1 if scale.scale > 1 else digits)),
        "" if same else number(float(line["difference"]) * scale.scale, digits, signed=True),
        "" if same or low != low else f"{number(low, digits, signed=True)} to {number(high, digits, signed=True)}",
        "" if same else _p_value(float(line["p_value"])),
        runs,
        seconds,
        tuple(_extra(measure(name), float(line[name])) for name in extra),
    )


def _p_value(p: float) -> str:
    if p != p:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _extra(scale: Measure, score: float) -> str:
    value = scale.natural(score)
    return number(value, 1 if scale.scale > 1 else decimals([abs(value) / 50]))
