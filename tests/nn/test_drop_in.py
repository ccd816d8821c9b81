"""The estimators in place of scikit-learn's: the same interface, and the same steps from the same weights."""

import copy
import inspect
import pickle
import signal
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.sparse import csc_array, csr_array, csr_matrix
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import cross_validate
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, check_sample_weight_equivalence_on_dense_data

import nonlin as nl
from nonlin.nn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(75, 5))
SCORE = X @ RANDOM.normal(size=(5, 3)) + 0.5 * RANDOM.normal(size=(75, 3))
WEIGHTS = RANDOM.uniform(0.1, 3, 75)
TARGETS = {
    "binary": np.where(SCORE[:, 0] > 0, "yes", "no"),
    "multiclass": np.array(["a", "b", "c"])[SCORE.argmax(axis=1)],
    "multilabel": (SCORE > 0).astype(int),
    "regression": SCORE[:, 0],
    "outputs": SCORE,
    "counts": RANDOM.poisson(np.exp(SCORE[:, 0] / 3)),
    "tables of counts": RANDOM.poisson(np.exp(SCORE / 3)),
}
CLASSES = {"binary": ["no", "yes"], "multiclass": ["a", "b", "c"], "multilabel": [0, 1, 2]}
PAIRS = {"classifier": (MLPClassifier, TheirClassifier), "regressor": (MLPRegressor, TheirRegressor)}
SETTINGS = {
    "hidden_layer_sizes": (7, 6),
    "shuffle": False,
    "batch_size": 20,
    "max_iter": 6,
    "tol": 0,
    "random_state": 0,
}


def twins(kind, **settings):
    """Our estimator and theirs, to start from the same weights."""
    y, settings = TARGETS[kind], SETTINGS | settings
    ours, theirs = PAIRS["classifier" if kind in CLASSES else "regressor"]
    outputs = {"multiclass": 3}.get(kind, y.shape[1] if y.ndim == 2 else 1)
    widths = [5, *settings["hidden_layer_sizes"], outputs]
    random = np.random.default_rng(1)
    layers = [(random.normal(size=pair) / 2, random.normal(size=pair[1]) / 5) for pair in pairwise(widths)]
    start = iter(copy.deepcopy(layers))
    if "counts" in kind:
        settings["loss"] = "poisson"
    mine, other = ours(warm_start=True, **settings), theirs(**settings)
    mine.coefs_, mine.intercepts_ = map(list, zip(*layers, strict=True))
    other._init_coef = lambda *shape: next(start)
    return mine, other


def assert_same(mine, other, rtol=1e-12):
    """The same weights and the same records."""
    for ours, theirs in zip(mine.coefs_ + mine.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max())
    np.testing.assert_allclose(mine.loss_, other.loss_, rtol=rtol)
    for name in ("loss_curve_", "best_loss_"):
        assert hasattr(mine, name) == hasattr(other, name)
        np.testing.assert_allclose(getattr(mine, name, 0), getattr(other, name, 0), rtol=rtol)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_"):
        assert getattr(mine, name) == getattr(other, name)
    assert getattr(mine, "validation_scores_", None) is getattr(mine, "best_validation_score_", None) is None
    if hasattr(other, "classes_"):
        np.testing.assert_array_equal(mine.classes_, other.classes_)
        np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), rtol=100 * rtol, atol=1e-14)
        logs = mine.predict_log_proba(X), other.predict_log_proba(X)  # theirs loses digits where 1 - p is small
        np.testing.assert_allclose(*logs, rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(mine.predict(X), other.predict(X))
        assert mine.predict(X).dtype == other.predict(X).dtype
    np.testing.assert_array_equal(mine.predict(X).shape, other.predict(X).shape)


SOLVERS = [
    {"solver": "adam"},
    {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "alpha": 0.1},
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.5, "alpha": 0.5},
    {"solver": "sgd", "momentum": 0, "batch_size": 75},
    {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1, "power_t": 0.3},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 10, "n_iter_no_change": 1},
]


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("settings", SOLVERS, ids=str)
def test_every_solver_takes_scikit_learns_steps(kind, settings):
    mine, other = twins(kind, **settings)
    assert_same(mine.fit(X, TARGETS[kind]), other.fit(X, TARGETS[kind]))


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("kind", ["multiclass", "outputs"])
def test_every_activation_of_scikit_learn(kind, activation):
    mine, other = twins(kind, activation=activation, learning_rate_init=0.01)
    assert_same(mine.fit(X, TARGETS[kind]), other.fit(X, TARGETS[kind]))


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", TARGETS)
def test_examples_weigh_as_in_scikit_learn(kind, solver):
    mine, other = twins(kind, solver=solver, alpha=0.1, max_iter=3)
    data = X, TARGETS[kind], WEIGHTS
    assert_same(mine.fit(*data), other.fit(*data), 1e-9 if solver == "lbfgs" else 1e-12)
    np.testing.assert_allclose(mine.score(*data), other.score(*data), rtol=1e-9)


@pytest.mark.parametrize("kind", TARGETS)
def test_lbfgs_takes_scikit_learns_first_iterations(kind):
    mine, other = twins(kind, solver="lbfgs", max_iter=4)
    assert_same(mine.fit(X, TARGETS[kind]), other.fit(X, TARGETS[kind]), 1e-9)


@pytest.mark.parametrize("settings", [{"max_iter": 3}, {"max_fun": 3}])
def test_lbfgs_that_does_not_converge_warns(settings):
    for model in (MLPRegressor(solver="lbfgs", **settings), TheirRegressor(solver="lbfgs", **settings)):
        with pytest.warns(ConvergenceWarning, match="max_iter|MAX|FUN|EVALUATIONS"):
            model.fit(X, SCORE)
    with pytest.warns(ConvergenceWarning, match=r"raise max_iter \(\d+\) or max_fun \(\d+\)"):
        MLPRegressor(solver="lbfgs", **settings).fit(X, SCORE)


@pytest.mark.filterwarnings("error")
def test_lbfgs_converges_silently():
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, tol=1e-6, max_iter=500).fit(X, SCORE[:, 0])
    exact = np.linalg.lstsq(np.column_stack([X, np.ones(75)]), SCORE[:, 0])[0]
    np.testing.assert_allclose([*model.coefs_[0][:, 0], *model.intercepts_[0]], exact, atol=1e-4)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("kind", TARGETS)
def test_partial_fit_goes_on_with_the_solver_as_scikit_learn_does(kind, solver):
    mine, other = twins(kind, solver=solver, learning_rate_init=0.01)
    mine.set_params(warm_start=False)
    y, classes = TARGETS[kind], {"classes": CLASSES[kind]} if kind in CLASSES else {}
    for step in range(4):
        part = slice(15 * step, 15 * step + 30)
        options = classes if step == 0 else {}
        for model in (mine, other):
            model.partial_fit(X[part], y[part], WEIGHTS[part] if step > 1 else None, **options)
        assert mine.n_iter_ == 1
        assert mine.t_ == 30 * (step + 1)
    assert_same(mine, other)


def test_partial_fit_goes_on_after_fit():
    mine, other = twins("multiclass")
    for model in (mine, other):
        model.fit(X, TARGETS["multiclass"])
        model.set_params(warm_start=False).partial_fit(X, TARGETS["multiclass"])
    assert len(mine.loss_curve_) == 7
    assert_same(mine, other)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_goes_on_with_the_solver(again):
    one = MLPRegressor(random_state=0).partial_fit(X, SCORE).partial_fit(X, SCORE)
    other = again(one)
    np.testing.assert_array_equal(one.partial_fit(X, SCORE).coefs_[0], other.partial_fit(X, SCORE).coefs_[0])


def test_warm_start_goes_on_as_scikit_learn_does():
    mine, other = twins("multiclass", learning_rate_init=0.1, tol=1e-2, n_iter_no_change=3, max_iter=50)
    other.set_params(warm_start=True)
    for _ in range(3):  # the third stops early: epochs without improvement are counted on
        assert_same(mine.fit(X, TARGETS["multiclass"]), other.fit(X, TARGETS["multiclass"]))
    assert mine.n_iter_ < 4 < len(mine.loss_curve_)


@pytest.mark.parametrize("name", PAIRS)
def test_the_global_seed_of_numpy_makes_fits_repeatable_as_in_scikit_learn(name):
    y = TARGETS["binary" if name == "classifier" else "regression"]
    for kind in PAIRS[name]:
        fits = []
        for seed in (0, 0, 1):
            np.random.seed(seed)  # noqa: NPY002
            fits.append(kind(max_iter=2).fit(X, y).coefs_[0])
        assert np.array_equal(fits[0], fits[1])
        assert not np.array_equal(fits[0], fits[2])


@pytest.mark.parametrize("name", PAIRS)
def test_parameters_are_scikit_learns_in_their_order_with_their_defaults(name):
    ours, theirs = (inspect.signature(kind).parameters for kind in PAIRS[name])
    shared = [parameter for parameter in ours.values() if parameter.name in theirs]
    assert [(p.name, p.kind, p.default) for p in shared] == [(p.name, p.kind, p.default) for p in theirs.values()]


@pytest.mark.parametrize("name", PAIRS)
def test_tags_are_scikit_learns(name):
    ours, theirs = (get_tags(kind()) for kind in PAIRS[name])
    assert ours == theirs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", [MLPClassifier(max_iter=60), MLPRegressor(max_iter=60)])
def test_scikit_learn_finds_nothing_wrong(model):
    """As scikit-learn checks its own, whose weights of examples are checked with other settings (below)."""
    exempt = {"check_sample_weight_equivalence_on_dense_data": "batches of other examples"}
    check_estimator(model, on_skip=None, expected_failed_checks=exempt)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "model", [MLPClassifier(solver="lbfgs", max_iter=100), MLPRegressor(solver="sgd", tol=1e-2, random_state=42)]
)
def test_weights_are_as_good_as_repeated_examples(model):
    check_sample_weight_equivalence_on_dense_data(type(model).__name__, model)


@pytest.mark.parametrize("form", [csr_array, csc_array, csr_matrix])
@pytest.mark.parametrize("name", PAIRS)
def test_sparse_examples_give_what_dense_ones_do(name, form):
    few, y = np.where(abs(X) > 1, X, 0), TARGETS["binary" if name == "classifier" else "regression"]
    dense, sparse = (clone(PAIRS[name][0](max_iter=3, random_state=0)).fit(x, y) for x in (few, form(few)))
    np.testing.assert_array_equal(dense.coefs_[0], sparse.coefs_[0])
    np.testing.assert_array_equal(dense.predict(few), sparse.predict(form(few)))


@pytest.mark.parametrize("name", PAIRS)
def test_names_of_features_are_kept_and_checked(name):
    table = pd.DataFrame(X, columns=list("abcde"))
    y = TARGETS["binary" if name == "classifier" else "regression"]
    messages = []
    for kind in PAIRS[name]:
        model = kind(max_iter=2, random_state=0).fit(table, y)
        assert model.feature_names_in_.tolist() == list("abcde")
        with pytest.raises(ValueError) as error:
            model.predict(table[list("abcd")])
        messages.append(str(error.value).replace("MLP", ""))
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            model.predict(X)
    assert messages[0] == messages[1]


def test_metadata_are_routed_through_pipelines():
    seen = []

    class Spy(MLPClassifier):
        def fit(self, X, y, sample_weight=None):
            seen.append(sample_weight)
            return super().fit(X, y, sample_weight)

    with sklearn.config_context(enable_metadata_routing=True):
        model = Spy(max_iter=2).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        model.set_partial_fit_request(sample_weight=True, classes=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model)
        cross_validate(pipeline, X, TARGETS["binary"], cv=3, params={"sample_weight": WEIGHTS}, error_score="raise")
    assert [len(weights) for weights in seen] == [50, 50, 50]


def test_a_column_of_targets_is_flattened_with_a_warning():
    for kind, y in ((MLPClassifier, TARGETS["binary"]), (MLPRegressor, TARGETS["regression"])):
        with pytest.warns(DataConversionWarning):
            model = kind(max_iter=2).fit(X, y[:, np.newaxis])
        assert model.predict(X).shape == (75,)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_early_stopping_scores_what_is_held_out(kind):
    settings = {"early_stopping": True, "max_iter": 4, "random_state": 0, "validation_fraction": 0.2}
    models = [Estimator(**settings).fit(X, TARGETS[kind], WEIGHTS) for Estimator in PAIRS["classifier"]]
    for model in models:
        assert len(model.validation_scores_) == 4
        assert model.best_validation_score_ == max(model.validation_scores_)
        assert model.best_loss_ is None


def test_multilabel_classes_are_learnt_and_scored_as_sets():
    y = (X[:, :3] > 0).astype(int)
    model = MLPClassifier((32,), learning_rate_init=0.02, max_iter=300, random_state=0).fit(X, y)
    assert model.score(X, y) == np.mean((model.predict(X) == y).all(axis=1)) > 0.9
    assert model.classes_.tolist() == [0, 1, 2]
    hinge = clone(model).set_params(loss="hinge").fit(X, y)
    assert hinge.score(X, y) > 0.9
    with pytest.raises(nl.InputError, match="loss 'cross_entropy' is for one class an example, but y marks any number"):
        clone(model).set_params(loss="cross_entropy").fit(X, y)


def test_class_weights_are_weights_of_their_examples():
    y, settings = TARGETS["multiclass"], {"max_iter": 3, "random_state": 0}
    weights = {"a": 1.0, "b": 2.0, "c": 0.5}
    given = MLPClassifier(**settings).fit(X, y, WEIGHTS * np.vectorize(weights.get)(y))
    named = MLPClassifier(class_weight=weights, **settings).fit(X, y, WEIGHTS)
    np.testing.assert_allclose(given.coefs_[0], named.coefs_[0], rtol=1e-12)
    _, places, counts = np.unique(y, return_inverse=True, return_counts=True)
    balanced = MLPClassifier(class_weight="balanced", **settings).fit(X, y)
    by_hand = MLPClassifier(**settings).fit(X, y, 75 / (3 * counts[places]))
    np.testing.assert_allclose(balanced.coefs_[0], by_hand.coefs_[0], rtol=1e-12)


def test_class_weights_need_not_be_of_classes_that_come_in_a_batch():
    y, table = TARGETS["multiclass"], {"a": 3.0, "b": 2.0}
    by_weights, by_classes = MLPClassifier(random_state=0), MLPClassifier(class_weight=table, random_state=0)
    for label in "cba":
        part = y == label
        weights = np.full(part.sum(), table.get(label, 1.0))
        by_weights.partial_fit(X[part], y[part], weights, classes=["a", "b", "c"])
        by_classes.partial_fit(X[part], y[part], classes=["a", "b", "c"])
    np.testing.assert_array_equal(by_weights.coefs_[0], by_classes.coefs_[0])
    MLPClassifier(class_weight={"c": 2.0}, max_iter=1).fit([(X, y)])
    with pytest.raises(nl.InputError, match=r"class_weight names 'z', which is not among the classes \['a' 'b' 'c'\]"):
        MLPClassifier(class_weight={"a": 2.0, "z": 1.0}).fit(X, y)


def test_classes_that_do_not_come_can_be_named():
    model = MLPClassifier(max_iter=2).fit(X, TARGETS["binary"], classes=["maybe", "no", "yes"])
    assert model.predict_proba(X).shape == (75, 3)


class CutShort(MLPRegressor):
    """Ctrl-C is pressed after the third epoch."""

    def _score_outputs(self, *arguments):
        self.epochs = getattr(self, "epochs", 0) + 1
        if self.epochs == 3:
            signal.raise_signal(signal.SIGINT)
        return -abs(self.epochs - 2)


def test_ctrl_c_keeps_the_best_weights_so_far():
    settings = {"early_stopping": True, "random_state": 0}
    with pytest.warns(UserWarning, match="training was interrupted; what was learnt so far is kept"):
        model = CutShort(max_iter=100, **settings).fit(X, SCORE)
    assert model.n_iter_ == len(model.loss_curve_) == 3
    best = CutShort(max_iter=2, **settings).fit(X, SCORE)
    np.testing.assert_array_equal(model.coefs_[0], best.coefs_[0])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_leaves_batches_that_do_not_come():
    def batches():
        yield X, SCORE
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("still waiting")

    model = MLPRegressor(random_state=0)
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="training was interrupted"):
        model.fit(batches)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


BAD = [
    {"hidden_layer_sizes": -1},
    {"hidden_layer_sizes": (3, 0)},
    {"activation": "ghost"},
    {"solver": "hadoken"},
    {"alpha": -1},
    {"batch_size": 0},
    {"learning_rate": "converge"},
    {"learning_rate_init": -1},
    {"power_t": -1},
    {"max_iter": -1},
    {"shuffle": "true"},
    {"random_state": -1},
    {"random_state": "one"},
    {"tol": -1},
    {"verbose": "yes"},
    {"verbose": -1},
    {"warm_start": "yes"},
    {"momentum": 2},
    {"nesterovs_momentum": "yes"},
    {"early_stopping": "yes"},
    {"validation_fraction": 1},
    {"validation_fraction": -1},
    {"beta_1": 1},
    {"beta_2": -0.5},
    {"epsilon": -0.5},
    {"n_iter_no_change": -1},
    {"max_fun": 0},
]


@pytest.mark.parametrize("settings", BAD, ids=str)
def test_what_scikit_learn_refuses_is_refused(settings):
    for kind in PAIRS["classifier"]:
        with pytest.raises(ValueError, match=next(iter(settings))):
            kind(**settings).fit(X, TARGETS["binary"])


def test_what_diverges_is_a_value_error_as_in_scikit_learn():
    for kind in PAIRS["regressor"]:
        with pytest.raises(ValueError, match=r"non-finite|diverged"), np.errstate(all="ignore"):
            kind(solver="sgd", learning_rate_init=1e9, max_iter=50).fit(X, 100 * SCORE)


def test_ctrl_c_keeps_what_was_learnt():
    for solver in ("adam", "lbfgs"):
        model = MLPRegressor(solver=solver, max_iter=100, random_state=0)
        with pytest.warns(UserWarning, match="training was interrupted"):
            model.fit(X, SCORE, callbacks=[lambda epoch: epoch.number == 3 and signal.raise_signal(signal.SIGINT)])
        assert model.n_iter_ == 3
        np.testing.assert_array_equal(model.coefs_[0], clone(model).set_params(max_iter=3).fit(X, SCORE).coefs_[0])


def test_partial_fit_refuses_what_scikit_learn_refuses():
    y = TARGETS["multiclass"]
    for kind in PAIRS["classifier"]:
        with pytest.raises(AttributeError, match="partial_fit"):
            _ = kind(solver="lbfgs").partial_fit
        with pytest.raises(ValueError, match="classes"):
            kind().partial_fit(X, y)
        with pytest.raises(ValueError, match="early_stopping"):
            kind(early_stopping=True).partial_fit(X, y, classes=np.unique(y))
        model = kind().partial_fit(X, y, classes=np.unique(y))
        with pytest.raises(ValueError, match="classes"):
            model.partial_fit(X, y, classes=["a", "b"])
        with pytest.raises(ValueError, match="classes"):
            model.partial_fit(X[:2], ["a", "z"])
        with pytest.raises(ValueError, match="features"):
            model.partial_fit(X[:, :3], y)
    with pytest.raises(nl.InputError, match="class_weight='balanced' needs all examples at once"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=np.unique(y))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(75), "zero"),
        (np.full(75, np.nan), "NaN"),
        (np.ones(74), "sample_weight"),
        (np.ones((75, 2)), "ample"),
    ],
)
def test_weights_that_cannot_weigh_are_refused(weights, message):
    for kind in PAIRS["regressor"]:
        with pytest.raises((ValueError, ZeroDivisionError), match=message):
            kind().fit(X, SCORE, sample_weight=weights)
    with pytest.raises(nl.InputError, match=r"sample_weight must not be negative, got -1\.0 at position 3"):
        MLPRegressor().fit(X, SCORE, np.where(np.arange(75) == 3, -1, 1))


@pytest.mark.parametrize("y", [np.linspace(0, 1, 75), np.arange(150).reshape(75, 2) % 5], ids=["numbers", "tables"])
def test_targets_that_are_no_classes_are_refused(y):
    for kind in PAIRS["classifier"]:
        with pytest.raises(ValueError, match=r"Unknown label type|[Mm]ultioutput"):
            kind().fit(X, y)
