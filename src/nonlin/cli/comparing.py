"""Carrying out a comparison from the table to the report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import nonlin as nl
from nonlin.cli.network import Network, build, most_epochs
from nonlin.cli.output import counted, hanging
from nonlin.cli.plan import Plan
from nonlin.cli.progress import display
from nonlin.cli.rehearsal import rehearse
from nonlin.cli.run import ComparisonInterrupted
from nonlin.cli.store import nothing_half_made
from nonlin.cli.summary import print_summary
from nonlin.cli.table import read_table
from nonlin.cli.task import Problem, check_folds, constant_columns, pose, seemingly_missing
from nonlin.cli.threads import FeaturesFirst
from nonlin.errors import InputError
from nonlin.nn.announcing import announced_compilation
from nonlin.study.wording import plural
from nonlin.visualization import save_report
from nonlin.visualization.saving import check_writable
from nonlin.visualization.settings import estimator_settings
from nonlin.visualization.wording import duration, listing


def carry_out(plan: Plan) -> None:
    """Read, train, print the verdict and write the report; nothing is written where anything is refused."""
    _check_files(plan)
    table = read_table(plan.data, plan.target)
    problem = pose(table, plan.target, plan.task, plan.drop)
    check_folds(problem, plan.folds)
    epochs = plan.epochs or most_epochs(len(problem.target) * (plan.folds - 1) // plan.folds)
    arms = plan.arms
    losses = arms.names if arms.parameter == "loss" else ()
    network = build(problem, plan.hidden, epochs, arms.loss, activation=arms.activation, losses=losses)
    _introduce(plan, problem, epochs, table.row_numbers)
    comparison = _train(plan, problem, network)
    print_summary(comparison)
    print()
    if plan.report is not None:
        replaced = " (in place of the one that was there)" if plan.report.exists() else ""
        settings = estimator_settings(network.estimator, network.parameter)
        command = plan.resolved_command(epochs)
        save_report(comparison, plan.report, data_name=problem.name, command=command, settings=settings)
        print(f"Report: {plan.report}{replaced}")
    print(f"Time:   {duration(time.perf_counter() - plan.started)}")
    print(f"Again:  {plan.command}")  # not broken into lines, so that it can be copied


def _check_files(plan: Plan) -> None:
    """Refuse places that cannot be written before anything is trained."""
    for path, option in ((plan.store, "--store"), (plan.report, "--report")):
        if path is not None:
            check_writable(path, option)
    if plan.store is not None and plan.report is not None and plan.store.resolve() == plan.report.resolve():
        raise InputError(f"--store and --report are both {str(plan.store)!r}; give them different names")


def _introduce(plan: Plan, problem: Problem, epochs: int, row_numbers: Sequence[str]) -> None:
    """Say what was understood, and how to have it otherwise."""
    rows, columns = problem.features.shape
    other = "regression" if problem.task == "classification" else "classification"
    _say("Data", f"{problem.name}, {rows} rows, {columns} columns to learn {problem.target_name!r} from")
    _say("Task", f"{problem.task} ({problem.reason}; --task {other} for the other)")
    strange = seemingly_missing(problem)
    if strange:
        taken = "is a class" if len(strange) == 1 else "are classes"
        _say("Note", f"{listing(strange)} in {problem.target_name!r} {taken} here; only empty cells are missing")
    constant = constant_columns(problem.features)
    for unused, reason in ((constant, "the same in every row"), (row_numbers, "the numbers of the rows")):
        if unused:
            _say("Unused", f"{', '.join(unused)} ({reason})")
    layers = " and ".join(map(str, plan.hidden)) + (f" {plan.arms.activation}" if plan.arms.activation else "")
    _say(
        "Runs",
        f"{len(plan.arms.names)} {plural(plan.arms.parameter)} x {counted(plan.repeats, 'repeat')} x "
        f"{plan.folds} folds = "
        f"{plan.trainings} trainings, hidden layers of {layers}, each until it improves no more, for at most {epochs} "
        "epochs (--epochs)",
    )


def _say(what: str, text: str) -> None:
    print(hanging(f"{what}:".ljust(8), text), flush=True)


def _compile(network: Network, names: Sequence[str], problem: Problem) -> None:
    with announced_compilation():
        rehearse(network, names, problem.target.nunique())


def _train(plan: Plan, problem: Problem, network: Network) -> Any:
    done = 0
    find = nl.get_loss if plan.arms.parameter == "loss" else nl.get

    def on_run(progress: Any) -> None:
        nonlocal done
        done = progress.done
        shown.update(progress)

    try:
        threads = FeaturesFirst(plan.workers, before_all=lambda: _compile(network, plan.arms.names, problem))
        with nothing_half_made(plan.store), threads as executor, display(plan.trainings) as shown:
            return nl.compare(
                network.estimator,
                problem.features,
                problem.target.to_numpy(),
                parameter=network.parameter,
                values=[find(name) for name in plan.arms.names],  # records: a store knows them by their formulas
                reference=plan.arms.reference,
                repeats=plan.repeats,
                folds=plan.folds,
                scoring=plan.scoring,
                practical_margin=plan.margin,
                executor=executor,
                store=plan.store,
                random_state=plan.seed,
                on_run=on_run,
            )
    except KeyboardInterrupt:
        raise ComparisonInterrupted(_what_is_kept(plan, done)) from None


def _what_is_kept(plan: Plan, done: int) -> str:
    made = f"interrupted after {done} of {plan.trainings} trainings"
    if plan.store is None:
        return f"{made}; nothing is kept (with --store FILE they would be)"
    if not plan.store.exists():
        return f"{made}; nothing is kept yet"
    return f"{made}; they are kept in {plan.store}, and the same command goes on from there"
