"""The report's table, as text in the units that a reader uses every day."""

from __future__ import annotations

from math import isnan
from typing import Any, NamedTuple

from nonlin.visualization.ranking import RankingData, RankingRow
from nonlin.visualization.wording import DASH, VERDICT_SIGNS, Measure, decimals, duration, measure, number

_DESIGNED = {
    "score", "low", "high", "difference", "difference_low", "difference_high", "p_value", "verdict", "runs", "diverged",
}  # fmt: skip


class TableRow(NamedTuple):
    """One arm's line in the report's table, as text."""

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
    """The report's table: the headings of its last columns and its rows, best score first."""

    extras: tuple[str, ...]
    rows: tuple[TableRow, ...]


def report_table(comparison: Any, ranking: RankingData) -> Table:
    """The comparison's table in natural units, best score first; no number stands where nothing was measured."""
    frame = comparison.table()
    extra = [
        name for name in frame.columns
        if name not in _DESIGNED and not name.endswith("_seconds") and frame[name].dtype.kind == "f"
    ]  # fmt: skip
    rows = tuple(_table_row(row, frame.loc[row.name], ranking, extra) for row in ranking.rows)
    return Table(tuple(_heading(measure(name)) for name in extra), rows)


def _heading(scale: Measure) -> str:
    return f"{scale.name}{f' ({scale.unit.strip()})' if scale.unit else ''}"


def _table_row(row: RankingRow, line: Any, ranking: RankingData, extra: list[str]) -> TableRow:
    texts = {"score": DASH, "difference": DASH, "interval": DASH, "p_value": DASH}
    if row.measured:
        texts["score"] = score_text(float(line["score"]), ranking)
    if row.name == ranking.reference:
        texts |= {"difference": "", "interval": "", "p_value": ""}
    elif row.measured and ranking.reference_measured:
        texts |= _difference(line, ranking)
    return TableRow(
        name=row.name,
        verdict=row.verdict,
        sign=VERDICT_SIGNS.get(row.verdict, ""),
        kind=row.verdict.replace(" ", "-"),
        runs=f"{row.runs}" + (f" ({row.diverged} diverged)" if row.diverged else ""),
        seconds=duration(float(line["fit_seconds"])) if row.measured else DASH,
        extras=tuple(_extra(measure(name), float(line[name])) if row.measured else DASH for name in extra),
        **texts,
    )


def score_text(score: float, ranking: RankingData) -> str:
    """A score of the table in natural units, without its unit; to the digits of the margin at least.

    One wide interval takes digits from all differences, which is right for them, but makes close scores look the same.
    """
    digits = max(ranking.digits, decimals([], ranking.margin))
    return number(ranking.measure.natural(score), digits)


def _difference(line: Any, ranking: RankingData) -> dict[str, str]:
    scale, digits = ranking.measure.scale, ranking.digits
    middle, low, high = (
        number(float(line[key]) * scale, digits, signed=True)
        for key in ("difference", "difference_low", "difference_high")
    )
    interval = DASH if isnan(line["difference_low"]) else f"{low} to {high}"
    return {"difference": middle, "interval": interval, "p_value": _p_value(float(line["p_value"]))}


def _p_value(p: float) -> str:
    if isnan(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _extra(scale: Measure, score: float) -> str:
    value = scale.natural(score)
    return number(value, 1 if scale.scale > 1 else decimals([], abs(value) / 50))
