"""`nonlin compare`: what is asked for; `nonlin.cli.comparing` carries it out."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import typer

from nonlin.cli import compare_options as option
from nonlin.cli.arms import choose_arms
from nonlin.cli.options import Debug, Import, split_names, split_sizes
from nonlin.cli.plan import Plan

DEFAULT_REPORT = Path("nonlin-report.html")


def compare(
    context: typer.Context,
    data: option.Data,
    target: option.Target = None,
    task: option.Task = None,
    drop: option.Drop = None,
    activations: option.Activations = None,
    losses: option.Losses = None,
    reference: option.Reference = None,
    hidden: option.Hidden = "64,64",
    repeats: option.Repeats = 5,
    folds: option.Folds = 5,
    seed: option.Seed = 0,
    epochs: option.Epochs = None,
    loss: option.Loss = None,
    scoring: option.Scoring = None,
    margin: option.Margin = None,
    workers: option.Workers = None,
    store: option.Store = None,
    report: option.Report = DEFAULT_REPORT,
    no_report: option.NoReport = False,
    modules: Import = None,
    debug: Debug = False,
) -> None:
    """Which activation, or loss, suits your data? Trains each in repeated cross-validation and says what can be told.

    A network is trained until its loss on a part of the training rows that it does not learn from improves no more.

    Verdicts: better or worse by surely more than --margin, practically equal by surely less, or not enough evidence.

    \b
    Examples:
      nonlin compare breast_cancer
      nonlin compare patients.csv --target outcome
      nonlin compare houses.parquet --target price --activations relu,gelu,mish --store houses.db
      nonlin compare iris --import bump.py --activations relu,bump
      nonlin compare diabetes --losses mse,huber,log_cosh --activations gelu
    """
    started = time.perf_counter()
    arms = choose_arms(activations, losses, loss, reference)
    plan = Plan(
        data=data,
        target=target,
        task=task,
        drop=split_names(drop, "--drop") if drop is not None else [],
        arms=arms,
        hidden=split_sizes(hidden, "--hidden"),
        repeats=repeats,
        folds=folds,
        seed=seed,
        epochs=epochs,
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
