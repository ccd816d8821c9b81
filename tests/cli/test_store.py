"""A store in which nothing was stored does not stay behind."""

from __future__ import annotations

import sqlite3

import pytest

COMMAND = ("compare", "iris", "--activations", "relu,tanh", "--repeats", "1", "--folds", "2", "--epochs", "1")
KEPT = (*COMMAND, "--workers", "1", "--store", "study.db", "--no-report")


@pytest.fixture
def failing(monkeypatch):
    """Let the trainings of some activations run out of memory."""
    from nonlin.nn import MLPClassifier

    fit = MLPClassifier.fit

    def fail_for(*names):
        def unforeseen(model, X, y, *rest):
            if getattr(model.activation, "name", None) in names:
                raise MemoryError("no room")
            return fit(model, X, y, *rest)

        monkeypatch.setattr(MLPClassifier, "fit", unforeseen)

    return fail_for


def test_what_was_not_foreseen_leaves_no_empty_store(nonlin, failing, tmp_path):
    failing("relu", "tanh")
    result = nonlin(*KEPT)
    assert result.code == 2
    assert "nonlin: MemoryError: no room" in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_store_with_a_training_in_it_stays(nonlin, failing, tmp_path):
    failing("tanh")
    assert nonlin(*KEPT).code == 2
    with sqlite3.connect(tmp_path / "study.db") as store:
        assert store.execute("SELECT DISTINCT arm FROM runs").fetchall() == [("relu",)]
    store.close()


def test_a_store_that_was_there_stays(nonlin, failing, tmp_path):
    (tmp_path / "study.db").touch()  # an empty file is an empty database
    failing("relu", "tanh")
    assert nonlin(*KEPT).code == 2
    assert (tmp_path / "study.db").exists()


def test_interrupted_before_the_first_training_says_that_nothing_is_kept(nonlin, monkeypatch, tmp_path):
    monkeypatch.setattr("nonlin.cli.comparing.rehearse", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    result = nonlin(*KEPT)
    assert result.code == 130
    assert result.err == "nonlin: interrupted after 0 of 4 trainings; nothing is kept yet\n"
    assert list(tmp_path.iterdir()) == []
