"""Tables on standard output: drawn by Rich on a terminal, plain aligned columns for pipes and files."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence


def on_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def counted(number: int, word: str) -> str:
    """So many of what `word` names.

    >>> counted(1, "row"), counted(20, "row")
    ('1 row', '20 rows')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def wrapped(sentence: str) -> str:
    """The sentence in lines that fit the terminal; one line for pipes and files."""
    return textwrap.fill(sentence, shutil.get_terminal_size().columns) if on_terminal() else sentence


def hanging(first: str, text: str) -> str:
    """`first`, then each line of `text` beside it, broken to fit the terminal; not broken for pipes and files."""
    indent = " " * len(first)
    room = shutil.get_terminal_size().columns if on_terminal() else sys.maxsize
    lines: list[str] = []
    for line in text.splitlines():
        lines += textwrap.wrap(line, max(room - len(first), 20), subsequent_indent="  ", break_on_hyphens=False) or [""]
    return "\n".join((indent if i else first) + line for i, line in enumerate(lines))


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
    optional: Sequence[str] = (),
) -> None:
    """Print a row a line; columns in `numbers` go to the right, those in `wrapping` are broken to fit a terminal.

    On a terminal that is too narrow, columns in `optional` are left out, the first first; where that is not enough,
    each row becomes a paragraph.
    """
    if on_terminal():
        narrowed = _narrowed(headers, rows, wrapping, optional)
        if _least_width(*narrowed, wrapping) <= shutil.get_terminal_size().columns:
            _print_rich(*narrowed, numbers, wrapping)
        else:
            _print_paragraphs(headers, rows)
        return
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for cells in (headers, *rows):
        padded = (
            cell.rjust(width) if header in numbers else cell.ljust(width)
            for header, cell, width in zip(headers, cells, widths, strict=True)
        )
        print("  ".join(padded).rstrip())


def _narrowed(
    headers: Sequence[str], rows: Sequence[Sequence[str]], wrapping: Sequence[str], optional: Sequence[str]
) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """The table without those of its optional columns that keep it from fitting the terminal."""
    room = shutil.get_terminal_size().columns
    for name in optional:
        if name in headers and _least_width(headers, rows, wrapping) > room:
            at = headers.index(name)
            headers, *rows = ([*cells[:at], *cells[at + 1 :]] for cells in (headers, *rows))
    return headers, rows


def _least_width(headers: Sequence[str], rows: Sequence[Sequence[str]], wrapping: Sequence[str]) -> int:
    """The columns of a terminal that the table needs when whatever may be broken is."""
    widths = []
    for header, *cells in zip(headers, *rows, strict=True):
        pieces = [piece for cell in (header, *cells) for piece in cell.split()] if header in wrapping else cells
        widths.append(max(map(len, (*pieces, *header.split()))))  # headings are broken in any case
    return sum(widths) + 2 * len(widths)


def _print_paragraphs(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A row as a paragraph: its first cell, and below it the others with their headings."""
    for first, *others in rows:
        print(first)
        for header, cell in zip(headers[1:], others, strict=True):
            if cell:
                print(hanging(f"  {header}: ", cell))


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
