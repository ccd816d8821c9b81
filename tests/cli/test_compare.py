"""`nonlin compare` from the table to the report."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import nonlin as nl

QUICK = ("--repeats", "2", "--folds", "3", "--epochs", "5", "--hidden", "8")


@pytest.fixture
def patients(tmp_path):
    """A table with text, dates, gaps and a constant; the outcome depends on age and colour."""
    random = np.random.default_rng(7)
    n = 120
    age = random.uniform(20, 80, n)
    colour = random.choice(["red", "blue"], n)
    frame = pd.DataFrame(
        {
            "age": np.where(random.random(n) < 0.1, np.nan, age),
            "colour": colour,
            "visit": pd.date_range("2021-03-01", periods=n).astype(str),
            "clinic": "north",
            "outcome": np.where(age + 20 * (colour == "red") > 60, "ill", "well"),
            "cost": 1e5 + 1000 * age,
        }
    )
    frame.to_csv(tmp_path / "patients.csv")
    return "patients.csv"


def rows_of(out):
    """The ranking, first word of each line that ends in a verdict -> the line."""
    verdicts = ("reference", "better", "practically equal", "worse", "not enough evidence")
    return {
        line.split()[0]: line
        for line in out.splitlines()
        if line.endswith(verdicts) and line.split()[0] in nl.activations()
    }


def test_classification(nonlin, patients, tmp_path):
    result = nonlin("compare", patients, "--target", "outcome", "--drop", "cost", *QUICK)
    assert result.code == 0, result.err
    assert all(line.startswith(("Compiling", *map(str, range(1, 10)))) for line in result.err.splitlines())  # progress
    assert "Task:   classification (it holds text; --task regression for the other)" in result.out
    assert "Unused: clinic (the same in every row)" in result.out
    assert "Unused: Unnamed: 0 (the numbers of the rows)" in result.out
    assert "120 rows, 4 columns to learn 'outcome' from" in result.out
    assert "8 activations x 2 repeats x 3 folds = 48 trainings" in result.out
    assert "log loss: lower is better" in result.out
    assert set(rows_of(result.out)) == {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softplus"}
    assert rows_of(result.out)["relu"].endswith("reference")
    assert f"Again:  nonlin compare {patients} --target outcome" in result.out
    report = (tmp_path / "nonlin-report.html").read_text(encoding="utf-8")
    assert "patients.csv" in report
    assert f"nonlin compare {patients} --target outcome --drop cost {' '.join(QUICK)} --seed 0" in report
    assert "MLPClassifier" in report


def test_a_report_in_the_place_of_another_is_told(nonlin, patients):
    command = ("compare", patients, "--target", "outcome", "--activations", "relu,tanh", *QUICK)
    assert "Report: nonlin-report.html\n" in nonlin(*command).out
    assert "Report: nonlin-report.html (in place of the one that was there)\n" in nonlin(*command).out


def test_a_class_named_none_is_a_class(nonlin, patients, tmp_path):
    frame = pd.read_csv(tmp_path / patients, index_col=0)
    frame["outcome"] = frame["outcome"].replace("well", "None")
    frame.to_csv(tmp_path / "named.csv")
    result = nonlin("compare", "named.csv", "--target", "outcome", "--activations", "relu,tanh", "--no-report", *QUICK)
    assert result.code == 0, result.err
    assert "Note:   'None' in 'outcome' is a class here; only empty cells are missing" in result.out


def test_regression_is_scored_in_the_targets_own_units(nonlin, patients):
    options = ("--scoring", "neg_mean_absolute_error", "--activations", "relu,identity", "--no-report", *QUICK)
    out = nonlin("compare", patients, "--target", "cost", "--drop", "outcome,colour,visit", *options).out
    assert "Task:   regression (it holds 120 different numbers" in out
    error = float(rows_of(out)["identity"].split()[1].replace(",", ""))
    assert 10 < error < 1e5  # costs spread over 60,000; a standardised target would give an error below 1


def test_the_same_seed_gives_the_same_ranking_with_any_number_of_workers(nonlin, patients):
    command = ("compare", patients, "--target", "outcome", "--activations", "relu,tanh", "--no-report", *QUICK)
    one, two = (rows_of(nonlin(*command, "--workers", workers).out) for workers in (1, 2))
    assert one == two
    assert rows_of(nonlin(*command, "--seed", "1").out) != one


def test_no_report_writes_nothing(nonlin, patients, tmp_path):
    before = set(tmp_path.iterdir())
    assert nonlin("compare", patients, "--target", "outcome", "--no-report", *QUICK).code == 0
    assert set(tmp_path.iterdir()) == before


def test_the_reference_and_the_loss_can_be_chosen(nonlin, patients):
    options = ("--activations", "relu,elu", "--reference", "mish", "--loss", "binary_cross_entropy", "--no-report")
    out = nonlin("compare", patients, "--target", "outcome", *options, *QUICK).out
    assert set(rows_of(out)) == {"relu", "elu", "mish"}
    assert rows_of(out)["mish"].endswith("reference")


def test_an_interrupted_comparison_goes_on_where_it_was(nonlin, patients, monkeypatch):
    command = ("compare", patients, "--target", "outcome", "--no-report", *QUICK)
    whole = rows_of(nonlin(*command).out)

    from nonlin.cli import progress

    class Impatient(progress._Lines):
        def update(self, progress):
            if progress.done == 20:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nonlin.cli.comparing.display", Impatient)
        stopped = nonlin(*command, "--store", "study.db")
        lost = nonlin(*command)
    assert stopped.code == lost.code == 130
    assert re.fullmatch(r"nonlin: interrupted after 20 of 48 trainings; they are kept in study\.db, .*\n", stopped.err)
    assert "nothing is kept" in lost.err
    resumed = nonlin(*command, "--store", "study.db")
    assert resumed.code == 0
    assert rows_of(resumed.out) == whole
