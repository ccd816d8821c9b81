"""The pictures of real comparisons, one of scikit-learn's estimators and one of our own networks."""

import re

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score

import nonlin as nl
from nonlin.nn import MLPClassifier
from nonlin.visualization import curves_data, profile_data, ranking_data
from nonlin.visualization.report import render_report


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    return X, (X[:, 0] + 0.5 * rng.normal(size=90) > 0).astype(int)


def test_scikit_learns_estimators_have_a_ranking_and_no_curves(data):
    X, y = data
    comparison = nl.compare(LogisticRegression(), X, y, parameter="C", values=[1e-4, 1.0], repeats=2, folds=3)
    ranking = ranking_data(comparison, kind="score")
    best, worst = ranking.rows
    assert (best.name, worst.name) == ("1.0", "0.0001")
    outside = -cross_val_score(LogisticRegression(C=1.0), X, y, cv=3, scoring="neg_log_loss").mean()
    assert best.center == pytest.approx(outside, abs=0.05)
    assert worst.center == pytest.approx(log_loss(y, np.full(90, y.mean())), abs=0.05)
    page = render_report(comparison, data_name="made up")
    assert "records no training loss" in page
    assert "values=[0.0001, 1.0], reference=0.0001" in page


def test_our_own_networks_have_all_figures(data):
    X, y = data
    network = MLPClassifier(hidden_layer_sizes=(8, 6), max_iter=12, random_state=0)
    comparison = nl.compare(
        network, X.astype(np.float32), y, parameter="activation", values=["relu", "sigmoid"], repeats=2, folds=3
    )
    histories = [run.history["loss"] for run in comparison.runs if run.arm == "relu"]
    panel = next(panel for panel in curves_data(comparison).panels if panel.name == "relu")
    assert (panel.runs, panel.longest) == (6, 12)
    assert panel.median[0] == pytest.approx(np.median([history[0] for history in histories]), rel=1e-6)
    profile = profile_data(comparison)
    assert profile.layers == 3
    for panel in profile.panels:
        assert panel.dead.shape == (3, 2)
        assert panel.gradient.shape == (3, 3)
        assert (panel.gradient > 0).all()
    page = render_report(comparison)
    assert page.count("<svg") == 2 + 2 + 2 + 1
    assert comparison.verdict.split(";")[0] in re.sub(r"&#39;", "'", page)
