"""The options of `nonlin compare`, each a type for one argument of the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from nonlin.cli.arms import DEFAULT_ACTIVATIONS
from nonlin.cli.options import complete_activation, complete_function, complete_loss, share, whole_number

Data = Annotated[
    str,
    Argument(metavar="DATA", help="A CSV, TSV or Parquet file, or iris, wine, breast_cancer, digits, diabetes."),
]
Target = Annotated[str | None, Option(metavar="COLUMN", help="The column to learn.")]
Task = Annotated[
    str | None,
    Option(metavar="TASK", help="classification or regression.", show_default="from the target's values"),
]
Drop = Annotated[str | None, Option(metavar="COLUMNS", help="Columns to leave out, with commas between.")]
Activations = Annotated[
    str | None,
    Option(
        metavar="NAMES",
        help="Activations, with commas between; a single one with --losses.",
        autocompletion=complete_activation,
        show_default=f"{DEFAULT_ACTIVATIONS}; with --losses relu",
    ),
]
Losses = Annotated[
    str | None,
    Option(
        metavar="NAMES",
        help="Compare these losses, with commas between, instead of activations.",
        autocompletion=complete_loss,
    ),
]
Reference = Annotated[
    str | None,
    Option(
        metavar="NAME",
        help="The activation (or loss) that the others are measured against.",
        autocompletion=complete_function,
        show_default="relu, cross_entropy or mse, else the first",
    ),
]
Hidden = Annotated[str, Option(metavar="SIZES", help="Units of each hidden layer, with commas between.")]
Repeats = Annotated[
    int, Option(parser=whole_number(1), metavar="N", help="How often the whole cross-validation is repeated.")
]
Folds = Annotated[
    int, Option(parser=whole_number(2), metavar="N", help="Parts of the rows; each is held out once in a repeat.")
]
Seed = Annotated[int, Option(parser=whole_number(0), metavar="N", help="Seed of splits, starting weights and batches.")]
Epochs = Annotated[
    int | None,
    Option(
        parser=whole_number(1),
        metavar="N",
        help="The most passes through the training rows; a training that improves no more ends earlier.",
        show_default="by the number of rows",
    ),
]
Loss = Annotated[
    str | None,
    Option(
        metavar="NAME",
        help="The loss that is trained with every activation.",
        autocompletion=complete_loss,
        show_default="cross_entropy or mse",
    ),
]
Scoring = Annotated[
    str | None,
    Option(
        metavar="NAME",
        help="neg_log_loss, accuracy, r2, neg_mean_squared_error, neg_mean_absolute_error or hit_rate.",
        show_default="neg_log_loss or r2; with --losses one that none of them is trained for",
    ),
]
Margin = Annotated[
    float | None,
    Option(
        parser=share, metavar="X", help="The largest difference in score that is none in practice.", show_default="0.01"
    ),
]
Workers = Annotated[
    int | None,
    Option(
        parser=whole_number(1), metavar="N", help="Trainings at the same time.", show_default="one for each processor"
    ),
]
Store = Annotated[
    Path | None,
    Option(metavar="FILE", help="Keep every finished training here; the same command then goes on from it."),
]
Report = Annotated[Path, Option(metavar="FILE", help="Where the report goes.")]
NoReport = Annotated[bool, Option("--no-report", help="Write no report.")]
