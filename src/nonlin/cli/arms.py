"""What a comparison puts against each other: activations, or losses with one activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import nonlin as nl
from nonlin.cli.derivative import check_derivative
from nonlin.cli.options import split_names
from nonlin.errors import InputError

DEFAULT_ACTIVATIONS = "relu,leaky_relu,elu,gelu,silu,tanh,sigmoid,softplus"
_USUAL = ("relu", "cross_entropy", "mse")  # the reference, where listed and no other is named


class Arms(NamedTuple):
    """What is compared: a parameter of the network, its values by name, and the value the others are measured against.

    `activation` and `loss` are what all networks have; None for what is compared, or for the task's own loss.
    """

    parameter: str
    names: list[str]
    reference: str
    activation: str | None = None
    loss: str | None = None


def choose_arms(activations: str | None, losses: str | None, loss: str | None, reference: str | None) -> Arms:
    """What the options ask for; raises InputError for what cannot be compared."""
    if losses is None:
        listed = choose(DEFAULT_ACTIVATIONS if activations is None else activations, reference)
        return Arms("activation", *listed, loss=loss)
    if loss is not None:
        raise InputError(
            f"--loss {loss!r} and --losses {losses!r} are both given; list {loss!r} among the losses to compare it"
        )
    used = split_names("relu" if activations is None else activations, "--activations")
    if len(used) > 1:
        raise InputError(
            f"--activations {activations!r} names {len(used)} activations beside --losses; losses are compared with one"
        )
    listed = _listed("--losses", losses, reference, lambda spelling: nl.get_loss(spelling).name)
    return Arms("loss", *listed, activation=_for_hidden_layers(used[0]))


def choose(activations: str, reference: str | None) -> tuple[list[str], str]:
    """The names of the activations to compare, and of the one that the others are measured against.

    A reference that is not listed is added in front. Without one, relu is it where listed, else the first.
    Raises InputError for unknown names, doubles, a single one, what cannot stand in a hidden layer, and a user's own
    with a wrong derivative.
    """
    return _listed("--activations", activations, reference, _for_hidden_layers)


def _listed(option: str, text: str, reference: str | None, find: Callable[[str], str]) -> tuple[list[str], str]:
    """The names in a list, each found by its spelling, and the reference among them."""
    one = "activation" if option == "--activations" else "loss"
    names: list[str] = []
    spellings: dict[str, str] = {}
    for spelling in split_names(text, option):
        name = find(spelling)
        if name in names:
            raise InputError(
                f"{option} lists {name!r} twice, as {spellings[name]!r} and as {spelling!r}; name each {one} once"
            )
        names.append(name)
        spellings[name] = spelling
    usual = next((name for name in names if name in _USUAL), names[0])
    chosen = usual if reference is None else find(reference)
    if chosen not in names:
        names.insert(0, chosen)
    if len(names) < 2:
        raise InputError(f"{option} {text!r} names one {one}; expected at least two to compare")
    return names, chosen


def _for_hidden_layers(spelling: str) -> str:
    """The name of an activation that can be trained; raises InputError for any other."""
    record = nl.get(spelling)
    from nonlin.nn.checks import hidden_activation  # here, so that a misspelt name is told without loading a network

    hidden_activation(record, None, hidden=True)
    if record.__module__.partition(".")[0] != "nonlin":  # our own are held to 50-digit arithmetic by tests
        check_derivative(record)
    return record.name
