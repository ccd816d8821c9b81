"""`nonlin list`: every activation and loss that is known."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from nonlin.cli.options import Debug, Import


class Which(StrEnum):
    """What to list."""

    activations = "activations"
    losses = "losses"


def list_(
    which: Annotated[
        Which | None, typer.Argument(help="Only activations, or only losses.", show_default="both")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that is known, as JSON.")] = False,
    modules: Import = None,
    debug: Debug = False,
) -> None:
    """List every activation and loss, your own (see --import) too.

    \b
    Examples:
      nonlin list
      nonlin list losses
      nonlin list --json --import my_activations.py
    """
    import nonlin as nl

    records = {
        Which.activations: [nl.get(name) for name in nl.activations()],
        Which.losses: [nl.get_loss(name) for name in nl.losses()],
    }
    if which is not None:
        records = {which: records[which]}
    if as_json:
        _print_json(records)
        return
    for position, (group, members) in enumerate(records.items()):
        if position:
            print()
        _print_group(group, members)


def _print_group(group: Which, members: list[Any]) -> None:
    from nonlin.cli.output import print_table

    if group is Which.activations:
        headers = ("activation", "kind", "in words", "also called")
        rows = [(r.name, r.kind, r.summary, ", ".join(r.aliases)) for r in members]
    else:
        headers = ("loss", "for", "in words", "also called")
        rows = [(r.name, ", ".join(r.tasks), r.summary, ", ".join(r.aliases)) for r in members]
    print_table(headers, rows, wrapping=["in words", "also called"])


def _print_json(records: dict[Which, list[Any]]) -> None:
    import json

    from nonlin.cli.facts import as_json

    described = {group.value: [as_json(record) for record in members] for group, members in records.items()}
    print(json.dumps(described, indent=2, ensure_ascii=False))
