"""`nonlin compare`: the options; what they ask for is carried out in `nonlin.cli.comparing`."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from nonlin.cli.options import Debug, Import, complete_activation, share, split_names, split_sizes, whole_number
from nonlin.cli.plan import Plan

DEFAULT_ACTIVATIONS = "relu,leaky_relu,elu,gelu,silu,tanh,sigmoid,softplus"
DEFAULT_REPORT = Path("nonlin-report.html")


def compare(
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="A CSV, TSV or Parquet file, or iris, wine, breast_cancer, digits, diabetes."
        ),
    ],
    target: Annotated[str | None, typer.Option(metavar="COLUMN", help="The column to learn.")] = None,
    activations: Annotated[
        str, typer.Option(metavar="NAMES", help="Activations with commas between.", autocompletion=complete_activation)
    ] = DEFAULT_ACTIVATIONS,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The activation that the others are measured against.",
            autocompletion=complete_activation,
            show_default="relu",
        ),
    ] = None,
    hidden: Annotated[str, typer.Option(metavar="SIZES", help="Units of each hidden layer, with commas.")] = "64,64",
    repeats: Annotated[
        int, typer.Option(parser=whole_number(1), metavar="N", help="How often the whole cross-validation is repeated.")
    ] = 5,
    folds: Annotated[
        int,
        typer.Option(
            parser=whole_number(2), metavar="N", help="Parts that the rows are split into; each is held out once."
        ),
    ] = 5,
    seed: Annotated[
        int, typer.Option(parser=whole_number(0), metavar="N", help="Seed of splits, starting weights and batches.")
    ] = 0,
    epochs: Annotated[
        int | None,
        typer.Option(
            parser=whole_number(1),
            metavar="N",
            help="Passes through the training rows.",
            show_default="by the number of rows",
        ),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(metavar="TASK", help="classification or regression.", show_default="from the target's values"),
    ] = None,
    loss: Annotated[
        str | None, typer.Option(metavar="NAME", help="The loss that is trained.", show_default="the task's own")
    ] = None,
    scoring: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="neg_log_loss, accuracy, r2, neg_mean_squared_error or neg_mean_absolute_error.",
            show_default="neg_log_loss or r2",
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            parser=share, metavar="X", help="A difference in score that makes none in practice.", show_default="0.01"
        ),
    ] = None,
    drop: Annotated[str | None, typer.Option(metavar="COLUMNS", help="Columns to leave out, with commas.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            parser=whole_number(1),
            metavar="N",
            help="Trainings at the same time.",
            show_default="one for each processor",
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep every finished training here; the same command then goes on from it."),
    ] = None,
    report: Annotated[Path, typer.Option(metavar="FILE", help="Where the report goes.")] = DEFAULT_REPORT,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no report.")] = False,
    modules: Import = None,
    debug: Debug = False,
) -> None:
    """Which activation suits your data? Trains each in repeated cross-validation and says what can be told.

    \b
    Examples:
      nonlin compare breast_cancer
      nonlin compare patients.csv --target outcome
      nonlin compare houses.parquet --target price --activations relu,gelu,mish --store houses.db
      nonlin compare iris --import bump.py --activations relu,bump
    """
    from nonlin.cli.arms import choose

    started = time.perf_counter()
    names, chosen = choose(activations, reference)
    plan = Plan(
        data=data,
        target=target,
        task=task,
        drop=split_names(drop, "--drop") if drop is not None else [],
        activations=names,
        reference=chosen,
        hidden=split_sizes(hidden, "--hidden"),
        repeats=repeats,
        folds=folds,
        seed=seed,
        epochs=epochs,
        loss=loss,
        scoring=scoring,
        margin=margin,
        workers=workers,
        store=store,
        report=None if no_report else report,
        command=shlex.join(["nonlin", *(context.obj or ["compare", data])]),
        started=started,
    )
    from nonlin.cli.comparing import carry_out  # here, for it loads all that a training needs

    carry_out(plan)
