"""Fits on files and batches: what they give is what arrays in memory give, as far as both see the same batches."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

import nonlin as nl
from nonlin.nn import MLPClassifier, MLPRegressor
from nonlin.nn.sources import blocks

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(120, 4))
CLASSES = np.array(["a", "b", "c"])[np.digitize(X[:, 0], [-0.5, 0.5])]
LABELS = (X[:, :3] > 0).astype(int)
NUMBERS = X @ [1.0, 2.0, 0.0, -1.0]
SETTINGS = {"hidden_layer_sizes": (6,), "batch_size": 20, "max_iter": 4, "random_state": 0, "shuffle": False}


@pytest.fixture
def small_blocks(monkeypatch):
    """Nothing is read whole; a block holds 40 rows of X."""
    monkeypatch.setattr(blocks, "IN_MEMORY", 0)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 40 * 4 * 8)
    monkeypatch.setattr(blocks, "PART_BYTES", 20 * 4 * 8)


def batches():
    return [(X[i : i + 40], CLASSES[i : i + 40]) for i in range(0, 120, 40)]


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["npy", "parquet", "batches", "function"])
@pytest.mark.parametrize("y", ["classes", "numbers"])
def test_blocks_are_trained_on_as_arrays_are(tmp_path, kind, y):
    targets = CLASSES if y == "classes" else NUMBERS
    model = (MLPClassifier if y == "classes" else MLPRegressor)(**SETTINGS)
    expected = model.fit(X, targets).coefs_
    parts = [(X[i : i + 40], targets[i : i + 40]) for i in range(0, 120, 40)]
    if kind == "npy":
        np.save(tmp_path / "X.npy", X)
        model.fit(tmp_path / "X.npy", targets)
    elif kind == "parquet":
        pd.DataFrame(X, columns=list("stuv")).assign(target=targets).to_parquet(tmp_path / "all.parquet")
        model.fit(tmp_path / "all.parquet", "target")
        assert model.feature_names_in_.tolist() == list("stuv")
        model.predict(pd.DataFrame(X, columns=list("stuv")))
    else:
        model.fit(pd.DataFrame(X, columns=list("stuv")), targets)
        model.fit(parts if kind == "batches" else lambda: iter(parts))
        assert not hasattr(model, "feature_names_in_")
    for one, other in zip(model.coefs_, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert model.t_ == 480
    assert model.n_features_in_ == 4


@pytest.mark.usefixtures("small_blocks")
def test_labels_weights_and_sparse_matrices_come_in_blocks(monkeypatch):
    weights = RANDOM.uniform(0.5, 2, 120)
    expected = MLPClassifier(**SETTINGS).fit(X, LABELS, weights)
    parts = [(X[i : i + 40], LABELS[i : i + 40], weights[i : i + 40]) for i in range(0, 120, 40)]
    streamed = MLPClassifier(**SETTINGS).fit(parts)
    np.testing.assert_allclose(streamed.coefs_[0], expected.coefs_[0], rtol=1e-12)
    np.testing.assert_array_equal(streamed.predict(X), expected.predict(X))
    monkeypatch.setattr("nonlin.nn.sources.opening.IN_MEMORY", 0)
    sparse = MLPClassifier(**SETTINGS).fit(csr_array(X), LABELS, weights)
    np.testing.assert_allclose(sparse.coefs_[0], expected.coefs_[0], rtol=1e-12)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("scoring", [None, "loss"])
def test_early_stopping_holds_rows_of_a_stream_out(scoring, tmp_path):
    np.save(tmp_path / "X.npy", X)
    settings = {"learning_rate_init": 0.05, "early_stopping": True, "scoring": scoring, "random_state": 0}
    model = MLPClassifier((16,), max_iter=200, n_iter_no_change=5, **settings).fit(tmp_path / "X.npy", CLASSES)
    assert len(model.validation_scores_) == model.n_iter_ < 200
    assert model.score(X, CLASSES) > 0.85
    again = MLPClassifier((16,), max_iter=200, n_iter_no_change=5, **settings).fit(tmp_path / "X.npy", CLASSES)
    np.testing.assert_array_equal(model.coefs_[0], again.coefs_[0])


@pytest.mark.usefixtures("small_blocks")
def test_schedules_know_the_steps_of_a_stream_of_unknown_length():
    settings = SETTINGS | {"solver": "adamw", "learning_rate": "one_cycle"}
    expected = MLPClassifier(**settings).fit(X, CLASSES)
    np.testing.assert_allclose(MLPClassifier(**settings).fit(batches()).coefs_[0], expected.coefs_[0], rtol=1e-12)


@pytest.mark.usefixtures("small_blocks")
def test_an_iterator_serves_one_epoch():
    model = MLPClassifier(**SETTINGS | {"max_iter": 1})
    expected = model.fit(X, CLASSES).coefs_
    model.fit(iter(batches()), classes=["a", "b", "c"])
    np.testing.assert_allclose(model.coefs_[0], expected[0], rtol=1e-12)
    with pytest.raises(nl.InputError, match="X is an iterator, which gives its batches once"):
        MLPClassifier(**SETTINGS).fit(iter(batches()), classes=["a", "b", "c"])


@pytest.mark.usefixtures("small_blocks")
def test_what_needs_all_examples_at_once_is_refused():
    with pytest.raises(nl.InputError, match="solver='lbfgs' needs all examples in memory"):
        MLPClassifier(**SETTINGS | {"solver": "lbfgs"}).fit(batches())
    with pytest.raises(nl.InputError, match="class_weight='balanced' needs all examples in memory"):
        MLPClassifier(class_weight="balanced", **SETTINGS).fit(batches())
    model = MLPClassifier(warm_start=True, **SETTINGS).fit(batches())
    with pytest.raises(nl.InputError, match="X has 3 features, but 4 were learnt from before"):
        model.fit([(x[:, :3], y) for x, y in batches()])


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("in_memory", [4 * 8 * 120, 0])
def test_training_goes_on_with_the_columns_it_began_with(tmp_path, monkeypatch, in_memory):
    monkeypatch.setattr(blocks, "IN_MEMORY", in_memory)
    table = pd.DataFrame(X, columns=list("stuv")).assign(target=NUMBERS)
    table.to_parquet(tmp_path / "all.parquet")
    table.rename(columns={"t": "z"}).to_parquet(tmp_path / "other.parquet")
    model = MLPRegressor(warm_start=True, **SETTINGS).fit(tmp_path / "all.parquet", "target")
    model.fit(tmp_path / "all.parquet", "target")
    with pytest.raises(nl.InputError, match="column 1 of X is 'z', but training began with 't'; give the same columns"):
        model.fit(tmp_path / "other.parquet", "target")
    assert model.predict(table[list("stuv")]).shape == (120,)
    assert model.feature_names_in_.tolist() == list("stuv")


@pytest.mark.usefixtures("small_blocks")
def test_batches_that_fail_leave_nothing_half_fitted_though_callbacks_saw_it():
    passes = []

    def fails_in_its_third_pass():
        passes.append(1)
        yield X, NUMBERS
        if len(passes) == 3:
            raise OSError("the disk is gone")

    model = MLPRegressor(**SETTINGS)
    with pytest.raises(OSError, match="the disk is gone"):
        model.fit(fails_in_its_third_pass, callbacks=[lambda epoch: None])
    assert not hasattr(model, "coefs_")
