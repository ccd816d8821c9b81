"""Data that go past scikit-learn's checks are those that it would give back as they are."""

import numpy as np
import pytest
from sklearn.utils.validation import validate_data

from nonlin.nn import MLPClassifier
from nonlin.nn.plain_data import are_plain, are_plain_targets

KINDS = (np.float64, np.float32)
X = np.arange(12.0).reshape(6, 2)
EXAMPLES = {
    "plain": X,
    "float32": X.astype(np.float32),
    "one row": X[:1],
    "overflowing sum": np.full((4, 2), 1e308),
    "integers": X.astype(int),
    "other bytes": X.astype(">f8"),
    "by columns": np.asfortranarray(X),
    "a stride": X[::2],
    "a list": X.tolist(),
    "a subclass": X.view(np.recarray),
    "no rows": X[:0],
    "no columns": X[:, :0],
    "a vector": X[:, 0],
    "NaN": np.where(X == 3, np.nan, X),
    "infinite": np.where(X == 3, np.inf, X),
    "both": np.where(X == 3, np.inf, np.where(X == 4, -np.inf, X)),
}
TARGETS = {
    "whole": np.arange(6),
    "texts": np.array(list("abcabc")),
    "truths": np.arange(6) > 2,
    "floats": np.arange(6.0),
    "a column": np.arange(6)[:, np.newaxis],
    "short": np.arange(5),
    "objects": np.array(["a", "b", "c", "a", "b", None], object),
    "NaN": np.array([0, 1, np.nan, 0, 1, 0]),
    "a list": [0, 1, 0, 1, 0, 1],
    "none": None,
}


@pytest.mark.parametrize("examples", EXAMPLES.values(), ids=EXAMPLES)
def test_plain_examples_pass_scikit_learn_unchanged(examples):
    if are_plain(MLPClassifier(), examples, KINDS, reset=True):
        found = validate_data(MLPClassifier(), examples, dtype=KINDS, order="C")
        assert found is examples or np.shares_memory(found, examples)
        assert found.dtype == examples.dtype


@pytest.mark.parametrize("targets", TARGETS.values(), ids=TARGETS)
def test_plain_targets_pass_scikit_learn_unchanged(targets):
    if are_plain_targets(targets, len(X)):
        _, found = validate_data(MLPClassifier(), X, targets, dtype=KINDS, order="C", multi_output=True)
        assert found.dtype == targets.dtype
        np.testing.assert_array_equal(found, targets)


def test_the_common_cases_are_plain():
    plain = [name for name, examples in EXAMPLES.items() if are_plain(MLPClassifier(), examples, KINDS, reset=True)]
    assert plain == ["plain", "float32", "one row"]
    assert [name for name, y in TARGETS.items() if are_plain_targets(y, 6)] == ["whole", "texts", "truths", "floats"]


def test_features_are_counted_and_named_features_left_to_scikit_learn():
    network = MLPClassifier((4,), max_iter=1)
    assert not are_plain(network, X, KINDS, reset=False)
    network.n_features_in_ = 2
    assert are_plain(network, X, KINDS, reset=False)
    assert not are_plain(network, X[:, :1].copy(), KINDS, reset=False)
    network.feature_names_in_ = np.array(["a", "b"], object)
    assert not are_plain(network, X, KINDS, reset=True)
