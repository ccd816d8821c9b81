"""Whole comparisons of scikit-learn's estimators."""

import multiprocessing
import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from nonlin.errors import InputError
from nonlin.study import compare

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
DESIGNED = [
    "score", "low", "high", "difference", "difference_low", "difference_high", "p_value", "verdict", "runs", "diverged",
]  # fmt: skip


def trees(values=(1, 2, 3), **options):
    data = options.pop("data", IRIS)
    settings = {"parameter": "max_depth", "values": list(values), "repeats": 2, "folds": 3, **options}
    return compare(DecisionTreeClassifier(), *data, **settings)


def without_times(result):
    return result.table().drop(columns=["fit_seconds", "score_seconds"])


def test_the_table_is_as_designed():
    result = trees()
    table = result.table()
    assert list(table.columns) == [*DESIGNED, "accuracy", "fit_seconds", "score_seconds"]
    assert table.index.name == "max_depth"
    assert sorted(table.index) == result.arms == ["1", "2", "3"]
    assert table["score"].is_monotonic_decreasing
    assert table["runs"].tolist() == [6, 6, 6]
    assert table.loc["1", "verdict"] == "reference"
    assert (table["difference"] == table["score"] - table.loc["1", "score"]).all()
    assert (result.n_examples, result.n_features, result.task, result.scoring) == (
        150,
        4,
        "classification",
        "neg_log_loss",
    )
    assert [(run.arm, run.repeat, run.fold) for run in result.runs] == list(product("123", range(2), range(3)))


def test_scores_are_scikit_learns_cross_validation():
    """The same partition and seed through `cross_val_score` give the same fold scores."""
    result = trees([2, 3], repeats=1, scoring="accuracy")
    for arm in ("2", "3"):
        runs = result.runs_of(arm)
        folds = [(np.setdiff1d(np.arange(150), run.test_indices), run.test_indices) for run in runs]
        model = DecisionTreeClassifier(max_depth=int(arm), random_state=0)
        expected = cross_val_score(model, *IRIS, cv=folds, scoring="accuracy")
        assert [run.scores.mean() for run in runs] == pytest.approx(expected, rel=1e-6)


def test_log_loss_and_accuracy_of_the_table_are_means_over_examples():
    model, (X, y) = make_pipeline(StandardScaler(), LogisticRegression()), IRIS
    result = compare(model, X, y, parameter="logisticregression__C", values=[0.01, 1.0], repeats=2, folds=4)
    losses, hits = [], []
    for run in result.runs_of("1.0"):
        train = np.setdiff1d(np.arange(150), run.test_indices)
        fitted = clone(model).fit(X[train], y[train])
        losses.append(metrics.log_loss(y[run.test_indices], fitted.predict_proba(X[run.test_indices]), normalize=False))
        hits.append(np.sum(fitted.predict(X[run.test_indices]) == y[run.test_indices]))
    assert result.table().loc["1.0", "score"] == pytest.approx(-np.sum(losses) / 300, rel=1e-6)
    assert result.table().loc["1.0", "accuracy"] == pytest.approx(np.sum(hits) / 300)


def test_what_is_clearly_worse_is_found_worse():
    model = make_pipeline(StandardScaler(), LogisticRegression())
    values = [LogisticRegression(), DummyClassifier()]
    result = compare(model, *CANCER, parameter="logisticregression", values=values, repeats=3, folds=3)
    assert result.table()["verdict"].tolist() == ["reference", "worse"]
    name = "logisticregression=LogisticRegression()"
    assert result.verdict.startswith(f"Stay with {name}: logisticregression=DummyClassifier() is worse, its log loss")
    assert result.verdict.endswith("does not predict better than guessing (log loss 0.660).")


GUESSING = {
    "neg_log_loss": ("classification", DummyClassifier(strategy="prior")),
    "accuracy": ("classification", DummyClassifier(strategy="most_frequent")),
    "r2": ("regression", DummyRegressor()),
    "neg_mean_squared_error": ("regression", DummyRegressor()),
    "neg_mean_absolute_error": ("regression", DummyRegressor(strategy="median")),
}


@pytest.mark.parametrize("scoring", GUESSING)
def test_the_baseline_is_scikit_learns_dummy_on_the_same_folds(scoring):
    """As an arm of its own, so on the same rows and through all of the scoring."""
    task, dummy = GUESSING[scoring]
    (X, y), tree = (CANCER, DecisionTreeClassifier) if task == "classification" else (DIABETES, DecisionTreeRegressor)
    y = np.array(["benign", "malign"])[y] if task == "classification" else y
    model, values = make_pipeline(tree()), [dummy, tree(max_depth=1)]
    result = compare(model, X, y, parameter=tree.__name__.lower(), values=values, repeats=2, folds=3, scoring=scoring)
    assert result.table().loc[str(dummy), "score"] == pytest.approx(result.baseline, rel=1e-6, abs=1e-7)


def test_a_coin_has_no_winner():
    """Trees grown on a target that is unrelated to the columns: the deeper the worse, and all worse than guessing."""
    X = np.random.default_rng(0).normal(size=(200, 5))
    y = np.random.default_rng(1).permutation(np.repeat([0, 1], 100))
    result = compare(DecisionTreeClassifier(), X, y, parameter="max_depth", values=[2, 9], repeats=3)
    assert result.table().loc["9", "verdict"] == "worse", "the four-outcome rule stays what it is"
    assert result.baseline == pytest.approx(-np.log(2), abs=1e-4)
    assert result.verdict.startswith(
        "None of these 2 values of max_depth predicts better than guessing (log loss 0.693"
    )


def test_intervals_of_scores_stay_within_the_measure():
    """One example in 150 is always wrong: 0.7 % of errors, give or take more than that."""
    y = (IRIS[1] > 0).astype(int)
    y[60] = 0
    options = {"data": (IRIS[0], y), "repeats": 5}
    accuracy, loss = trees([1, 2], scoring="accuracy", **options).table(), trees([1, 2], **options).table()
    assert (accuracy["high"].max(), loss["high"].max()) == (1.0, 0.0)
    for table in (accuracy, loss):
        assert (2 * table["score"] - table["low"]).max() > table["high"].max(), "it would go beyond"
    assert loss["difference_high"].max() > 0, "differences are not cut"


def test_identical_arms_are_neither_better_nor_worse():
    for seed in range(4):
        result = compare(
            DecisionTreeClassifier(),
            *CANCER,
            parameter="ccp_alpha",
            values=[0.0, 1e-12, 2e-12],
            repeats=2,
            random_state=seed,
        )
        assert set(result.table()["verdict"]) <= {"reference", "practically equal"}


def test_arms_that_differ_by_their_seed_only_are_not_told_apart():
    """The same forest, its trees drawn anew: no claim in any of several comparisons."""
    X, y = CANCER[0][:, :5], CANCER[1]

    class Reseeded(RandomForestClassifier):
        def __init__(self, salt=0, n_estimators=5, random_state=None):
            super().__init__(n_estimators=n_estimators, random_state=random_state)
            self.salt = salt

        def fit(self, X, y):
            self.random_state += self.salt
            return super().fit(X, y)

    for seed in range(3):
        options = {"parameter": "salt", "values": [0, 1, 2], "repeats": 3, "folds": 3, "scoring": "accuracy"}
        result = compare(Reseeded(), X, y, random_state=seed, **options)
        assert not {"better", "worse"} & set(result.table()["verdict"])


def test_regression_with_each_scoring():
    for scoring in (None, "r2", "neg_mean_squared_error", "neg_mean_absolute_error"):
        result = compare(
            DecisionTreeRegressor(),
            *DIABETES,
            parameter="max_depth",
            values=[1, 3],
            repeats=2,
            folds=3,
            scoring=scoring,
        )
        assert result.scoring == (scoring or "r2")
        assert list(result.table().columns) == [*DESIGNED, "fit_seconds", "score_seconds"]
        reference = result.table().loc["1", "score"]
        assert result.practical_margin == pytest.approx(0.01 if result.scoring == "r2" else -0.01 * reference)


def test_executors_and_their_order_do_not_matter():
    serial = ThreadPoolExecutor(1)
    expected = without_times(trees([1, 2, 3], executor=serial))
    pd.testing.assert_frame_equal(without_times(trees([1, 2, 3])), expected)
    assert serial.submit(abs, -1).result() == 1, "an executor that was given is left open"
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        pd.testing.assert_frame_equal(without_times(trees([1, 2, 3], executor=processes)), expected)
    assert (without_times(trees([3, 1, 2], reference=1)).loc[expected.index, "score"] == expected["score"]).all()


def test_any_table_and_target_do():
    X, y = IRIS
    names = np.array(["b", "a", "c"])[y]
    expected = trees(data=(X, y)).table()["score"]
    for table, target in [
        (pd.DataFrame(X, columns=list("abcd")), pd.Series(names, index=range(7, 157))),
        (X.tolist(), y.tolist()),
        (X, pd.Categorical(names)),
        (X, y[:, None]),
        (X, y.astype(float)),
        (X, pd.Series(y).astype("Int64")),
        (X, y.astype(object)),
    ]:
        assert trees(data=(table, target)).table()["score"].tolist() == pytest.approx(expected.tolist(), abs=0.05)
    options = {"parameter": "n_neighbors", "values": [1, 5], "repeats": 1, "folds": 3}
    dense = compare(KNeighborsClassifier(), X, y, **options).table()["score"]
    assert (
        compare(KNeighborsClassifier(), sparse.csr_matrix(X), y, **options).table()["score"].tolist() == dense.tolist()
    )


class Threshold:
    """The interface and nothing else: no base class, no tags, no classes_."""

    def __init__(self, at=0.0):
        self.at = at

    def get_params(self, deep=True):
        return {"at": self.at}

    def set_params(self, at):
        self.at = at
        return self

    def fit(self, X, y):
        return self

    def predict(self, X):
        return (X[:, 2] > self.at).astype(int)


def test_any_object_with_the_interface_can_be_compared():
    X, y = IRIS[0], (IRIS[1] > 0).astype(int)
    result = compare(Threshold(), X, y, parameter="at", values=[5.0, 2.5], repeats=2, scoring="accuracy")
    assert result.table()["score"].to_dict() == {
        "2.5": 1.0,
        "5.0": pytest.approx(np.mean((X[:, 2] > 5) == y), rel=1e-6),
    }
    assert result.verdict.startswith("Use at=2.5: its accuracy is higher than at=5.0's by")


def test_a_single_repeat_is_honest_and_quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = trees(repeats=1)
        table = result.table()
    assert set(table["verdict"]) == {"reference", "not enough evidence"}
    assert table.loc["3", ["low", "high", "difference_low", "difference_high", "p_value"]].isna().all()
    assert result.verdict.startswith("With a single repeat")


def test_progress_is_told_in_this_thread_and_judges_finished_repeats():
    seen = []
    result = trees(
        on_run=lambda progress: seen.append((progress.done, progress.total, progress.restored, progress.comparison()))
    )
    assert [entry[:3] for entry in seen] == [(i, 18, 0) for i in range(1, 19)]
    assert seen[7][3] is None
    pd.testing.assert_frame_equal(without_times(seen[-1][3]), without_times(result))
    first = next(entry[3] for entry in seen if entry[3] is not None)
    assert (first.repeats, first.baseline) == (1, trees(repeats=1).baseline)


def test_the_result_can_be_pickled():
    result = trees()
    copied = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(copied.table(), result.table())
    assert (copied.verdict, copied.baseline) == (result.verdict, result.baseline)


def test_the_estimator_given_is_left_alone():
    model = DecisionTreeClassifier(random_state=5)
    compare(model, *IRIS, parameter="max_depth", values=[1, 2], repeats=1, folds=2)
    assert (model.random_state, model.max_depth) == (5, None)
    assert not hasattr(model, "tree_")


def test_random_state_decides():
    assert without_times(trees(random_state=1)).equals(without_times(trees(random_state=1)))
    assert not without_times(trees(random_state=1)).equals(without_times(trees(random_state=2)))


class Fragile(ClassifierMixin, BaseEstimator):
    """Predicts class shares; fails as told, in one fold of each repeat (`sometimes`) or always."""

    def __init__(self, failure="none", sometimes=False, smallest=6.981):
        self.failure, self.sometimes, self.smallest = failure, sometimes, smallest

    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.shares = counts / len(y)
        self.history_ = {"loss": np.array([1.0, 0.5]), "note": np.array(["text"])}
        failing = not self.sometimes or self.smallest < X[:, 0].min()
        if failing and self.failure == "overflow":
            raise OverflowError("weights left the range of float32 in epoch 3")
        if failing and self.failure == "scikit-learn":
            raise ValueError("Solver produced non-finite parameter weights. The input data may contain large values")
        if failing and self.failure == "nan":
            self.shares = self.shares * np.nan
        if failing and self.failure == "refusal":
            raise InputError("step cannot learn: its gradient is zero everywhere; use another activation")
        if failing and self.failure == "value":
            raise ValueError("Input X contains NaN.\nand a long explanation")
        if failing and self.failure == "bug":
            raise KeyError("oops")
        return self

    def predict_proba(self, X):
        return np.tile(self.shares, (len(X), 1))

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize("failure", ["overflow", "scikit-learn", "nan"])
def test_a_diverged_run_stays_with_the_worst_score(failure):
    model = Fragile(sometimes=True)
    result = compare(model, *CANCER, parameter="failure", values=["none", failure], repeats=3, folds=5)
    table, worst = result.table(), min(run.scores.min() for run in result.runs if run.status == "finished")
    assert table.loc[failure, ["runs", "diverged"]].tolist() == [15, 3]
    assert table.loc["none", "diverged"] == 0
    bad = [run for run in result.runs if run.status == "diverged"]
    assert all(run.message and np.isnan(run.scores).all() and len(run.scores) in (113, 114) for run in bad)
    for run in bad:
        assert (result.scores(failure)[run.test_indices, run.repeat] == worst).all()
    assert table.loc[failure, "score"] < table.loc["none", "score"]
    assert table.loc[failure, "accuracy"] < table.loc["none", "accuracy"]
    assert f"{failure}" in result.verdict
    assert "diverged in 3 of 15 runs." in result.verdict


def test_diverged_accuracy_is_zero():
    options = {"parameter": "failure", "values": ["none", "nan"], "repeats": 2, "folds": 3}
    result = compare(Fragile(), *IRIS, **options)
    assert result.table().loc["nan", ["accuracy", "diverged"]].tolist() == [0.0, 6]
    result = compare(Fragile(), *IRIS, scoring="accuracy", **{**options, "values": ["none", "overflow"]})
    assert result.table().loc["overflow", "score"] == 0.0
    assert result.table().loc["overflow", "verdict"] == "worse"


def test_everything_diverged_is_told_without_a_claim():
    for model, data, parameter in [(Fragile(), IRIS, "failure"), (Overflowing(), DIABETES, "alpha")]:
        values = ["overflow", "nan"] if parameter == "failure" else [1.0, 2.0]
        result = compare(model, *data, parameter=parameter, values=values, repeats=2, folds=2)
        assert not {"better", "worse"} & set(result.table()["verdict"])
        assert "every run" in result.verdict.lower()


class Overflowing(Ridge):
    def fit(self, X, y):
        raise FloatingPointError("overflow")


def test_histories_are_kept_through_pipelines_also_of_diverged_runs():
    model = make_pipeline(StandardScaler(with_mean=False, with_std=False), Fragile(sometimes=True))
    result = compare(model, *CANCER, parameter="fragile__failure", values=["none", "overflow"], repeats=1, folds=5)
    for run in result.runs:
        assert run.history is not None
        assert list(run.history) == ["loss"]
        assert run.history["loss"].tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        ("refusal", InputError, "^step cannot learn: its gradient is zero everywhere; use another activation$"),
        ("value", InputError, r"^the run of failure='value' in repeat 0, fold \d failed: Input X contains NaN\.$"),
        ("bug", KeyError, "oops"),
    ],
)
def test_other_errors_end_the_comparison(failure, error, message):
    with pytest.raises(error, match=message):
        compare(Fragile(), *IRIS, parameter="failure", values=["none", failure], repeats=1, folds=3)


def test_a_diverging_network_of_scikit_learn_is_counted_not_fatal():
    X, y = DIABETES
    model = MLPRegressor(
        hidden_layer_sizes=(8,), activation="relu", solver="sgd", max_iter=30, learning_rate_init=0.001
    )
    values, data = [0.001, 1e6], (X * 20, (y - y.mean()) / y.std())
    result = compare(model, *data, parameter="learning_rate_init", values=values, repeats=2, folds=2)
    assert result.table()["diverged"].to_dict() == {"0.001": 0, "1000000.0": 4}
    assert result.table().loc["1000000.0", "verdict"] in ("worse", "not enough evidence")
    assert "1000000.0 diverged in 4 of 4 runs" in result.verdict
    assert "by" not in result.verdict, "no size of what was never measured"


def test_convergence_warnings_are_counted_and_not_shown():
    model = MLPClassifier(hidden_layer_sizes=(4,), max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = compare(model, *IRIS, values=["relu", "tanh"], repeats=1, folds=3)
    assert [run.convergence_warnings for run in result.runs] == [1] * 6
    assert sorted(result.arms) == ["relu", "tanh"]
