"""Threads for trainings: no activation pays for the features that all of them share."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

import nonlin as nl
from nonlin.cli import features
from nonlin.cli.features import TableFeatures
from nonlin.cli.threads import FeaturesFirst
from nonlin.errors import InputError

SLOWLY = 0.3
N = 60


def compare(X, **options):
    y = np.arange(N) % 2
    model = Pipeline([("features", TableFeatures()), ("model", LogisticRegression())])
    settings = {"parameter": "model__C", "values": [0.1, 1.0, 10.0], "repeats": 2, "folds": 2}
    return nl.compare(model, X, y, **settings | options)


def table(seed):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(N, 3)), columns=list("abc"))


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_activation_is_not_charged_for_the_features(monkeypatch, workers):
    learn, apply = features._Encoding.learn.__func__, features._Encoding.apply

    def slow(step):
        return lambda *arguments: time.sleep(SLOWLY) or step(*arguments)

    monkeypatch.setattr(features._Encoding, "learn", classmethod(slow(learn)))
    monkeypatch.setattr(features._Encoding, "apply", slow(apply))
    began = time.perf_counter()
    with FeaturesFirst(workers, before_all=lambda: None) as threads:
        runs = compare(table(workers), executor=threads).runs
    assert time.perf_counter() - began > 2 * SLOWLY  # it was slow, and yet:
    assert len(runs) == 12
    assert max(run.fit_seconds for run in runs) < SLOWLY
    assert max(run.score_seconds for run in runs) < SLOWLY


def test_the_scores_are_those_of_any_other_executor():
    with FeaturesFirst(2, before_all=lambda: None) as threads:
        ours = compare(table(7), executor=threads).table()
    theirs = compare(table(7)).table()
    assert ours["score"].tolist() == theirs["score"].tolist()


def test_what_must_be_ready_is_made_once_and_only_if_something_is_to_be_trained(tmp_path):
    calls = []
    for _ in range(2):  # the second time everything is in the store
        with FeaturesFirst(2, before_all=lambda: calls.append(1)) as threads:
            compare(table(8), executor=threads, store=tmp_path / "study.db")
    assert calls == [1]
    with FeaturesFirst(2, before_all=lambda: calls.append(2)) as threads, pytest.raises(InputError):
        compare(table(8), executor=threads, scoring="r3")
    assert calls == [1]


def test_what_cannot_be_encoded_is_told_by_the_run():
    with FeaturesFirst(1, before_all=lambda: None) as threads, pytest.raises(InputError, match="no column varies"):
        compare(pd.DataFrame({"a": np.ones(N)}), executor=threads)
