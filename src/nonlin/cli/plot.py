"""`nonlin plot`: functions above their derivatives, in the terminal or in a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nonlin.cli.options import Debug, Import, complete_activation, split_names

_INK = "\N{BRAILLE PATTERN DOTS-1}\N{BOX DRAWINGS LIGHT VERTICAL}"

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the picture to a file: .svg, .png or .pdf."),
]


def plot(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="Activations.", autocompletion=complete_activation)
    ],
    output: Output = None,
    modules: Import = None,
    debug: Debug = False,
) -> None:
    """Plot activations above their derivatives, in the terminal or with -o into a file.

    \b
    Examples:
      nonlin plot gelu
      nonlin plot relu gelu silu -o smooth.svg
    """
    import nonlin as nl

    records = [nl.get(name) for text in names for name in split_names(text, "NAME")]
    print(draw(records, output))


def draw(records: Sequence[Any], output: os.PathLike[str] | None) -> str:
    """The picture as text, or, with `output`, a picture file and a line that tells of it."""
    from nonlin import visualization
    from nonlin.cli.output import can_print

    if output is None:
        return visualization.functions_text(records, ascii_only=not can_print(_INK))
    figure = visualization.plot_functions(records)
    return f"Picture: {visualization.save_figure(figure, output)}"
