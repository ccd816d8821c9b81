"""The numbers behind a report, as JSON inside the page and as CSV to take away."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any
from urllib.parse import quote

import numpy as np

from nonlin.visualization.curves import CurvesData
from nonlin.visualization.profile import ProfileData

SCHEMA = 1


def report_data(comparison: Any, what: dict[str, str], curves: CurvesData, profile: ProfileData) -> dict[str, Any]:
    """All that the report shows, as plain numbers in the units of `Comparison.table()` (greater is better)."""
    return {
        "schema": SCHEMA,
        "verdict": comparison.verdict,
        "what_was_run": what,
        "scoring": str(comparison.scoring),
        "reference": comparison.reference,
        "practical_margin": comparison.practical_margin,
        "alpha": comparison.alpha,
        "baseline": comparison.baseline,
        "table": {str(arm): line for arm, line in comparison.table().to_dict(orient="index").items()},
        "runs": [_run(run) for run in comparison.runs],
        "curves": {
            p.name: {"epoch": p.epochs, "median": p.median, "low": p.low, "high": p.high, "validation": p.validation}
            for p in curves.panels
        },
        "profile": {p.name: {"dead_share": p.dead, "gradient_norm": p.gradient} for p in profile.panels},
    }


def _run(run: Any) -> dict[str, Any]:
    score = float(np.mean(run.scores, dtype=np.float64)) if run.status == "finished" else None
    return {
        "arm": run.arm,
        "repeat": run.repeat,
        "fold": run.fold,
        "status": run.status,
        "message": run.message,
        "score": score,
        "fit_seconds": run.fit_seconds,
    }


def script_json(data: Any) -> str:
    """JSON that can stand inside `<script>`: no character that HTML could take for markup, no NaN.

    >>> script_json({"a": "</script>", "b": float("nan")})
    '{"a":"\\\\u003c/script\\\\u003e","b":null}'
    """
    text = json.dumps(_plain(data), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value: Any) -> Any:
    """Python's own types, numbers to six digits; what JSON has no word for (NaN, infinity) becomes null."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.6g}") if isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def csv_address(comparison: Any) -> str:
    """The comparison's table as a `data:` address that a browser saves as a CSV file, without a server."""
    return "data:text/csv;charset=utf-8," + quote(comparison.table().to_csv(index_label=comparison.parameter))
