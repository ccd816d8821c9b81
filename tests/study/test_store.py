"""The store: resuming, reuse, and the refusals that come before any training."""

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

import nonlin
from nonlin.errors import InputError
from nonlin.study import compare

LOCK = threading.Lock()
X, Y = load_iris(return_X_y=True)


class Counting(ClassifierMixin, BaseEstimator):
    """A decision tree that counts its fits, has a history, and can break off the whole comparison."""

    fits = 0
    allowed = 10**9

    def __init__(self, max_depth=1, criterion="gini", random_state=None):
        self.max_depth, self.criterion, self.random_state = max_depth, criterion, random_state

    def fit(self, X, y):
        with LOCK:
            if Counting.fits >= Counting.allowed:
                raise KeyError("broken off")
            Counting.fits += 1
        self.tree = DecisionTreeClassifier(max_depth=self.max_depth, criterion=self.criterion, random_state=0).fit(X, y)
        self.classes_ = self.tree.classes_
        self.history_ = {"loss": np.array([1.0, np.nan, 0.25]), "dead_share": np.zeros((3, 2), np.float32)}
        if self.max_depth == 4:
            raise FloatingPointError("overflow in layer 1")
        return self

    def predict(self, X):
        return self.tree.predict(X)

    def predict_proba(self, X):
        return self.tree.predict_proba(X)


@pytest.fixture(autouse=True)
def _count_from_zero(monkeypatch):
    monkeypatch.setattr(Counting, "fits", 0)
    monkeypatch.setattr(Counting, "allowed", 10**9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


def compared(store, *, model=None, data=(X, Y), **options):
    settings = {"parameter": "max_depth", "values": [1, 2, 4], "repeats": 2, "folds": 3, **options}
    return compare(model or Counting(), *data, store=store, **settings)


def rows_of(path, columns="*"):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {columns} FROM runs ORDER BY arm, repeat, fold").fetchall()


TIMELESS = "arm, value, repeat, fold, seed, status, message, score, metrics, scores, history, convergence_warnings"


def key_of(run):
    return run.arm, run.repeat, run.fold


def test_restored_runs_are_the_runs_that_were_made(path):
    made, restored = compared(path), compared(path)
    assert Counting.fits == 18
    pd.testing.assert_frame_equal(restored.table(), made.table())  # times too: they come from the store
    for old, new in zip(made.runs, restored.runs, strict=True):
        assert key_of(old) == key_of(new)
        assert (old.status, old.message, old.metrics) == (new.status, new.message, new.metrics)
        assert new.scores.dtype == np.float32
        np.testing.assert_array_equal(new.scores, old.scores)
        np.testing.assert_array_equal(new.test_indices, old.test_indices)
        assert new.history.keys() == {"loss", "dead_share"}
        np.testing.assert_array_equal(new.history["loss"], [1.0, np.nan, 0.25])
        assert new.history["dead_share"].dtype == np.float32
    assert [run.status for run in restored.runs].count("diverged") == 6


def test_a_comparison_that_was_broken_off_goes_on_where_it_was(path):
    whole = compared(None)
    Counting.fits, Counting.allowed = 0, 7
    with pytest.raises(KeyError):
        compared(path)
    finished = len(rows_of(path))
    assert finished == 7, "runs that had begun when one failed are kept"
    Counting.fits, Counting.allowed = 0, 10**9
    seen = []
    resumed = compared(path, on_run=lambda progress: seen.append((progress.done, progress.restored)))
    assert Counting.fits == 18 - finished
    assert seen == [(done, finished) for done in range(finished + 1, 19)]
    times = ["fit_seconds", "score_seconds"]
    pd.testing.assert_frame_equal(resumed.table().drop(columns=times), whole.table().drop(columns=times))
    assert (resumed.verdict, resumed.baseline) == (whole.verdict, whole.baseline)


def test_the_store_is_deterministic_but_for_times(path, tmp_path):
    compared(path, values=[1, 2, 4])
    compared(tmp_path / "other.db", values=[4, 2, 1], reference=1)
    assert rows_of(path, TIMELESS) == rows_of(tmp_path / "other.db", TIMELESS)


def test_arms_and_repeats_added_later_use_what_is_there(path):
    compared(path, values=[1, 2], repeats=1)
    assert Counting.fits == 6
    compared(path, values=[1, 2, 3], repeats=2)
    assert Counting.fits == 18
    compared(path, values=[3, 1], repeats=1, reference=1, alpha=0.2, practical_margin=0.1)
    assert Counting.fits == 18


class Depth:
    """As a user's own definition: a name that stays, and expressions that say what it computes."""

    def __init__(self, name, depth):
        self.name, self.depth = name, depth

    def expressions(self, part):
        return (f"{part} {self.depth}",)


class ByDefinition(Counting):
    """A tree whose depth is a definition's."""

    def fit(self, X, y):
        definition, self.max_depth = self.max_depth, self.max_depth.depth
        super().fit(X, y)
        self.max_depth = definition
        return self


def test_a_definition_that_changed_under_its_name_is_trained_again(path):
    def compared_with(depth):
        values = [Depth("one", 1), Depth("mine", depth)]
        return compare(ByDefinition(), X, Y, parameter="max_depth", values=values, repeats=1, folds=3, store=path)

    before = compared_with(2)
    assert Counting.fits == 6
    assert compared_with(2).table()["score"].equals(before.table()["score"])
    assert Counting.fits == 6
    after = compared_with(3)
    assert Counting.fits == 9, "the one that changed, and no other"
    assert after.table().loc["one", "score"] == before.table().loc["one", "score"]
    assert after.table().loc["mine", "score"] != before.table().loc["mine", "score"]


def test_seeds_of_the_given_estimator_do_not_matter(path):
    compared(path)
    compared(path, model=Counting(max_depth=9, random_state=3))
    assert Counting.fits == 18


def test_the_store_can_be_read_while_it_is_written(path):
    seen = []

    def look(progress):
        with closing(sqlite3.connect(path)) as connection:
            seen.append(connection.execute("SELECT count(*), avg(score) FROM runs").fetchone())

    compared(path, values=[1, 2], on_run=look)
    assert [count for count, _ in seen] == list(range(1, 13))


def test_a_failing_progress_report_loses_no_run(path):
    def fail(progress):
        if progress.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compared(path, on_run=fail)
    assert len(rows_of(path)) == 5
    compared(path)
    assert len(rows_of(path)) == 18


def test_rows_hold_no_pickle(path):
    compared(path)
    for scores, history in rows_of(path, "scores, history"):
        assert scores is None or scores[:2] == b"PK", "a zip of .npy files"
        assert history[:2] == b"PK"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": (X + 1e-9, Y)}, r"was written for other data \(X or y differ\); choose another path"),
        ({"data": (X, Y[::-1])}, "was written for other data"),
        ({"model": Counting(criterion="entropy")}, r"other settings \(criterion 'gini', now 'entropy'\)"),
        (
            {"model": DecisionTreeClassifier()},
            r"other settings \(estimator .*Counting, now sklearn.*; splitter None, now",
        ),
        ({"folds": 4}, r"\(folds 3, now 4\)"),
        ({"random_state": 1}, r"\(random_state 0, now 1\)"),
        ({"scoring": "accuracy"}, r"\(scoring neg_log_loss, now accuracy\)"),
        ({"folds": 4, "random_state": 9}, r"\(folds 3, now 4; random_state 0, now 9\)"),
        ({"parameter": "criterion", "values": ["gini", "entropy"]}, r"parameter max_depth, now criterion"),
    ],
)
def test_a_store_for_something_else_is_refused_and_left_alone(path, change, message):
    compared(path)
    before = rows_of(path)
    with pytest.raises(InputError, match=message):
        compared(path, **change)
    assert Counting.fits == 18, "refused before any training"
    assert rows_of(path) == before


def test_a_store_without_runs_binds_nobody(path):
    Counting.allowed = 0
    with pytest.raises(KeyError):
        compared(path)
    Counting.allowed = 10**9
    assert len(compared(path, folds=2, random_state=7).runs) == 12


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("nonlin", "9.4", "written by nonlin 9.4, this is " + ".".join(nonlin.__version__.split(".")[:2])),
        ("schema", "0", "written by store format 0, this is 1"),
    ],
)
def test_another_version_is_refused(path, name, value, message):
    compared(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = ?", (value, name))
    with pytest.raises(InputError, match=message):
        compared(path)


def test_a_patch_release_is_the_same_version(path, monkeypatch):
    compared(path)
    monkeypatch.setattr(nonlin, "__version__", ".".join([*nonlin.__version__.split(".")[:2], "99"]))
    compared(path)
    assert Counting.fits == 18


def not_a_database(path):
    path.write_bytes(b"id,name\n1,iris\n" * 100)


def somebody_elses(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE songs (title TEXT)")


def somebody_elses_with_our_names(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript("CREATE TABLE meta (name, value); CREATE TABLE runs (x)")


@pytest.mark.parametrize("make", [not_a_database, somebody_elses, somebody_elses_with_our_names])
def test_what_is_not_a_store_is_refused_and_left_alone(path, make):
    make(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="is not a store of nonlin; choose another path"):
        compared(path)
    assert path.read_bytes() == before
    assert Counting.fits == 0


def test_paths_that_cannot_be_written_are_refused_before_any_training(tmp_path):
    (tmp_path / "file").touch()
    for path, message in [
        (tmp_path / "nowhere" / "study.db", "there is no folder '.*nowhere'; make it or choose another path"),
        (tmp_path, "is a folder; give the path of a file"),
        (tmp_path / "file" / "study.db", "there is no folder"),
        (Path("/proc/study.db"), r"cannot be used \(unable to open database file\); choose another path"),
    ]:
        with pytest.raises(InputError, match=message):
            compared(path)
    assert Counting.fits == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anything")
def test_a_file_that_may_only_be_read_is_refused(path):
    compared(path)
    path.chmod(0o444)
    with pytest.raises(InputError, match="cannot be used"):
        compared(path)


def test_a_store_locked_by_another_process_is_refused(path, monkeypatch):
    monkeypatch.setattr("nonlin.study.store._PATIENCE", 0.05)
    compared(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputError, match=r"cannot be used \(database is locked\); choose another path"):
            compared(path)


def test_a_store_that_fails_midway_says_how_to_go_on(path):
    def drop(progress):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE runs RENAME TO gone")

    with pytest.raises(
        InputError, match=r"cannot be written any more \(no such table: runs\); mend that and run again"
    ):
        compared(path, on_run=drop)


def test_an_empty_file_becomes_a_store(path):
    path.touch()
    compared(path)
    assert len(rows_of(path)) == 18


def test_bad_input_leaves_no_file(path):
    with pytest.raises(InputError):
        compared(path, values=[1])
    assert not path.exists()
