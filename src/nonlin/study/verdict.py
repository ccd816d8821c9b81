"""The result of a comparison in one sentence, in natural units, claiming no more than the tests support."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, isfinite, log10

from nonlin.study.ranking import Standing
from nonlin.study.scoring import Scoring

# A forecast of more repeats than this is not worth printing: nobody will make them.
_MOST_REPEATS = 200


@dataclass(frozen=True)
class Wording:
    """What a sentence needs to know beside the standings."""

    scoring: Scoring
    parameter: str
    margin: float
    repeats: int
    folds: int
    diverged: dict[str, int]

    def name(self, arm: str) -> str:
        """The arm as it is spoken of: 'gelu', but 'C=0.1'."""
        return arm if arm.replace("-", "_").isidentifier() else f"{self.parameter.split('__')[-1]}={arm}"

    @property
    def things(self) -> str:
        """What is compared, in the plural."""
        last = self.parameter.split("__")[-1]
        return "activations" if last == "activation" else f"values of {last}"

    def effect(self, standing: Standing) -> str:
        """A difference in natural units with its interval: 'log loss lower by 0.012 [0.003, 0.021]'."""
        improved = standing.difference > 0
        direction = "higher" if improved == self.scoring.higher else "lower"
        ends = (standing.difference_low, standing.difference_high)
        low, high = ends if improved else (-ends[1], -ends[0])
        places = _places(self.scoring.factor * (high - low))
        size, low, high = (f"{self.scoring.factor * x:.{places}f}" for x in (abs(standing.difference), low, high))
        return f"{self.scoring.quantity} {direction} by {size}{self.scoring.unit} [{low}, {high}]"


def sentence(standings: list[Standing], wording: Wording) -> str:
    """The verdict on all arms, in one sentence that says what is known and what is not."""
    reference = next(entry for entry in standings if entry.verdict == "reference")
    others = sorted((entry for entry in standings if entry is not reference), key=lambda entry: -entry.score)
    if not isfinite(reference.score):
        return f"Every run of every arm diverged, so nothing can be said about these {len(standings)} {wording.things}."
    if wording.repeats < 2:
        text = _single_repeat(reference, wording)
    else:
        groups = {verdict: [entry for entry in others if entry.verdict == verdict] for verdict in _VERDICTS}
        text = _all_alike(reference, others, groups, wording) or _by_groups(reference, groups, wording)
    # Names keep their case: only a sentence that begins with a word of ours gets a capital.
    capital = text.split()[0] in ("the", "with", "for")
    return (text[0].upper() if capital else text[0]) + text[1:] + _failures(wording) + "."


_VERDICTS = ("better", "practically equal", "worse", "not enough evidence")


def _single_repeat(reference: Standing, wording: Wording) -> str:
    return (
        f"with a single repeat the variation between repeats cannot be estimated, so nothing can be claimed against "
        f"{wording.name(reference.arm)} (reference); compare with at least 2 repeats, better 5"
    )


def _all_alike(
    reference: Standing, others: list[Standing], groups: dict[str, list[Standing]], wording: Wording
) -> str | None:
    """The sentence for arms that are all equal or all undecided; None if there is more to say."""
    count, name = len(others) + 1, wording.name(reference.arm)
    if len(groups["practically equal"]) == len(others):
        margin = f"{wording.scoring.factor * wording.margin:.3g}{wording.scoring.unit} in {wording.scoring.quantity}"
        arms = _are(others, wording) if len(others) <= 3 else f"the {len(others)} other {wording.things} are"
        return f"{arms} practically equal to {name} (reference): no difference is larger than {margin}"
    if len(groups["not enough evidence"]) < len(others):
        return None
    if all(entry.difference_low <= 0 <= entry.difference_high for entry in others):
        reason = f"no difference from {name} (reference) is larger than its uncertainty"
    else:
        reason = f"no difference from {name} (reference) is surely more, or surely less, than matters in practice"
    return f"the data cannot tell the {count} {wording.things} apart: {reason}; {_forecast(others[0], wording)}"


def _by_groups(reference: Standing, groups: dict[str, list[Standing]], wording: Wording) -> str:
    name = f"{wording.name(reference.arm)} (reference)"
    parts = []
    if groups["better"]:
        parts.append(_better(groups["better"], name, wording))
        name = wording.name(reference.arm)
    if groups["practically equal"]:
        parts.append(f"{_are(groups['practically equal'], wording)} practically equal to {name}")
        name = wording.name(reference.arm)
    if groups["worse"]:
        parts.append(f"{_are(groups['worse'], wording)} worse than {name}{_detail(groups['worse'], wording)}")
        name = wording.name(reference.arm)
    if groups["not enough evidence"]:
        parts.append(_undecided(groups["not enough evidence"], name, wording))
    return "; ".join(parts)


def _better(better: list[Standing], reference: str, wording: Wording) -> str:
    claim = f"{_are(better, wording)} better than {reference}{_detail(better, wording)}"
    if len(better) == 1:
        return claim
    highest = f"{wording.name(better[0].arm)} has the highest score ({wording.effect(better[0])})"
    return f"{claim}; of these {highest}, but they were not tested against each other"


def _detail(entries: list[Standing], wording: Wording) -> str:
    return f": {wording.effect(entries[0])}" if len(entries) == 1 else ""


def _undecided(entries: list[Standing], reference: str, wording: Wording) -> str:
    known = f"for {_list([wording.name(entry.arm) for entry in entries])}"
    if len(entries) > 3:
        known = f"for {len(entries)} {wording.things}"
    return f"{known} there is not enough evidence against {reference} ({_forecast(entries[0], wording)})"


def _forecast(entry: Standing, wording: Wording) -> str:
    """How the undecided arm with the highest score could be settled."""
    name, needed = wording.name(entry.arm), entry.repeats_needed
    if needed is None or needed > _MOST_REPEATS:
        return f"more data, not more repeats, would be needed to settle {name}"
    return f"about {max(needed, wording.repeats + 1)} repeats would be needed to settle {name}"


def _failures(wording: Wording) -> str:
    per_arm = wording.repeats * wording.folds
    counts = {arm: count for arm, count in wording.diverged.items() if count}
    told = [f"{wording.name(arm)} diverged in {count} of {per_arm} runs" for arm, count in counts.items()]
    return f"; {_list(told)}" if told else ""


def _are(entries: list[Standing], wording: Wording) -> str:
    return f"{_list([wording.name(entry.arm) for entry in entries])} {'is' if len(entries) == 1 else 'are'}"


def _list(names: list[str]) -> str:
    """Names as they are read out.

    >>> _list(["a"]), _list(["a", "b"]), _list(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _places(width: float) -> int:
    """Decimal places that show two digits of the interval's width."""
    return min(12, max(0, 1 - floor(log10(width)))) if 0 < width < float("inf") else 3
