"""The ranking: natural units, the direction that is better, and digits that carry information."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from nonlin.cli.summary import print_summary, ranking

COLUMNS = ("score", "low", "high", "difference", "difference_low", "difference_high", "verdict", "runs", "diverged")
NONE = np.nan


def comparison(scoring, rows, **more):
    table = pd.DataFrame(rows, index=list(COLUMNS)).T.assign(**more)
    told = {"reference": "relu", "verdict": "gelu is better than relu.", "parameter": "network__activation"}
    return SimpleNamespace(table=lambda: table, scoring=scoring, alpha=0.05, practical_margin=0.01, **told)


LOSSES = {
    "relu": (-0.5, -0.6, -0.4, NONE, NONE, NONE, "reference", 25, 0),
    "gelu": (-0.25, -0.35, -0.15, 0.25, 0.2, 0.3, "better", 25, 0),
}


def test_losses_are_positive_and_lower_is_better():
    headers, rows = ranking(comparison("neg_log_loss", LOSSES, accuracy=[0.75, 0.875]))
    assert headers == ("activation", "log loss [interval]", "better than relu by", "accuracy", "verdict")
    assert rows == [
        ("gelu", "0.25 [0.15, 0.35]", "+0.25 [+0.20, +0.30]", "87.5 %", "better"),
        ("relu", "0.50 [0.40, 0.60]", "", "75.0 %", "reference"),
    ]


def test_small_differences_keep_their_digits():
    arms = LOSSES | {"elu": (-0.503, -0.6, -0.4, -0.003, -0.004, -0.002, "practically equal", 25, 0)}
    arms["gelu"] = (-0.497, -0.6, -0.4, 0.003, 0.002, 0.004, "practically equal", 25, 0)
    _, rows = ranking(comparison("neg_log_loss", arms))
    assert [row[2] for row in rows] == ["+0.0030 [+0.0020, +0.0040]", "", "−0.0030 [−0.0040, −0.0020]"]  # noqa: RUF001


def test_accuracies_are_percentages_and_diverged_runs_are_shown():
    arms = {
        "relu": (0.9, 0.85, 0.95, NONE, NONE, NONE, "reference", 25, 0),
        "gelu": (0.5, 0.3, 0.7, -0.4, -0.5, -0.3, "worse", 25, 3),
    }
    headers, rows = ranking(comparison("accuracy", arms, accuracy=[0.9, 0.5]))
    assert "accuracy" not in headers
    assert headers[1] == "accuracy [interval]"
    assert rows[0][:2] == ("relu", "90 [85, 95]")
    assert rows[1][-2:] == ("3 of 25", "worse")


def test_a_single_repeat_has_no_intervals():
    arms = {name: (row[0], NONE, NONE, row[3], NONE, NONE, *row[6:]) for name, row in LOSSES.items()}
    _, rows = ranking(comparison("neg_log_loss", arms))
    assert rows[0][1:3] == ("0.250", "+0.250")


def test_the_sentence_comes_first_and_the_direction_is_told(capsys):
    print_summary(comparison("neg_log_loss", LOSSES))
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0] == "gelu is better than relu."
    assert lines[-1] == "log loss: lower is better; [intervals] at 95 %."


UNDECIDED = {"leaky_relu": (-0.52, -0.601, -0.4, -0.02, -0.0254, 0.0152, "not enough evidence", 25, 0)}


@pytest.mark.parametrize(
    ("columns", "kept", "left_out"),
    [
        (100, {"accuracy", "87.5", "[0.150, 0.350]", "not enough evidence"}, {"verdict: better"}),
        (70, {"[0.150, 0.350]", "[+0.200, +0.300]", "not enough", "leaky_relu"}, {"accuracy", "verdict: better"}),
        (
            60,
            {"accuracy: 87.5 %", "[+0.200, +0.300]", "verdict: not enough evidence", "better than relu by: +0.250"},
            set(),
        ),
        (24, {"leaky_relu", "verdict: better", "87.5 %"}, set()),
    ],
)
def test_a_narrow_terminal_loses_no_number(capsys, monkeypatch, columns, kept, left_out):
    monkeypatch.setattr("nonlin.cli.output.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    print_summary(comparison("neg_log_loss", LOSSES | UNDECIDED, accuracy=[0.75, 0.875, 0.75]))
    out = capsys.readouterr().out
    assert "…" not in out
    assert all(text in out for text in kept)
    assert not any(text in out for text in left_out)
    if columns > 40:
        assert max(map(len, out.splitlines())) <= columns


def test_a_terminal_of_80_columns_has_room_for_everything(capsys, monkeypatch):
    monkeypatch.setattr("nonlin.cli.output.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    arms = LOSSES | {"leaky_relu": (-0.52, -0.6, -0.4, -0.02, -0.054, 0.052, "not enough evidence", 25, 0)}
    print_summary(comparison("neg_log_loss", arms, accuracy=[0.75, 0.875, 0.75]))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    words = out.split()
    assert all(word in words for word in ("leaky_relu", "[0.40,", "87.5", "accuracy", "verdict", "evidence", "better"))
