"""The ranking: each arm's difference to the reference with its interval, against the margin of practical equality."""

from __future__ import annotations

from math import inf, isfinite, isnan, nan
from typing import Any, NamedTuple

import numpy as np

from nonlin.errors import unknown
from nonlin.visualization.wording import VERDICT_SIGNS, Measure, decimals, measure, number, shorten

_KINDS = ("difference", "score")
EVERY_RUN_DIVERGED = "every run diverged"


class RankingRow(NamedTuple):
    """One arm. `center`, `low` and `high` are what is drawn (NaN where unknown), `repeats` one value a repeat.

    An arm all of whose runs diverged has no numbers: those in the table are penalties, which nobody measured.
    """

    name: str
    center: float
    low: float
    high: float
    repeats: tuple[float, ...]
    verdict: str
    runs: int
    diverged: int

    @property
    def measured(self) -> bool:
        """Whether any run of the arm finished."""
        return self.diverged < self.runs


class RankingData(NamedTuple):
    """What the ranking shows, best score first; differences are improvements: more is better whatever the measure.

    `baseline` is where guessing stands on the axis of the picture, None where that is not known.
    """

    rows: tuple[RankingRow, ...]
    reference: str
    kind: str
    margin: float
    digits: int
    measure: Measure
    baseline: float | None = None

    @property
    def has_intervals(self) -> bool:
        """Whether any arm has an interval; a single repeat gives none."""
        return any(isfinite(row.high - row.low) for row in self.rows)

    @property
    def reason(self) -> str:
        """Why there is nothing to draw, where there is nothing."""
        return "" if any(row.measured for row in self.rows) else EVERY_RUN_DIVERGED

    @property
    def reference_measured(self) -> bool:
        """Whether differences to the reference mean anything."""
        return any(row.measured for row in self.rows if row.name == self.reference)

    def named(self, verdict: str) -> list[str]:
        """The arms of one verdict, best score first."""
        return [row.name for row in self.rows if row.verdict == verdict]

    def axis_label(self, separator: str = " ") -> str:
        """The x axis in words, with its unit; `separator` parts it into two lines where room is short."""
        if self.kind == "score":
            unit = _in(self.measure.unit or self.measure.axis_unit)
            return f"{self.measure.name}{unit};{separator}{self.measure.direction}"
        unit = _in(self.measure.difference_unit or self.measure.axis_unit)
        return f"improvement over {shorten(self.reference)}{separator}in {self.measure.name}{unit}"


def _in(unit: str) -> str:
    return f" ({unit.strip()})" if unit else ""


def measured_scores(comparison: Any) -> dict[str, float]:
    """The table's score of each arm, in the order given; NaN for those all of whose runs diverged."""
    table = comparison.table()
    lost = table["diverged"] >= table["runs"]
    return {arm: nan if lost[arm] else float(table["score"][arm]) for arm in comparison.arms}


def ranked(comparison: Any) -> list[str]:
    """The arms by score, best first; arms without a score last, in the order given."""
    scores = measured_scores(comparison)
    return sorted(scores, key=lambda arm: inf if isnan(scores[arm]) else -scores[arm])


def repeat_means(comparison: Any) -> dict[str, dict[int, float]]:
    """The mean score of each arm in each repeat that it finished whole, in the table's units."""
    sums: dict[str, dict[int, list[float]]] = {arm: {} for arm in comparison.arms}
    broken = {(run.arm, run.repeat) for run in comparison.runs if run.status != "finished"}
    for run in comparison.runs:
        if (run.arm, run.repeat) not in broken:
            total = sums[run.arm].setdefault(run.repeat, [0.0, 0.0])
            total[0] += float(np.sum(run.scores, dtype=np.float64))
            total[1] += len(run.scores)
    return {arm: {r: s / n for r, (s, n) in sorted(by.items()) if n} for arm, by in sums.items()}


def ranking_data(comparison: Any, *, kind: str = "difference") -> RankingData:
    """The ranking of a comparison's arms, in the measure's natural units.

    Parameters
    ----------
    comparison
        A `nonlin.study.Comparison`.
    kind
        "difference" (to the reference, positive is better) or "score". Where there are no differences (a single arm,
        or every run diverged of the reference or of all others) the scores are shown.

    Raises
    ------
    InputError
        `kind` is neither.
    """
    if kind not in _KINDS:
        raise unknown("kind", kind, _KINDS)
    scores = measured_scores(comparison)
    measured = {arm for arm, score in scores.items() if not isnan(score)}
    kind = kind if comparison.reference in measured and len(measured) > 1 else "score"
    yardstick = measure(comparison.scoring)
    table, means = comparison.table(), repeat_means(comparison)
    rows = tuple(_row(arm, table.loc[arm], means, comparison.reference, kind, yardstick) for arm in ranked(comparison))
    margin = float(comparison.practical_margin or 0.0) * yardstick.scale
    origin = scores[comparison.reference] if kind == "difference" else None
    baseline = _baseline(comparison, origin, yardstick)
    return RankingData(rows, comparison.reference, kind, margin, _digits(rows, margin), yardstick, baseline)


def _baseline(comparison: Any, origin: float | None, yardstick: Measure) -> float | None:
    guessed = comparison.baseline
    if isnan(guessed):
        return None
    return yardstick.natural(guessed) if origin is None else yardstick.improvement(guessed - origin)


def _digits(rows: tuple[RankingRow, ...], margin: float) -> int:
    """However wide the intervals are, differences of the margin's size stay visible."""
    return decimals([row.high - row.low for row in rows], margin)


def _row(
    arm: str, line: Any, means: dict[str, dict[int, float]], reference: str, kind: str, yardstick: Measure
) -> RankingRow:
    verdict, runs, diverged = str(line["verdict"]), int(line["runs"]), int(line["diverged"])
    if diverged >= runs:
        return RankingRow(arm, nan, nan, nan, (), "reference" if arm == reference else "diverged", runs, diverged)
    if kind == "score":
        ends = [yardstick.natural(float(line[key])) for key in ("score", "low", "high")]
        center, low, high = (ends[0], *sorted(ends[1:]))
        repeats = [yardstick.natural(mean) for mean in means[arm].values()]
    elif arm == reference:
        center, low, high, repeats = 0.0, nan, nan, []
    else:
        keys = ("difference", "difference_low", "difference_high")
        center, low, high = (float(line[key]) * yardstick.scale for key in keys)
        base = means[reference]
        repeats = [(mean - base[r]) * yardstick.scale for r, mean in means[arm].items() if r in base]
    return RankingRow(arm, center, low, high, tuple(repeats), verdict, runs, diverged)


def amount_text(row: RankingRow, data: RankingData) -> str:
    """The number that an arm's dot stands for; nothing for the reference's difference to itself."""
    if not isfinite(row.center) or (row.verdict == "reference" and data.kind == "difference"):
        return ""
    signed = data.kind == "difference"
    return number(row.center, data.digits, signed=signed) + ("" if signed else data.measure.unit)


def verdict_text(row: RankingRow) -> str:
    """The verdict beside an arm: sign, word, and the runs that diverged."""
    sign = VERDICT_SIGNS.get(row.verdict, "")
    if row.verdict == "diverged":
        return f"{sign} diverged in {row.diverged} of {row.runs} runs"
    lost = f"({row.diverged} of {row.runs} diverged)" if row.diverged else ""
    return " ".join(filter(None, (sign, row.verdict, lost)))


def margin_text(data: RankingData) -> str:
    """The margin of practical equality with its unit."""
    return f"±{data.margin:.3g}{data.measure.difference_unit}"
