"""The report: one HTML file that needs no network and no JavaScript, to read, print and mail."""

from __future__ import annotations

import os
from ast import literal_eval
from collections.abc import Mapping
from math import isnan
from pathlib import Path
from typing import Any

from nonlin.visualization.curves import LINES, CurvesData, curve_findings, curves_data, draw_curve_panel
from nonlin.visualization.panels import single
from nonlin.visualization.profile import ProfileData, draw_key, draw_profile_panel, profile_data, profile_findings
from nonlin.visualization.ranking import RankingData, amount_text, margin_text, ranking_data, verdict_text
from nonlin.visualization.ranking_drawing import draw_ranking
from nonlin.visualization.report_data import csv_address, report_data, script_json
from nonlin.visualization.report_table import report_table
from nonlin.visualization.report_text import (
    baseline_text,
    confidence,
    count_of,
    groups,
    how_sure,
    order_text,
    warnings,
)
from nonlin.visualization.saving import check_writable, write_atomically
from nonlin.visualization.settings import machine, versions
from nonlin.visualization.style import new_figure
from nonlin.visualization.svg import Page
from nonlin.visualization.wording import TIMES, duration, short_parameter


def save_report(
    comparison: Any,
    path: str | os.PathLike[str],
    *,
    data_name: str | None = None,
    command: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Path:
    """Write a comparison's report as one self-contained HTML file; returns its resolved path.

    The file appears whole or not at all. It holds the verdict, the ranking with intervals, the table, learning curves,
    dead units and gradients by layer, what was run, and the numbers as JSON; its Content-Security-Policy forbids it to
    call out.

    Parameters
    ----------
    comparison
        A `nonlin.study.Comparison`.
    path
        Where to write; checked before anything is drawn.
    data_name
        What the data is called, for the title.
    command
        The command that made the comparison, to repeat it; the call of `nonlin.compare` without.
    settings
        How the models were set, by name, as `estimator_settings` reads them from an estimator.

    Raises
    ------
    InputError
        `path` cannot be written.
    """
    target = check_writable(path, "report")
    page = render_report(comparison, data_name=data_name, command=command, settings=settings)
    write_atomically(target, page.encode("utf-8"))
    return target


def render_report(
    comparison: Any,
    *,
    data_name: str | None = None,
    command: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> str:
    """The report's HTML as a string; the same comparison gives the same bytes."""
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    ranking, curves, profile = ranking_data(comparison), curves_data(comparison), profile_data(comparison)
    what = what_was_run(comparison, data_name, settings)
    templates = Environment(
        loader=PackageLoader("nonlin.visualization"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return templates.get_template("report.html.j2").render(
        comparison=comparison,
        parameter=short_parameter(comparison.parameter),
        data_name=data_name,
        command=command or python_call(comparison),
        command_kind="command" if command else "call in Python",
        ranking=ranking,
        partly=any(0 < row.diverged < row.runs for row in ranking.rows),
        sure=how_sure(comparison, ranking),
        warnings=warnings(comparison),
        order=order_text(ranking),
        baseline=baseline_text(comparison, ranking),
        groups=groups(ranking),
        table=report_table(comparison, ranking),
        curves=curves,
        curve_findings=curve_findings(curves),
        profile=profile,
        findings=profile_findings(profile),
        figures=_figures(ranking, curves, profile),
        what=what,
        level=confidence(comparison),
        margin=margin_text(ranking),
        csv=csv_address(comparison),
        json=Markup(script_json(report_data(comparison, what, curves, profile))),
    )


def what_was_run(comparison: Any, data_name: str | None, settings: Mapping[str, str] | None) -> dict[str, str]:
    """The facts that somebody needs to repeat the comparison or to doubt it."""
    runs = len(comparison.runs)
    factors = (str(len(comparison.arms)), count_of(comparison.repeats, "repeat"), f"{comparison.folds} folds")
    training = sum(run.fit_seconds for run in comparison.runs if not isnan(run.fit_seconds))
    return {
        "data": data_name or "given as arrays",
        "shape": f"{comparison.n_examples:,} examples, {comparison.n_features:,} features",
        "fingerprint of data and settings": str(comparison.fingerprint),
        "task": str(comparison.task),
        f"compared ({comparison.parameter})": ", ".join(comparison.arms),
        "reference": str(comparison.reference),
        **{str(name): str(text) for name, text in (settings or {}).items()},
        "scored by": f"{comparison.scoring}, held out; margin of practical equality {comparison.practical_margin:.3g}",
        "runs": f"{runs:,} = {f' {TIMES} '.join(factors)}",
        "seed": str(comparison.random_state),
        "time": f"{duration(comparison.seconds)} in all; {duration(training)} of training summed over runs",
        "versions (of this report)": versions(),
        "machine (of this report)": machine(),
    }


def python_call(comparison: Any) -> str:
    """The call of `nonlin.compare` that repeats a comparison, for one's own estimator and data."""
    values = ", ".join(_as_code(arm) for arm in comparison.arms)
    return (
        f"nonlin.compare(estimator, X, y, parameter={comparison.parameter!r}, values=[{values}], "
        f"reference={_as_code(comparison.reference)}, repeats={comparison.repeats}, folds={comparison.folds}, "
        f"scoring={str(comparison.scoring)!r}, random_state={comparison.random_state!r})"
    )


def _as_code(arm: str) -> str:
    """An arm's name as it was given: bare where it reads as a Python value ('0.5', '(64, 64)'), else in quotes."""
    try:
        literal_eval(arm)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return repr(arm)
    return arm


def _figures(ranking: RankingData, curves: CurvesData, profile: ProfileData) -> dict[str, Any]:
    """Every figure of the report as inline SVG; the ranking twice, for wide and for narrow pages."""
    from markupsafe import Markup

    page = Page()
    described = "; ".join(
        f"{row.name}: {verdict_text(row)} {amount_text(row, ranking)}".rstrip() for row in ranking.rows
    )
    figures: dict[str, Any] = {}
    for name, compact in () if ranking.reason else (("wide", False), ("narrow", True)):
        drawn = draw_ranking(ranking, compact=compact).get_figure(root=True)
        figures[name] = Markup(page.inline(drawn, "All arms by score", described))  # type: ignore[arg-type]
    figures["curves"] = [Markup(_curve(page, curves, i)) for i in range(len(curves.panels))]
    figures["profile"] = [Markup(_profile(page, profile, i)) for i in range(len(profile.panels))]
    figures["key"] = Markup(_key(page))
    return figures


def _curve(page: Page, data: CurvesData, index: int) -> str:
    figure, ax = single(LINES)
    draw_curve_panel(data, index, ax)
    panel = data.panels[index]
    described = "; ".join(filter(None, (panel.score, panel.losses, panel.note)))
    return page.inline(figure, f"Training loss of {panel.name} by epoch", described)


def _profile(page: Page, data: ProfileData, index: int) -> str:
    figure, ax = single()
    draw_profile_panel(data, index, ax)
    panel = data.panels[index]
    parts = []
    if panel.dead is not None:
        parts.append("dead units at the end, by layer: " + ", ".join(f"{100 * v:.1f} %" for v in panel.dead[-1]))
    if panel.gradient is not None:
        parts.append("gradient at the end, by layer: " + ", ".join(f"{v:.2g}" for v in panel.gradient[-1]))
    return page.inline(figure, f"Layers of {panel.name}", "; ".join(parts) or "nothing recorded")


def _key(page: Page) -> str:
    figure = new_figure(3.2, 0.3)
    draw_key(figure.add_axes((0, 0, 1, 1)))
    return page.inline(figure, "Key", "three lines a panel: the start, the middle and the end of training")
