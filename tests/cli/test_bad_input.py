"""Everything that a user can get wrong in `nonlin compare`: one clear sentence, exit code 2, nothing written."""

from __future__ import annotations

import sqlite3

import numpy as np
import pandas as pd
import pytest

N = 40
GOOD = pd.DataFrame(
    {
        "age": np.linspace(20, 80, N),
        "dose": np.random.default_rng(0).normal(size=N),
        "outcome": ["well", "ill"] * (N // 2),
        "stage": np.arange(N) % 3,
        "pressure": np.random.default_rng(1).normal(size=N),
    }
)
QUICK = ("--repeats", "1", "--folds", "2", "--epochs", "1", "--activations", "relu,tanh")


@pytest.fixture
def table(tmp_path):
    """Write a table as patients.csv, with some columns replaced."""

    def write(**columns):
        GOOD.assign(**columns).to_csv(tmp_path / "patients.csv", index=False)
        return "patients.csv"

    return write


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("patient.csv", "DATA 'patient.csv': there is no such file or bundled data set; did you mean 'patients.csv'?"),
        ("breast_cancr", "did you mean 'breast_cancer'?"),
        ("folder", "DATA 'folder' is a directory; expected a file in it"),
        ("empty.csv", "DATA 'empty.csv' is an empty file"),
        ("garbled.csv", "DATA 'garbled.csv' is no readable table: line 3 has 3 fields where 2 were expected"),
    ],
)
def test_data(refused, table, tmp_path, data, said):
    table()
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "garbled.csv").write_text("a,b\n1,2\n1,2,3\n")
    assert said in refused("compare", data, "--target", "outcome")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--target is missing: name the column of 'patients.csv' to learn (age, dose, outcome, stage, pressure)"),
        (["--target", "outcom"], "unknown --target 'outcom'; did you mean 'outcome'?"),
        (["--target", "outcome", "--task", "regression"], "--task regression needs numbers"),
        (["--target", "outcome", "--task", "ranking"], "unknown --task 'ranking'"),
        (["--target", "outcome", "--drop", "aeg"], "unknown --drop column 'aeg'; did you mean 'age'?"),
        (["--target", "outcome", "--activations", "relu,gleu"], "unknown activation 'gleu'; did you mean 'gelu'?"),
        (["--target", "outcome", "--activations", "relu,step"], "activation 'step' cannot learn"),
        (["--target", "outcome", "--activations", "relu,softmax"], "activation 'softmax' works on whole rows"),
        (["--target", "outcome", "--activations", "relu,swiglu"], "activation 'swiglu' works on two halves of a row"),
        (["--target", "outcome", "--reference", "gleu"], "unknown activation 'gleu'"),
        (["--target", "outcome", "--loss", "crossentropy"], "unknown loss 'crossentropy'"),
        (["--target", "outcome", "--loss", "mse"], "loss 'mse' is for regression, not for classification; choose one"),
        (
            ["--target", "pressure", "--loss", "cross_entropy"],
            "'cross_entropy' is for classification, not for regression",
        ),
        (["--target", "outcome", "--losses", "hinge,mse"], "loss 'mse' is for regression, not for classification"),
        (["--target", "pressure", "--losses", "mse,hubert"], "unknown loss 'hubert'; did you mean 'huber'?"),
        (["--target", "pressure", "--losses", "mse"], "--losses 'mse' names one loss; expected at least two"),
        (["--target", "pressure", "--losses", "mse,MSELoss"], "--losses lists 'mse' twice, as 'mse' and as 'MSELoss'"),
        (["--target", "pressure", "--losses", "mse,mae", "--loss", "mse"], "--loss 'mse' and --losses 'mse,mae' are"),
        (["--target", "pressure", "--losses", "mse,max_error"], "loss 'max_error' is a metric: it has no gradient"),
        (
            ["--target", "pressure", "--losses", "mse,mae", "--activations", "relu,tanh"],
            "names 2 activations beside --losses; losses are compared with one",
        ),
        (["--target", "pressure", "--scoring", "accuracy"], "accuracy"),
        (["--target", "outcome", "--scoring", "acuracy"], "did you mean 'accuracy'?"),
        (
            ["--target", "outcome", "--folds", "21"],
            "of target 'outcome' has 20 rows, fewer than the 21 folds; lower --folds to 20",
        ),
        (["--target", "outcome", "--hidden", "64,0"], "--hidden '64,0': '0' is no layer size"),
        (["--target", "outcome", "--hidden", ""], "--hidden ''"),
        (["--target", "outcome", "--folds", "1"], "'1' is no whole number of at least 2"),
        (["--target", "outcome", "--repeats", "0"], "'0' is no whole number of at least 1"),
        (["--target", "outcome", "--epochs", "-5"], "'-5' is no whole number of at least 1"),
        (["--target", "outcome", "--workers", "0"], "'0' is no whole number of at least 1"),
        (["--target", "outcome", "--margin", "-0.1"], "'-0.1' is no number of at least 0"),
        (["--target", "outcome", "--report", "nowhere/report.html"], "--report 'nowhere/report.html'"),
        (["--target", "outcome", "--report", "."], "--report '.' is a directory"),
        (["--target", "outcome", "--store", "nowhere/study.db"], "--store 'nowhere/study.db'"),
        (["--target", "outcome", "--store", "patients.csv"], "patients.csv"),
        (["--target", "outcome", "--store", "x", "--report", "x"], "--store and --report are both 'x'"),
    ],
)
def test_options(refused, table, options, said):
    assert said in refused("compare", table(), *options)


@pytest.mark.parametrize(
    ("columns", "target", "said"),
    [
        ({"outcome": "well"}, "outcome", "target 'outcome' has the single class 'well'"),
        ({"outcome": ["well"] * (N - 3) + ["ill"] * 3}, "outcome", "class 'ill' of target 'outcome' has 3 rows"),
        ({"dose": np.nan}, "outcome", "column 'dose' has no value in any row"),
        ({"pressure": [np.nan, *range(N - 1)]}, "pressure", "target 'pressure' is missing in 1 of 40 rows"),
        ({"pressure": [np.inf, *range(N - 1)]}, "pressure", "target 'pressure' is infinite in 1 of 40 rows"),
        ({"dose": [np.inf, *range(N - 1)]}, "outcome", "column 'dose' is infinite"),
    ],
)
def test_columns(refused, table, columns, target, said):
    assert said in refused("compare", table(**columns), "--target", target)


def test_a_report_whose_name_is_taken_by_a_directory(refused, table, tmp_path):
    folder = tmp_path / "taken.html"
    folder.mkdir()
    assert "taken.html" in refused("compare", table(), "--target", "outcome", "--report", "taken.html")


def test_a_store_of_other_data(nonlin, refused, table):
    assert nonlin("compare", table(), "--target", "outcome", *QUICK, "--store", "study.db").code == 0
    assert "study.db" in refused("compare", table(age=1.0), "--target", "outcome", *QUICK, "--store", "study.db")


def test_a_store_of_another_version(nonlin, refused, table, tmp_path):
    command = ("compare", table(), "--target", "outcome", *QUICK, "--store", "study.db", "--no-report")
    assert nonlin(*command).code == 0
    with sqlite3.connect(tmp_path / "study.db") as store:
        assert store.execute("UPDATE meta SET value = '0.0.1' WHERE name = 'nonlin'").rowcount == 1
    store.close()
    assert "study.db" in refused(*command)
