"""What one `nonlin compare` was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Plan(NamedTuple):
    """The options, checked as far as they can be without the data; None leaves a choice to what the data suggest."""

    data: str
    target: str | None
    task: str | None
    drop: list[str]
    activations: list[str]
    reference: str
    hidden: tuple[int, ...]
    repeats: int
    folds: int
    seed: int
    epochs: int | None
    loss: str | None
    scoring: str | None
    margin: float | None
    workers: int | None
    store: Path | None
    report: Path | None
    command: str
    started: float

    @property
    def trainings(self) -> int:
        """How many networks are trained."""
        return len(self.activations) * self.repeats * self.folds
