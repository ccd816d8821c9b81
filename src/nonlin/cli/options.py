"""Options that several subcommands share, and the reading of comma-separated values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated

import typer

from nonlin.cli.user_modules import import_modules
from nonlin.errors import InputError

Import = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        metavar="MODULE",
        help="Import your own module, or a .py file, whose activations are then known; may be repeated.",
        callback=import_modules,
        is_eager=True,
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the whole trace of an error.")]


def whole_number(least: int) -> Callable[[str | int], int]:
    """A reader of an option's value that refuses anything but a whole number of at least `least`.

    >>> whole_number(2)("5")
    5
    """

    def read(text: str | int) -> int:
        if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", str(text)) or int(text) < least:
            raise typer.BadParameter(f"{str(text)!r} is no whole number of at least {least}")
        return int(text)

    return read


def share(text: str | float) -> float:
    """Read an option's value that is a number of at least 0.

    >>> share("0.01")
    0.01
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise typer.BadParameter(f"{str(text)!r} is no number of at least 0, such as 0.01")
    return number


def split_names(text: str, option: str) -> list[str]:
    """The names in a comma-separated list, without blanks; at least one.

    >>> split_names("relu, gelu", "--activations")
    ['relu', 'gelu']
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InputError(f"{option} {text!r} holds an empty name; expected names with single commas between them")
    return names


def split_sizes(text: str, option: str) -> tuple[int, ...]:
    """The positive whole numbers in a comma-separated list.

    >>> split_sizes("64,32", "--hidden")
    (64, 32)
    """
    sizes = []
    for part in split_names(text, option):
        if not (part.isdecimal() and int(part) > 0):
            raise InputError(
                f"{option} {text!r}: {part!r} is no layer size; expected whole numbers above 0, such as 64,64"
            )
        sizes.append(int(part))
    return tuple(sizes)


def complete_activation(incomplete: str) -> list[str]:
    """Shell completion: activations, also the last one of a comma-separated list."""
    return _completed(incomplete, _activations())


def complete_loss(incomplete: str) -> list[str]:
    """Shell completion: losses, also the last one of a comma-separated list."""
    import nonlin as nl

    return _completed(incomplete, nl.losses())


def complete_function(incomplete: str) -> list[str]:
    """Shell completion: activations and losses."""
    import nonlin as nl

    return _completed(incomplete, _activations() + nl.losses())


def _activations() -> list[str]:
    import nonlin as nl

    return nl.activations()


def _completed(incomplete: str, names: list[str]) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    return [before + comma + name for name in names if name.startswith(last)]
