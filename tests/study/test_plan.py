import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer
from sklearn.tree import DecisionTreeClassifier

from nonlin.study.arms import configured, make_arms
from nonlin.study.checks import Data
from nonlin.study.plan import make_plan

IRIS = Data(*load_iris(return_X_y=True), "classification")
DIABETES = Data(*load_diabetes(return_X_y=True), "regression")


@pytest.mark.parametrize("data", [IRIS, DIABETES], ids=["classification", "regression"])
def test_each_example_is_held_out_once_per_repeat_and_arm(data):
    jobs = make_plan(data, make_arms(["a", "b"]), repeats=3, folds=4, random_state=0)
    assert len(jobs) == 2 * 3 * 4
    for arm in "ab":
        for repeat in range(3):
            held_out = [job.test_indices for job in jobs if (job.arm.name, job.repeat) == (arm, repeat)]
            assert np.array_equal(np.sort(np.concatenate(held_out)), np.arange(len(data.y)))


def test_arms_share_partitions_and_seeds_and_nothing_else_does():
    jobs = make_plan(IRIS, make_arms(["a", "b", "c"]), repeats=4, folds=5, random_state=0)
    shared = {}
    for job in jobs:
        shared.setdefault((job.repeat, job.fold), set()).add((job.seed, job.test_indices.tobytes()))
    assert {len(found) for found in shared.values()} == {1}
    assert len({seed for found in shared.values() for seed, _ in found}) == 20
    assert len({test for found in shared.values() for _, test in found}) == 20


def test_classes_have_equal_shares_in_every_fold():
    for job in make_plan(IRIS, make_arms(["a", "b"]), repeats=2, folds=5, random_state=3):
        assert np.bincount(IRIS.y[job.test_indices]).tolist() == [10, 10, 10]


def test_more_arms_and_repeats_leave_the_others_as_they_were():
    small = make_plan(IRIS, make_arms(["a", "b"]), repeats=2, folds=3, random_state=1)
    large = {job.key: job for job in make_plan(IRIS, make_arms(["z", "b", "a"]), repeats=5, folds=3, random_state=1)}
    for job in small:
        assert large[job.key].seed == job.seed
        assert np.array_equal(large[job.key].test_indices, job.test_indices)


def test_random_state_changes_every_partition_and_seed():
    one, two = (make_plan(IRIS, make_arms(["a", "b"]), repeats=1, folds=3, random_state=s) for s in (0, 1))
    assert not {job.seed for job in one} & {job.seed for job in two}
    assert not any(np.array_equal(a.test_indices, b.test_indices) for a, b in zip(one, two, strict=True))


def test_the_plan_begins_with_one_run_of_every_arm():
    jobs = make_plan(IRIS, make_arms(["a", "b", "c"]), repeats=2, folds=3, random_state=0)
    assert [job.arm.name for job in jobs[:3]] == ["a", "b", "c"]
    assert [job.repeat for job in jobs] == sorted(job.repeat for job in jobs)


def test_every_random_state_inside_a_pipeline_is_set():
    pipeline = make_pipeline(QuantileTransformer(n_quantiles=10), DecisionTreeClassifier(random_state=9))
    model = configured(pipeline, "decisiontreeclassifier__max_depth", 2, seed=77)
    settings = model.get_params()
    assert settings["quantiletransformer__random_state"] == settings["decisiontreeclassifier__random_state"] == 77
    assert settings["decisiontreeclassifier__max_depth"] == 2
    assert pipeline.get_params()["decisiontreeclassifier__random_state"] == 9


def test_an_estimator_given_as_a_value_is_never_shared():
    value = LogisticRegression()
    pipeline = make_pipeline(QuantileTransformer(n_quantiles=10), DecisionTreeClassifier())
    model = configured(pipeline, "decisiontreeclassifier", value, seed=5)
    assert model[-1] is not value
    assert model[-1].random_state == 5
    assert value.random_state is None


def test_names_of_arms():
    def custom(x):
        return x

    class Record:
        name = "mish"

    names = [arm.name for arm in make_arms(["relu", custom, Record(), np.float64(0.5), (8, 8), None, object()])]
    assert names == ["relu", "custom", "mish", "0.5", "(8, 8)", "None", "<object object>"]
