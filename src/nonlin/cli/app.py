"""The program `nonlin` and its subcommands; a module per subcommand, which imports heavy libraries when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

import nonlin
from nonlin.cli.compare import compare
from nonlin.cli.list import list_
from nonlin.cli.options import Debug, Import
from nonlin.cli.plot import plot
from nonlin.cli.show import show

app = typer.Typer(
    name="nonlin",
    help="Which activation function suits your data? Every activation and loss, exact and fast, honestly compared.",
    epilog="Start with: nonlin compare breast_cancer",
    no_args_is_help=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"nonlin {nonlin.__version__}")
        raise typer.Exit


@app.callback()
def nonlin_(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    modules: Import = None,
    debug: Debug = False,
) -> None:
    """Compare, list, show and plot activation functions."""
    if context.invoked_subcommand is None:
        print(context.get_help())


app.command("compare")(compare)
app.command("list")(list_)
app.command("show")(show)
app.command("plot")(plot)
