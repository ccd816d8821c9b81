"""The activations that a comparison puts against each other."""

from __future__ import annotations

import nonlin as nl
from nonlin.cli.derivative import check_derivative
from nonlin.cli.options import split_names
from nonlin.errors import InputError


def choose(activations: str, reference: str | None) -> tuple[list[str], str]:
    """The names of the activations to compare, and of the one that the others are measured against.

    A reference that is not listed is added in front. Without one, relu is it where listed, else the first.
    Raises InputError for unknown names, doubles, a single one, what cannot stand in a hidden layer, and a user's own
    with a wrong derivative.
    """
    names: list[str] = []
    spellings: dict[str, str] = {}
    for spelling in split_names(activations, "--activations"):
        name = _for_hidden_layers(spelling)
        if name in names:
            raise InputError(
                f"--activations lists {name!r} twice, as {spellings[name]!r} and as {spelling!r}; name each activation "
                "once"
            )
        names.append(name)
        spellings[name] = spelling
    usual = "relu" if "relu" in names else names[0]
    chosen = usual if reference is None else _for_hidden_layers(reference)
    if chosen not in names:
        names.insert(0, chosen)
    if len(names) < 2:
        raise InputError(f"--activations {activations!r} names one activation; expected at least two to compare")
    return names, chosen


def _for_hidden_layers(spelling: str) -> str:
    """The name of an activation that can be trained; raises InputError for any other."""
    record = nl.get(spelling)
    from nonlin.nn.checks import hidden_activation  # here, so that a misspelt name is told without loading a network

    hidden_activation(record, None, hidden=True)
    if record.__module__.partition(".")[0] != "nonlin":  # our own are held to 50-digit arithmetic by tests
        check_derivative(record)
    return record.name
