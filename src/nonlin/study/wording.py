"""The words and numbers that the verdict is made of: names, sizes in natural units, lists."""

from __future__ import annotations

from dataclasses import dataclass

from nonlin.study.numbers import decimals, listing, number, short_parameter
from nonlin.study.ranking import Standing
from nonlin.study.scoring import Measure

# Longer lists of names are cut: nobody reads them to the end.
_MOST_NAMES = 8
_PLURALS = {"activation": "activations", "loss": "losses"}


def plural(parameter: str) -> str:
    """What several values of a parameter are called, where the parameter is named after what it takes.

    >>> plural("loss")
    'losses'
    """
    return _PLURALS[parameter]


@dataclass(frozen=True)
class Wording:
    """What the verdict needs to know beside the standings.

    `baseline` is the score of guessing, NaN where it is not known; `diverged` counts the failed runs by arm.
    """

    measure: Measure
    parameter: str
    margin: float
    alpha: float
    repeats: int
    folds: int
    examples: int
    baseline: float
    diverged: dict[str, int]

    def name(self, arm: str) -> str:
        """The arm as it is spoken of: 'gelu', but 'C=0.1'."""
        return arm if arm.replace("-", "_").isidentifier() else f"{short_parameter(self.parameter)}={arm}"

    def names(self, entries: list[Standing]) -> str:
        """The arms as they are read out; of many the first ones and how many more there are."""
        names = [self.name(entry.arm) for entry in entries]
        if len(names) > _MOST_NAMES:
            names = [*names[: _MOST_NAMES - 2], f"{len(names) - _MOST_NAMES + 2} more"]
        return listing(names)

    def things(self, count: int, which: str = "") -> str:
        """Some of what is compared: '3 activations', '7 other values of max_depth'."""
        last = short_parameter(self.parameter)
        kind = (last, plural(last)) if last in _PLURALS else (f"value of {last}", f"values of {last}")
        return " ".join(filter(None, (str(count), which, kind[count != 1])))

    def measured(self, *entries: Standing) -> bool:
        """Whether no run of these arms failed; otherwise their scores are partly made up, and no size is told."""
        return not any(self.diverged.get(entry.arm) for entry in entries)

    @property
    def rows(self) -> str:
        """The data by their size."""
        return f"these {self.examples} rows"

    @property
    def matters(self) -> str:
        """The largest difference that does not matter in practice: '0.01 in log loss'."""
        margin = f"{self.measure.improvement(self.margin):.3g}{self.measure.difference_unit}"
        return f"{margin} in {self.measure.name}"

    @property
    def guessing(self) -> str:
        """How well guessing does: 'log loss 0.693', 'accuracy 62.7 %'."""
        value = self.measure.natural(self.baseline)
        digits = decimals([], self.measure.improvement(self.margin) or abs(value) / 50)
        return f"{self.measure.name} {number(value, digits)}{self.measure.unit}"

    def direction(self, standing: Standing) -> str:
        """Where the arm's measure lies, seen from the reference's: 'lower' or 'higher'."""
        return "higher" if (standing.difference > 0) != self.measure.lower_is_better else "lower"

    def size(self, standing: Standing) -> str:
        """The difference without its sign, in natural units: '0.012', '3.1 percentage points'."""
        size = number(self.measure.improvement(abs(standing.difference)), self._digits(standing))
        return f"{size}{self.measure.difference_unit}"

    def interval(self, standing: Standing) -> str:
        """The interval of that size: '95 % interval 0.003 to 0.021'."""
        ends = (standing.difference_low, standing.difference_high)
        low, high = ends if standing.difference > 0 else (-ends[1], -ends[0])
        low, high = (number(self.measure.improvement(end), self._digits(standing)) for end in (low, high))
        return f"{100 * (1 - self.alpha):.4g} % interval {low} to {high}"

    def _digits(self, standing: Standing) -> int:
        width = self.measure.scale * (standing.difference_high - standing.difference_low)
        # A difference that is next to nothing beside its interval may vanish.
        return decimals([width], max(self.measure.scale * abs(standing.difference), width / 100))
