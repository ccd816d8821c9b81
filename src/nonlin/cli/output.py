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


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()) -> None:
    """Print one line a row; the columns named in `numbers` are aligned to the right."""
    right = [header in numbers for header in headers]
    if on_terminal():
        _print_rich(headers, rows, right)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for cells in (headers, *rows):
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        )
        print("  ".join(padded).rstrip())


def _print_rich(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for position, (header, to_right) in enumerate(zip(headers, right, strict=True)):
        table.add_column(Text(header), justify="right" if to_right else "left", no_wrap=to_right or position == 0)
    for cells in rows:
        table.add_row(*map(Text, cells))
    Console().print(table)
