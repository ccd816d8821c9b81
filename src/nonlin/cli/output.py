"""Tables on standard output: drawn by Rich on a terminal, plain aligned columns for pipes and files."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def wrapped(sentence: str) -> str:
    """The sentence in lines that fit the terminal; one line for pipes and files."""
    return textwrap.fill(sentence, shutil.get_terminal_size().columns) if on_terminal() else sentence


def can_print(characters: str) -> bool:
    """Whether the encoding of standard output has all of `characters`."""
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def print_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    wrapping: Sequence[str] = (),
) -> None:
    """Print a row a line; columns in `numbers` go to the right, those in `wrapping` are broken to fit a terminal."""
    if on_terminal():
        _print_rich(headers, rows, numbers, wrapping)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for cells in (headers, *rows):
        padded = (
            cell.rjust(width) if header in numbers else cell.ljust(width)
            for header, cell, width in zip(headers, cells, widths, strict=True)
        )
        print("  ".join(padded).rstrip())


def _print_rich(
    headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str], wrapping: Sequence[str]
) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for header in headers:
        side = "right" if header in numbers else "left"
        table.add_column(Text(header), justify=side, no_wrap=header not in wrapping)
    for cells in rows:
        table.add_row(*map(Text, cells))
    Console().print(table)
