"""What is shown while trainings run: a bar with the running verdict on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

from nonlin.nn.announcing import tell
from nonlin.visualization.wording import decimals, duration, measure, number

_SECONDS_BETWEEN_LOOKS = 1.0  # a look at what is finished so far costs tens of milliseconds
_SECONDS_BETWEEN_LINES = 5.0


class Display(Protocol):
    """Shows progress; used as a context manager around the trainings."""

    def __enter__(self) -> Display: ...
    def __exit__(self, *error: object) -> None: ...
    def update(self, progress: Any) -> None:
        """Take note of a finished training."""
        ...


def display(total: int) -> Display:
    """The display that suits where the output goes."""
    return _Bar(total) if sys.stderr.isatty() else _Lines(total)


class _Looks:
    """The running verdict, looked at now and then."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.text = ""

    def look(self, progress: Any) -> str:
        now = time.perf_counter()
        if now - self._last >= _SECONDS_BETWEEN_LOOKS:
            comparison = progress.comparison()
            self.text = leader(comparison) if comparison is not None else self.text
            self._last = time.perf_counter()
        return self.text


def leader(comparison: Any) -> str:
    """The best so far, in the words of one line."""
    table = comparison.table()
    best = table["score"].idxmax()
    units = measure(comparison.scoring)
    digits = decimals((table["high"] - table["low"]) * units.scale)
    score = number(units.natural(table.loc[best, "score"]), digits)
    verdict = table.loc[best, "verdict"]
    against = "the reference" if verdict == "reference" else f"against {comparison.reference}: {verdict}"
    return f"best so far: {best}, {units.name} {score}{units.unit} ({against})"


class _Bar:
    """A bar with the time left, and below it the running verdict."""

    def __init__(self, total: int) -> None:
        from rich.console import Console, Group
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.text import Text

        columns = BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn(compact=True), TextColumn("left")
        self._looks = _Looks()
        self._bar = Progress(TextColumn("trainings"), *columns)
        self._note = Text(no_wrap=True, overflow="ellipsis")
        self._task = self._bar.add_task("trainings", total=total)
        self._live = Live(Group(self._bar, self._note), console=Console(stderr=True), transient=True)

    def __enter__(self) -> Display:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def update(self, progress: Any) -> None:
        self._bar.update(self._task, completed=progress.done)
        self._note.plain = self._looks.look(progress)


class _Lines:
    def __init__(self, total: int) -> None:
        self._looks = _Looks()
        self._start = self._last = time.perf_counter()

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def update(self, progress: Any) -> None:
        now = time.perf_counter()
        if now - self._last < _SECONDS_BETWEEN_LINES or progress.done == progress.total:
            return
        self._last = now
        made = max(1, progress.done - progress.restored)
        left = (now - self._start) / made * (progress.total - progress.done)
        note = self._looks.look(progress)
        text = f"{progress.done} of {progress.total} trainings, about {in_whole_seconds(left)} left"
        tell(f"{text}; {note}" if note else text)


def in_whole_seconds(seconds: float) -> str:
    """A time that is an estimate, without fractions.

    >>> in_whole_seconds(0.2), in_whole_seconds(9.66), in_whole_seconds(75.2)
    ('1 s', '10 s', '1 min 15 s')
    """
    return f"{max(1, round(seconds))} s" if seconds < 59.5 else duration(max(60.0, seconds))
