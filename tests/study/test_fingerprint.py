import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from nonlin.definition.activation import Elementwise
from nonlin.definition.primitives import tanh
from nonlin.errors import InputError
from nonlin.study.fingerprint import data_fingerprint, describe, estimator_description

Y = np.array([0, 1, 1])
FRAME = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": ["x", None, "z"], "c": pd.Categorical(["u", "v", "u"])})


@pytest.mark.parametrize(
    "table",
    [FRAME, FRAME[["a"]].to_numpy(), FRAME.to_numpy(dtype=object), sparse.csr_matrix(np.eye(3)), np.array(list("abc"))],
    ids=["frame", "floats", "objects", "sparse", "strings"],
)
def test_the_same_data_have_the_same_fingerprint(table):
    assert data_fingerprint(table.copy(), Y) == data_fingerprint(table, Y.copy())


CHANGED = {
    "a value": FRAME.assign(a=[1.0, 2.0, 3.0]),
    "a string": FRAME.assign(b=["x", None, "y"]),
    "a column's name": FRAME.rename(columns={"a": "A"}),
    "the order of columns": FRAME[["b", "a", "c"]],
    "the order of rows": FRAME.iloc[::-1],
    "a type": FRAME.assign(a=FRAME["a"].astype(np.float32)),
    "fewer rows": FRAME.iloc[:2],
}


@pytest.mark.parametrize("change", CHANGED)
def test_any_change_changes_it(change):
    assert data_fingerprint(CHANGED[change], Y) != data_fingerprint(FRAME, Y)


def test_the_target_counts():
    assert data_fingerprint(FRAME, Y) != data_fingerprint(FRAME, Y[::-1])


def test_index_and_memory_layout_do_not_count():
    assert data_fingerprint(FRAME.set_index(pd.Index([7, 8, 9])), Y) == data_fingerprint(FRAME, Y)
    matrix = np.arange(12.0).reshape(3, 4)
    assert data_fingerprint(np.asfortranarray(matrix), Y) == data_fingerprint(matrix, Y)


def test_description_leaves_out_what_changes_no_result_and_the_compared_parameter():
    description = estimator_description(
        make_pipeline(StandardScaler(), LogisticRegression(C=3)), "logisticregression__C"
    )
    assert description["estimator"] == "sklearn.pipeline.Pipeline"
    assert description["standardscaler__with_mean"] == "True"
    assert not {name for name in description if name.endswith(("__C", "random_state", "verbose", "n_jobs"))}
    other = make_pipeline(StandardScaler(), LogisticRegression(C=9, random_state=1, verbose=2))
    assert estimator_description(other, "logisticregression__C") == description
    other.set_params(logisticregression__tol=0.5)
    assert estimator_description(other, "logisticregression__C") != description


def test_a_compared_step_leaves_out_its_own_settings():
    one, two = make_pipeline(DecisionTreeClassifier(max_depth=1)), make_pipeline(DecisionTreeClassifier(max_depth=2))
    one.steps[0] = two.steps[0] = ("model", one[-1])
    two.steps[0] = ("model", DecisionTreeClassifier(max_depth=2))
    assert estimator_description(one, "model") == estimator_description(two, "model")


class Record:
    def __init__(self, formula):
        self.name, self.formula = "mine", formula
        self.__qualname__ = "mine"  # as nonlin's records, which look like functions too


def test_descriptions_hold_no_addresses_and_tell_values_apart():
    assert describe(Record("x * x")) == describe(Record("x * x")) != describe(Record("x * x * x"))
    assert describe(lambda x: x + 1) != describe(lambda x: x + 2)
    assert describe(DecisionTreeClassifier(max_depth=2)) != describe(DecisionTreeClassifier(max_depth=3))
    assert describe(np.array([1, 2])) == describe(np.array([1, 2])) != describe(np.array([1.0, 2.0]))
    assert describe("1") != describe(1)
    assert " at 0x" not in describe([object(), FunctionTransformer(np.exp), lambda: None, Record("x")])


class Traced(Record):
    """As nonlin's records: the text stays, the traced expressions go through whatever definitions it calls."""

    def __init__(self, inner="exp(x)", default=1.0, has_derivative=True):
        super().__init__("helper(x)")
        self.inner, self.has_derivative = inner, has_derivative
        self.parameters = {"alpha": default}

    def expressions(self, part):
        if part == "value" or (part == "derivative" and self.has_derivative):
            return (f"{part} of {self.inner}",)
        raise InputError(f"mine has no {part}")


def test_a_change_in_a_definition_that_another_calls_is_noticed():
    assert describe(Traced()) == describe(Traced())
    assert describe(Traced()) != describe(Traced(inner="exp(2 * x)"))
    assert describe(Traced()) != describe(Traced(default=2.0))
    assert describe(Traced()) != describe(Traced(has_derivative=False))


def test_a_users_own_definition_is_described_with_what_it_calls():
    """The registry's own records, one formula calling another that then changes."""

    facts = {"range": (-9, 9), "monotone": True, "smoothness": np.inf}

    def defined(factor):
        def helper_of_fingerprints(x):
            """A helper."""
            return factor * tanh(x)

        helper = Elementwise(helper_of_fingerprints, **facts)

        def caller_of_fingerprints(x):
            """Calls the helper."""
            return helper(x) + 1

        return Elementwise(caller_of_fingerprints, **facts)

    assert defined(2).formula == defined(3).formula
    assert describe(defined(2)) == describe(defined(2))
    assert describe(defined(2)) != describe(defined(3))
