"""`nonlin compare --losses` from the table to the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

QUICK = ("--repeats", "2", "--folds", "3", "--epochs", "5", "--hidden", "8")


@pytest.fixture
def visits(tmp_path):
    """Counts that depend on a column, a temperature with its sign, and three classes."""
    random = np.random.default_rng(7)
    risk = random.normal(size=120)
    frame = pd.DataFrame(
        {
            "risk": risk,
            "visits": random.poisson(20 * np.exp(0.3 * risk)),
            "temperature": 10 * risk,
            "stage": np.digitize(risk, [-0.5, 0.5]),
        }
    )
    frame.to_csv(tmp_path / "visits.csv", index=False)
    return "visits.csv"


def test_regression(nonlin, visits, tmp_path):
    options = ("--target", "visits", "--task", "regression", "--losses", "huber,mse,poisson_nll,msle")
    result = nonlin("compare", visits, *options, *QUICK)
    assert result.code == 0, result.err
    out = " ".join(result.out.split())
    assert "4 losses x 2 repeats x 3 folds = 24 trainings, hidden layers of 8 relu" in out
    assert "Judged by mean absolute error and not by R², as that rewards the mean, which mse and poisson_nll are" in out
    lines = [line.split() for line in result.out.splitlines()]
    assert ["loss", "mean", "absolute", "error"] in [line[:4] for line in lines]
    assert {"huber", "mse", "poisson_nll", "msle"} <= {line[0] for line in lines if line}
    assert "mse" in next(line for line in lines if line[-1:] == ["reference"])
    report = (tmp_path / "nonlin-report.html").read_text(encoding="utf-8")
    assert "Judged by mean absolute error" in report


def test_classification_with_another_activation_and_reference(nonlin, visits):
    options = ("--target", "stage", "--task", "classification", "--losses", "hinge,focal", "--reference", "hinge")
    result = nonlin("compare", visits, *options, "--activations", "tanh", "--no-report", *QUICK)
    assert result.code == 0, result.err
    assert "hidden layers of 8 tanh" in " ".join(result.out.split())
    assert "Judged by accuracy, as hinge gives no probabilities." in " ".join(result.out.split())
    assert "better than hinge by" in result.out


def test_a_store_goes_on(nonlin, visits):
    command = ("compare", visits, "--target", "temperature", "--task", "regression", "--losses", "mse,mae")
    first = nonlin(*command, *QUICK, "--store", "study.db", "--no-report")
    again = nonlin(*command, *QUICK, "--store", "study.db", "--no-report")
    assert first.code == again.code == 0, first.err
    table = [result.out.split("hit rate in %")[0].split("Judged")[1] for result in (first, again)]
    assert table[0] == table[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--target", "temperature", "--losses", "mse,poisson_nll"),
            "targets of poisson_nll must be numbers from 0, got -",
        ),
        (("--target", "visits", "--losses", "mse,cosine_similarity"), "'cosine_similarity' compares rows of several"),
        (("--target", "visits", "--losses", "mse,hinge"), "loss 'hinge' is for classification, not for regression"),
        (("--target", "visits", "--losses", "mse,huber", "--reference", "mea"), "unknown loss 'mea'; did you mean"),
        (("--target", "visits", "--losses", "mse,huber", "--activations", "gleu"), "did you mean 'gelu'?"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_work(refused, visits, options, said):
    assert said in refused("compare", visits, "--task", "regression", *options)
