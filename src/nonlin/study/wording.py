"""The words and numbers that the verdict is made of: names, sizes in natural units, lists."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

from nonlin.study.ranking import Standing
from nonlin.study.scoring import Scoring

# Longer lists of names are cut: nobody reads them to the end.
_MOST_NAMES = 8


@dataclass(frozen=True)
class Wording:
    """What the verdict needs to know beside the standings.

    `baseline` is the score of guessing, NaN where it is not known; `diverged` counts the failed runs by arm.
    """

    scoring: Scoring
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
        return arm if arm.replace("-", "_").isidentifier() else f"{self.parameter.split('__')[-1]}={arm}"

    def names(self, entries: list[Standing]) -> str:
        """The arms as they are read out; of many the first ones and how many more there are."""
        names = [self.name(entry.arm) for entry in entries]
        if len(names) > _MOST_NAMES:
            names = [*names[: _MOST_NAMES - 2], f"{len(names) - _MOST_NAMES + 2} more"]
        return listed(names)

    def things(self, count: int, which: str = "") -> str:
        """Some of what is compared: '3 activations', '7 other values of max_depth'."""
        last = self.parameter.split("__")[-1]
        kind = ("activation", "activations") if last == "activation" else (f"value of {last}", f"values of {last}")
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
        return f"{self.scoring.factor * self.margin:.3g}{self.scoring.unit} in {self.scoring.quantity}"

    @property
    def guessing(self) -> str:
        """How well guessing does: 'log loss 0.693', 'accuracy 62.7 %'."""
        value = self.baseline * self.scoring.factor * (1 if self.scoring.higher else -1)
        places = min(12, max(0, 2 - floor(log10(abs(value))))) if value else 0
        return f"{self.scoring.quantity} {value:.{places}f}{self.scoring.level_unit}"

    def direction(self, standing: Standing) -> str:
        """Where the arm's measure lies, seen from the reference's: 'lower' or 'higher'."""
        return "higher" if (standing.difference > 0) == self.scoring.higher else "lower"

    def size(self, standing: Standing) -> str:
        """The difference without its sign, in natural units: '0.012', '3.1 percentage points'."""
        return f"{abs(standing.difference) * self.scoring.factor:.{self._places(standing)}f}{self.scoring.unit}"

    def interval(self, standing: Standing) -> str:
        """The interval of that size: '95 % interval 0.003 to 0.021'."""
        ends = (standing.difference_low, standing.difference_high)
        low, high = ends if standing.difference > 0 else (-ends[1], -ends[0])
        low, high = (f"{self.scoring.factor * end:.{self._places(standing)}f}" for end in (low, high))
        return f"{100 * (1 - self.alpha):.4g} % interval {low} to {high}"

    def _places(self, standing: Standing) -> int:
        """Decimal places that show two digits of the interval's width, and one of a smaller difference."""
        width = self.scoring.factor * (standing.difference_high - standing.difference_low)
        if not 0 < width < float("inf"):
            return 3
        least = max(self.scoring.factor * abs(standing.difference), width / 100)
        return min(12, max(0, 1 - floor(log10(width)), -floor(log10(least))))


def listed(names: list[str]) -> str:
    """Names as they are read out.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
