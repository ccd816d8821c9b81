"""`nonlin show`: one function with its formula, facts and picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.cli.options import Debug, Import, complete_function
from nonlin.cli.plot import Output, draw


def show(
    name: Annotated[
        str, typer.Argument(help="An activation or a loss, by any of its names.", autocompletion=complete_function)
    ],
    output: Output = None,
    modules: Import = None,
    debug: Debug = False,
) -> None:
    """Show the formula, the facts and the picture of a function; -o FILE draws the picture into a file.

    \b
    Examples:
      nonlin show gelu
      nonlin show leaky_relu -o leaky_relu.svg
      nonlin show cross_entropy
    """
    from nonlin.cli.facts import facts
    from nonlin.cli.output import hanging, wrapped

    record = find(name)
    picture = _picture(record, output)
    print(wrapped(f"{record.name}: {record.summary}") + "\n")
    rows = facts(record)
    width = max(len(heading) for heading, _ in rows)
    for heading, text in rows:
        print(hanging(f"  {heading.ljust(width)}  ", text))
    if picture:
        print(f"\n{picture}")


def find(name: str) -> Any:
    """The activation or loss with that name or alias; raises InputError, with the nearest name, for an unknown one."""
    import nonlin as nl
    from nonlin.errors import InputError, unknown

    for look_up in (nl.get, nl.get_loss):
        try:
            return look_up(name)
        except InputError:
            continue
    records = [*map(nl.get, nl.activations()), *map(nl.get_loss, nl.losses())]
    names = [spelling for record in records for spelling in (record.name, *record.aliases)]
    raise unknown("activation or loss", name, names, "`nonlin list` shows all")


def _picture(record: Any, output: Path | None) -> str:
    from nonlin.errors import InputError

    if not hasattr(record, "tasks"):
        return draw([record], output)
    if output is not None:
        raise InputError(f"--output: {record.name!r} is a loss, and only activations are drawn; leave --output out")
    return ""
