"""Threads for trainings: no activation pays for the features that all of them share."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

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
from nonlin.study import execution

N = 60


def compare(X, **options):
    y = np.arange(N) % 2
    model = Pipeline([("features", TableFeatures()), ("model", LogisticRegression())])
    settings = {"parameter": "model__C", "values": [0.1, 1.0, 10.0], "repeats": 2, "folds": 2}
    return nl.compare(model, X, y, **settings | options)


def table(seed):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(N, 3)), columns=list("abc"))


@pytest.mark.parametrize("workers", [1, 3])
def test_no_run_computes_the_features_that_all_share(monkeypatch, workers):
    inside, computed = threading.local(), []

    def noted(step):
        def compute(*arguments):
            computed.append(getattr(inside, "run", False))
            return step(*arguments)

        return compute

    def run(setting, job):
        inside.run = True
        try:
            return run_of_the_study(setting, job)
        finally:
            inside.run = False

    run_of_the_study = execution.execute
    monkeypatch.setattr(execution, "execute", run)
    monkeypatch.setattr(features._Encoding, "learn", classmethod(noted(features._Encoding.learn.__func__)))
    monkeypatch.setattr(features._Encoding, "apply", noted(features._Encoding.apply))
    with FeaturesFirst(workers, before_all=lambda: None) as threads:
        assert len(compare(table(workers), executor=threads).runs) == 12
    assert computed == [False] * 8  # learnt and applied once for each of 2 x 2 folds, before any run's clock
    computed.clear()
    with ThreadPoolExecutor(workers) as threads:
        compare(table(10 + workers), executor=threads)
    assert computed == [True] * 8  # an executor that knows nothing of features leaves them to the runs


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
