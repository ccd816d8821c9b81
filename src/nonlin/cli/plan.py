"""What one `nonlin compare` was asked for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

from nonlin.cli.arms import Arms


class Plan(NamedTuple):
    """The options, checked as far as they can be without the data; None leaves a choice to what the data suggest."""

    data: str
    target: str | None
    task: str | None
    drop: list[str]
    arms: Arms
    hidden: tuple[int, ...]
    repeats: int
    folds: int
    seed: int
    epochs: int | None
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
        return len(self.arms.names) * self.repeats * self.folds

    def resolved_command(self, epochs: int) -> str:
        """The command with what it left open written out, so that it stays the same where a default changes."""
        given = shlex.split(self.command)
        said = {part.partition("=")[0] for part in given}
        chosen = {"--hidden": ",".join(map(str, self.hidden)), "--epochs": str(epochs), "--seed": str(self.seed)}
        added = [part for option, value in chosen.items() if option not in said for part in (option, value)]
        return shlex.join([*given, *added])
