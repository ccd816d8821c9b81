"""The report's sentences, in words and units that a reader uses every day."""

from __future__ import annotations

from math import isfinite, isnan
from typing import Any

from nonlin.visualization.ranking import RankingData, margin_text
from nonlin.visualization.report_table import score_text
from nonlin.visualization.wording import VERDICT_SIGNS, listing, number, short_parameter

# Fewer of an arm's runs than this share, cut off while still improving, do not move its mean much.
_MANY = 0.2


def confidence(comparison: Any) -> str:
    """The level of the printed intervals, as a percentage: 95 %."""
    return f"{100 * (1 - comparison.alpha):.4g} %"


def count_of(count: int, noun: str) -> str:
    """A number with its noun: 1 run, 2 runs."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def how_sure(comparison: Any, ranking: RankingData) -> list[str]:
    """Sentences under the verdict: what was scored, what failed, what the intervals promise and how wide they are."""
    parameter = short_parameter(comparison.parameter)
    scored = (
        f"Each {parameter} was scored on all {comparison.n_examples:,} examples, each time by a model that had "
        f"not seen them, in {count_of(comparison.repeats, 'repeat')} of {comparison.folds}-fold cross-validation; "
        f"every {parameter} got the same splits and seeds."
    )
    sentences = [scored, *_failures(comparison)]
    if ranking.reason:
        return [*sentences, f"There are no scores, because {ranking.reason}."]
    if len(comparison.arms) == 1:
        return [*sentences, "Only one was tried, so there is nothing to compare it with."]
    if not ranking.reference_measured:
        missing = f"{ranking.reference}, the reference, diverged in every run, so there are no differences to it."
        return [*sentences, missing]
    if ranking.kind == "score":
        return [*sentences, f"Only {ranking.reference} has scores, so there is nothing to compare it with."]
    rivals = len(comparison.arms) - 1
    at_once = f" (all {rivals} of them together)" if rivals > 1 else ""
    if ranking.has_intervals:
        sentences.append(f"The intervals hold with {confidence(comparison)} confidence{at_once}.")
    sentences.append(f"Differences within {margin_text(ranking)} of {ranking.measure.name} count as practically equal.")
    return [*sentences, *_resolution(comparison, ranking)]


def _failures(comparison: Any) -> list[str]:
    lost = {arm: sum(run.arm == arm and run.status != "finished" for run in comparison.runs) for arm in comparison.arms}
    affected = [f"{arm} ({count})" for arm, count in lost.items() if count]
    if not affected:
        return []
    total = f"{count_of(sum(lost.values()), 'run')} of {len(comparison.runs)} diverged: {listing(affected)}."
    return [f"{total} They count against their arm and are not left out."]


def _resolution(comparison: Any, ranking: RankingData) -> list[str]:
    """How wide the intervals are; arm by arm they differ, so no single limit of what can be seen would be true."""
    if comparison.repeats == 1:
        return ["With one repeat, chance in training cannot be told from a real difference: use 5, or at least 3."]
    widths = sorted(((row.high - row.low) / 2, row.name) for row in ranking.rows if isfinite(row.high - row.low))
    if not widths:
        return []
    (narrow, first), (wide, last) = widths[0], widths[-1]
    unit, digits = ranking.measure.difference_unit, ranking.digits
    reach = f"from ±{number(narrow, digits)} ({first}) to ±{number(wide, digits)}{unit} ({last})"
    if len(widths) == 1:
        reach = f"±{number(wide, digits)}{unit}"
    return [
        f"The intervals reach {reach} around the measured differences; better or worse takes an interval that lies "
        "wholly beyond the margin, so a difference must exceed the margin by as much to be found."
    ]


def guess(comparison: Any) -> str:
    """What the baseline guesses, in words: the best that can be said of an example without looking at it."""
    best = {
        "accuracy": "the most frequent class",
        "neg_mean_absolute_error": "the median",
        "hit_rate": "where targets are densest",
    }
    usual = "the mean" if comparison.task == "regression" else "the class frequencies"
    return f"guessing {best.get(str(comparison.scoring), usual)}"


def baseline_text(comparison: Any, ranking: RankingData) -> str:
    """The score of guessing, in words with its unit; nothing where it is not known."""
    if isnan(comparison.baseline):
        return ""
    score = score_text(comparison.baseline, ranking)
    return f"{guess(comparison)}: {ranking.measure.name} {score}{ranking.measure.unit}"


def warnings(comparison: Any) -> list[str]:
    """What should be mended before the verdict is believed: arms many of whose runs were cut off while improving."""
    counts, epochs = {}, set()
    for arm in comparison.arms:
        finished = [run for run in comparison.runs if run.arm == arm and run.status == "finished"]
        short = [run for run in finished if run.convergence_warnings > 0]
        if short and len(short) >= _MANY * len(finished):
            counts[arm] = f"{len(short)} of {count_of(len(finished), 'run')}"
            epochs |= {len(run.history["loss"]) if run.history and "loss" in run.history else 0 for run in short}
    if not counts:
        return []
    several = len(counts) > 1
    known = f"{epochs.copy().pop()} epochs were" if len(epochs) == 1 and 0 not in epochs else "training was"
    over = f"still improving when {'their' if several else 'its'} {known} over"
    mend = "the verdict may change with more: raise --epochs (max_iter in Python)."
    if not several:
        return [f"{arm} was {over}, in {count}; {mend}" for arm, count in counts.items()]
    if len(set(counts.values())) == 1 and len(counts) == len(comparison.arms):
        return [f"All {len(counts)} were {over}, in {next(iter(counts.values()))} each; {mend}"]
    return [f"{listing(f'{arm} (in {count})' for arm, count in counts.items())} were {over}; {mend}"]


def order_text(ranking: RankingData) -> str:
    """What the order of the arms means, and of which it means nothing."""
    undecided = ranking.named("not enough evidence")
    if ranking.kind == "score" or not ranking.has_intervals:
        return "Ordered by score."
    if not undecided:
        return f"Ordered by score; only the differences to {ranking.reference} were tested, not those of neighbours."
    told = f"{listing(undecided)} {'was' if len(undecided) == 1 else 'were'} not told apart from {ranking.reference}"
    return f"Ordered by score, which is no ranking: {told}, and the others were not tested against each other."


def groups(ranking: RankingData) -> list[tuple[str, str, str]]:
    """(sign, verdict, arms) for each verdict that was given, the best verdict first."""
    named = ((sign, verdict, ranking.named(verdict)) for verdict, sign in VERDICT_SIGNS.items())
    return [(sign, verdict, listing(names)) for sign, verdict, names in named if names and verdict != "reference"]
