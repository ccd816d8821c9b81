"""The network that `nonlin compare` trains by default: as good as scikit-learn's, and its verdict not the cap's."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nonlin as nl
from nonlin.cli.network import build, most_epochs
from nonlin.cli.table import read_table
from nonlin.cli.task import pose
from nonlin.errors import InputError

TOLERANCE = {"iris": 0.03, "wine": 0.02, "breast_cancer": 0.02, "digits": 0.02, "diabetes": 0.03}


def problem_of(name):
    return pose(read_table(name), None, None, [])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", TOLERANCE)
def test_it_scores_as_scikit_learns_networks_do(name):
    problem = problem_of(name)
    X, y = problem.features, problem.target.to_numpy()
    ours = build(problem, (64, 64), most_epochs(len(y)), None)
    if problem.task == "classification":
        theirs = MLPClassifier((64, 64), batch_size=32, random_state=0)
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
    else:
        regressor = MLPRegressor(hidden_layer_sizes=(64, 64), batch_size=32, random_state=0)
        theirs = TransformedTargetRegressor(regressor, transformer=StandardScaler())
        folds = KFold(5, shuffle=True, random_state=0)
    expected = cross_val_score(make_pipeline(StandardScaler(), theirs), X, y, cv=folds).mean()
    for activation in ("relu", "tanh"):
        model = clone(ours.estimator).set_params(**{ours.parameter: activation, f"{ours.prefix}random_state": 0})
        assert cross_val_score(model, X, y, cv=folds).mean() > expected - TOLERANCE[name], activation


@pytest.mark.slow
def test_the_verdict_does_not_turn_with_the_cap_on_epochs():
    """With a fixed number of epochs for all, that number decided here which of relu and softplus was better."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 10))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.standard_normal(3000)
    table = pd.DataFrame(X, columns=[f"x{i}" for i in range(10)]).assign(y=y)
    problem = pose(read_table("diabetes")._replace(frame=table), "y", "regression", [])
    cap = most_epochs(2400)
    verdicts = []
    for epochs in (cap, 3 * cap):
        network = build(problem, (64, 64), epochs, None)
        result = nl.compare(
            network.estimator,
            problem.features,
            y,
            parameter=network.parameter,
            values=["relu", "softplus"],
            repeats=2,
        )
        verdicts.append(result.table()["verdict"]["softplus"])
        assert sum(run.convergence_warnings for run in result.runs) == 0
    assert verdicts == ["better", "better"]


@pytest.mark.parametrize("rows", [100, 3000, 100_000, 10_000_000])
def test_the_cap_is_generous_and_bounded(rows):
    assert 20 <= most_epochs(rows) <= 2000


def test_layers_beyond_all_memory_are_refused_before_any_work():
    with pytest.raises(InputError, match=r"hidden_layer_sizes=\(100000000000,\) takes about [\d,]+ GB"):
        build(problem_of("iris"), (100_000_000_000,), 10, None)


def test_a_table_too_small_to_hold_rows_out_still_trains():
    problem = problem_of("iris")
    few = problem._replace(features=problem.features[45:55], target=problem.target[45:55])
    network = build(few, (8,), 50, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged, and fewer rows than a batch
        assert clone(network.estimator).fit(few.features, few.target).predict(few.features).shape == (10,)
