"""`nonlin list`: every activation and loss that is known, or those that are wanted."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from nonlin.cli.filters import Family, Filters, Library, Monotone, Smooth, check_for_losses, chosen
from nonlin.cli.options import Debug, Import

_FACTS = "Show what is known of each in a table; C1 has one continuous derivative, C0 none, smooth functions have all."


class Which(StrEnum):
    """What to list."""

    activations = "activations"
    losses = "losses"


def list_(
    which: Annotated[
        Which | None, typer.Argument(help="Only activations, or only losses.", show_default="both")
    ] = None,
    with_facts: Annotated[bool, typer.Option("--facts", help=_FACTS)] = False,
    family: Family = None,
    library: Library = None,
    smooth: Smooth = False,
    monotone: Monotone = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that is known, as JSON.")] = False,
    modules: Import = None,
    debug: Debug = False,
) -> None:
    """List every activation and loss, your own (see --import) too, or those that pass the filters given.

    \b
    Examples:
      nonlin list
      nonlin list losses --facts
      nonlin list --facts --smooth --monotone
      nonlin list --family rectifiers --in torch,jax
      nonlin list --json --import my_activations.py
    """
    records = _wanted(which, Filters(family, library, smooth, monotone))
    if as_json:
        _print_json(records)
        return
    for position, (group, members) in enumerate(records.items()):
        if position:
            print()
        _print_group(group, members, with_facts)


def _wanted(which: Which | None, filters: Filters) -> dict[Which, list[Any]]:
    """The records of each group; of both groups only those in which something can pass the filters."""
    import nonlin as nl

    activations, losses = [nl.get(name) for name in nl.activations()], [nl.get_loss(name) for name in nl.losses()]
    if which is Which.losses:
        check_for_losses(filters)
        return {which: chosen(losses, filters)}
    if which is Which.activations or filters.of_activations_only:
        return {Which.activations: chosen(activations, filters)}
    passed = {id(record) for record in chosen([*activations, *losses], filters)}
    groups = {Which.activations: activations, Which.losses: losses}
    found = {group: [record for record in known if id(record) in passed] for group, known in groups.items()}
    return {group: members for group, members in found.items() if members} or {Which.activations: []}


def _print_group(group: Which, members: list[Any], with_facts: bool) -> None:
    from nonlin.cli.fact_table import print_activations, print_losses
    from nonlin.cli.output import print_table

    if not members:
        print(f"no {group.value} pass all these filters; leave one out")
    elif with_facts:
        (print_activations if group is Which.activations else print_losses)(members)
    elif group is Which.activations:
        headers = ("activation", "kind", "in words", "also called")
        rows = [(r.name, r.kind, r.summary, ", ".join(r.aliases)) for r in members]
        print_table(headers, rows, wrapping=["in words", "also called"])
    else:
        headers = ("loss", "for", "in words", "also called")
        rows = [(r.name, ", ".join(r.tasks), r.summary, ", ".join(r.aliases)) for r in members]
        print_table(headers, rows, wrapping=["in words", "also called"])


def _print_json(records: dict[Which, list[Any]]) -> None:
    import json

    from nonlin.cli.facts import as_json

    described = {group.value: [as_json(record) for record in members] for group, members in records.items()}
    print(json.dumps(described, indent=2, ensure_ascii=False))
