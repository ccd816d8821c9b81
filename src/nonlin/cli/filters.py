"""Which of the known functions are listed: those of a family, in a library, smooth or monotone ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from nonlin.cli.options import split_names
from nonlin.errors import InputError, unknown


def _complete_family(incomplete: str) -> list[str]:
    """Shell completion: families of activations and losses."""
    return [name for name in _families(_everything()) if name.startswith(incomplete)]


def _complete_library(incomplete: str) -> list[str]:
    """Shell completion: libraries that have some of the functions."""
    return [name for name in _libraries(_everything()) if name.startswith(incomplete)]


Family = Annotated[
    str | None,
    typer.Option(
        "--family",
        metavar="FAMILY,...",
        help="Only functions of a family, such as rectifiers or margins; of any of several.",
        autocompletion=_complete_family,
    ),
]
Library = Annotated[
    str | None,
    typer.Option(
        "--in",
        metavar="LIBRARY,...",
        help="Only functions that a library has too, such as torch; that all of several have.",
        autocompletion=_complete_library,
    ),
]
Smooth = Annotated[bool, typer.Option("--smooth", help="Only activations that are infinitely differentiable.")]
Monotone = Annotated[bool, typer.Option("--monotone", help="Only activations that never decrease.")]


_SPELLINGS = {"tf": "tensorflow", "hf": "huggingface"}


class Filters(NamedTuple):
    """What the options of `nonlin list` ask for."""

    family: str | None = None
    library: str | None = None
    smooth: bool = False
    monotone: bool = False

    @property
    def of_activations_only(self) -> list[str]:
        """The options given that ask for a fact that losses have not."""
        return [option for option, given in (("--smooth", self.smooth), ("--monotone", self.monotone)) if given]


def chosen(records: Sequence[Any], filters: Filters) -> list[Any]:
    """Those of the records that pass all filters.

    `--smooth` and `--monotone` choose among functions of one number; of others nothing of the kind is said.

    Raises
    ------
    InputError
        When no record at all has the family or is in the library; the message suggests the nearest name.
    """
    tests: list[Callable[[Any], bool]] = []
    if filters.family is not None:
        families = _known("--family", "family", filters.family, _families(records))
        tests.append(lambda record: record.family in families)
    if filters.library is not None:
        libraries = _known("--in", "library", filters.library, _libraries(records))
        tests.append(lambda record: libraries <= record.same_as.keys())
    if filters.smooth:
        tests.append(lambda record: record.kind == "elementwise" and record.smoothness == math.inf)
    if filters.monotone:
        tests.append(lambda record: record.kind == "elementwise" and record.monotone)
    return [record for record in records if all(test(record) for test in tests)]


def check_for_losses(filters: Filters) -> None:
    """Raise `InputError` for a filter that losses do not have."""
    if filters.of_activations_only:
        option = filters.of_activations_only[0]
        raise InputError(f"{option} is about activations, and losses are to be listed; leave {option} or losses out")


def _known(option: str, what: str, text: str, known: Iterable[str]) -> set[str]:
    known = list(known)
    names = {name.lower() for name in split_names(text, option)}
    if option == "--in":
        names = {_SPELLINGS.get(name, name) for name in names}
    for name in sorted(names - set(known)):
        raise unknown(what, name, known)
    return names


def _families(records: Sequence[Any]) -> list[str]:
    return sorted({record.family for record in records})


def _libraries(records: Sequence[Any]) -> list[str]:
    return sorted({library for record in records for library in record.same_as})


def _everything() -> list[Any]:
    import nonlin as nl

    return [*map(nl.get, nl.activations()), *map(nl.get_loss, nl.losses())]
