"""What cannot be trained is refused in one sentence that names the argument, its value and the mend."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import nonlin as nl
from nonlin.definition import registry
from nonlin.nn import DivergedError, MLPClassifier, MLPRegressor

X = np.random.default_rng(0).standard_normal((30, 4))
CLASSES, NUMBERS = np.arange(30) % 3, np.linspace(-1, 1, 30)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "gleu"}, "unknown activation 'gleu'; did you mean 'gelu'?"),
        ({"activation": "step"}, "activation 'step' cannot learn: its gradient is zero everywhere"),
        ({"activation": "softmax"}, "activation 'softmax' works on whole rows"),
        ({"activation": "swiglu"}, "activation 'swiglu' works on two halves of a row"),
        ({"activation": "leaky_relu", "activation_parameters": {"slope": 1}}, "leaky_relu has no parameter 'slope'"),
        ({"activation": "elu", "activation_parameters": {"alpha": [1]}}, "['alpha'] must be a number, got [1]"),
        ({"loss": "mse"}, "loss 'mse' is for regression, not for classification; choose one of"),
        ({"loss": "cross_entrpy"}, "unknown loss 'cross_entrpy'; did you mean 'cross_entropy'?"),
        ({"solver": "newton"}, "solver must be one of 'adam', 'sgd', 'lbfgs', 'adamw', "),
        ({"learning_rate": "fast"}, "learning_rate must be one of 'constant', 'invscaling', 'adaptive', 'cosine', "),
        ({"hidden_layer_sizes": (8, 0)}, "hidden_layer_sizes must be a whole number from 1 on for each layer, got 0"),
        ({"hidden_layer_sizes": 2.5}, "hidden_layer_sizes must be a whole number from 1 on for each layer, got 2.5"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1 on or 'auto', got 0"),
        ({"learning_rate_init": 0}, r"learning_rate_init must be a number in (0, inf), got 0"),
        ({"learning_rate_init": np.nan}, r"learning_rate_init must be a number in (0, inf), got nan"),
        ({"alpha": -1.0}, r"alpha must be a number in [0, inf), got -1.0"),
        ({"momentum": 1.5}, r"momentum must be a number in [0, 1], got 1.5"),
        ({"beta_2": 1.0}, r"beta_2 must be a number in [0, 1), got 1.0"),
        ({"max_iter": 0}, "max_iter must be a whole number from 1 on, got 0"),
        ({"shuffle": "yes"}, "shuffle must be True or False, got 'yes'"),
        ({"scoring": "r2"}, "scoring must be None (the estimator's score) or 'loss', got 'r2'"),
        ({"hidden_layer_sizes": 10**11}, "hidden_layer_sizes=100000000000 takes about"),
        ({"tol": None}, r"tol must be a number in [0, inf), got None"),
        ({"activation": np.tanh}, "got <ufunc 'tanh'>; a function of yours becomes a record with @nonlin.activation"),
        ({"loss": 3.5}, "loss must be a name or a record, got 3.5"),
        ({"normalization": "batch", "batch_size": 1}, "leaves nothing of batches of one example, got batch_size=1"),
        ({"solver": "lbfgs", "record": "epoch"}, "record='epoch' measures steps on batches, which solver='lbfgs' does"),
        ({"record": 2**63}, "record must be None, 'epoch', a number of steps or a list of step numbers from 1 on, got"),
        ({"record": b"ab"}, "record must be None, 'epoch', a number of steps or a list of step numbers from 1 on, got"),
        ({"class_weight": dict.fromkeys(range(3), 0)}, "class_weight together leave every example the weight 0"),
        ({"class_weight": {0: -1}}, "class_weight[0] must be a finite number from 0 on, got -1"),
        ({"class_weight": {1: np.nan}}, "class_weight[1] must be a finite number from 0 on, got nan"),
        ({"class_weight": np.ones(3)}, "class_weight must be None, 'balanced' or a dictionary of weights, got array("),
    ],
    ids=str,
)
def test_a_bad_parameter_is_named(settings, message):
    with pytest.raises(nl.InputError) as error:
        MLPClassifier(**settings).fit(X, CLASSES)
    assert message in str(error.value)


@pytest.mark.parametrize("settings", [{"activation": "gleu"}, {"alpha": -1.0}, {"hidden_layer_sizes": (10**6, 10**6)}])
def test_settings_that_no_data_can_make_right_are_refused_without_data(settings):
    with pytest.raises(nl.InputError, match=next(iter(settings))):
        MLPClassifier(**settings)._validate_params()
    MLPClassifier()._validate_params()


def test_an_activation_without_a_derivative_is_refused():
    @nl.activation(range=(0, 1))
    def hump(x):
        """1 / (1 + x^2): a hump."""
        return 1 / (1 + x * x)

    try:
        with pytest.raises(nl.InputError, match=r"'hump' has no derivative; define it with @hump\.derivative"):
            MLPClassifier(activation=hump).fit(X, CLASSES)
    finally:
        registry.activations.remove("hump")


def test_step_is_allowed_where_there_is_no_hidden_layer_to_use_it():
    MLPClassifier((), "step", max_iter=2000, tol=1e-2).fit(X, CLASSES)


def test_a_classification_loss_does_not_fit_regression():
    with pytest.raises(nl.InputError, match="loss 'cross_entropy' is for classification, not for regression"):
        MLPRegressor(loss="cross_entropy").fit(X, NUMBERS)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.full(30, "a"), r"y must hold numbers, got an array of <U1; for classes take MLPClassifier"),
        (NUMBERS, r"y does not fit loss='poisson': .* must be numbers from 0, got -1.0 at position \(0,\)"),
    ],
    ids=["texts", "negative counts"],
)
def test_targets_that_no_loss_is_defined_for_are_refused(y, message):
    with pytest.raises(nl.InputError, match=message):
        MLPRegressor("poisson").fit(X, y)


def test_only_fit_reads_files(tmp_path):
    model = MLPRegressor(hidden_layer_sizes=2, max_iter=2000, tol=1e-2).fit(X, NUMBERS)
    for use in (model.predict, model.forward_trace, lambda path: model.partial_fit(path, "y")):
        with pytest.raises(nl.InputError, match=r"X must be .* got the path '.*data\.csv'; only fit reads files"):
            use(tmp_path / "data.csv")


def test_a_single_class_is_refused():
    with pytest.raises(nl.InputError, match="y has only one class, 7; "):
        MLPClassifier().fit(X, np.full(30, 7))


@pytest.mark.parametrize("y", [[None, "b"], [1, "b"]], ids=str)
def test_labels_of_several_kinds_are_refused(y):
    with pytest.raises(nl.InputError, match=r"y mixes labels of the kinds (NoneType|number), text; make them of one"):
        MLPClassifier().fit(X, np.array(y * 15, object))


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "y has no class"),
        ([4], "y has only one class, 4"),
        ("ab", "classes must be a list of labels, got 'ab'"),
        (["a", 1], "classes mixes labels of the kinds number, text"),
    ],
    ids=str,
)
def test_classes_that_are_no_labels_are_refused(classes, message):
    with pytest.raises(nl.InputError, match=message):
        MLPClassifier().partial_fit(X, CLASSES, classes=classes)


def test_labels_of_another_kind_than_before_are_refused():
    model = MLPClassifier().partial_fit(X, CLASSES, classes=[0, 1, 2])
    with pytest.raises(nl.InputError, match=r"y must have the classes \[0 1 2\], got \['a'\] too"):
        model.partial_fit(X, np.full(30, "a", object))


def test_early_stopping_needs_examples_to_validate_on():
    with pytest.raises(nl.InputError, match=r"validation_fraction=0\.01 leaves 1 of 30 examples"):
        MLPRegressor(early_stopping=True, validation_fraction=0.01).fit(X, NUMBERS)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_that_are_not_finite_are_refused(bad):
    spoilt = X.copy()
    spoilt[3, 1] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        MLPClassifier().fit(spoilt, CLASSES)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        MLPRegressor().fit(X, spoilt[:, 1])


def test_data_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MLPClassifier().fit(X, CLASSES[:-1])
    model = MLPClassifier((4,), max_iter=500, tol=1e-2).fit(X, CLASSES)
    with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 4"):
        model.predict(X[:, :3])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_assigned_weights_of_another_shape_and_other_classes_are_refused():
    model = MLPClassifier((4,), max_iter=1, warm_start=True).fit(X, CLASSES)
    with pytest.raises(nl.InputError, match="with warm_start=True y must have the classes"):
        model.fit(X, CLASSES % 2)
    model.intercepts_ = [np.zeros(4), np.zeros(2)]
    with pytest.raises(nl.InputError, match=r"intercepts_ must have the lengths \[4, 3\], got the shapes"):
        model.fit(X, CLASSES)
    model.coefs_ = [np.zeros((4, 5)), np.zeros((5, 3))]
    with pytest.raises(nl.InputError, match=r"coefs_ must have the shapes \[\(4, 4\), \(4, 3\)\]"):
        model.fit(X, CLASSES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_diverged_training_is_an_error_that_names_step_layer_and_causes(dtype):
    model = MLPRegressor(
        hidden_layer_sizes=(8,), activation="relu", solver="sgd", learning_rate_init=1e6, max_iter=50, random_state=0
    )
    where = r"diverged at step \d+, epoch \d+: (layer \d gave values|the loss became|the weights of layer \d).*"
    causes = r"learning_rate_init=1e\+06; try a tenth.*largest here is .*gradient_clip_norm"
    with pytest.raises(DivergedError, match=where + causes) as error:
        model.fit(X.astype(dtype), NUMBERS)
    assert isinstance(error.value, ArithmeticError)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_divergence_by_large_targets_names_them():
    with pytest.raises(
        DivergedError, match=r"the targets are not standardised \(the largest here is 1e\+200; put a Tr"
    ):
        MLPRegressor(max_iter=50).fit(X, 1e200 * NUMBERS)


def test_a_diverged_training_leaves_what_was_fitted_before_though_callbacks_saw_more():
    settings = {"hidden_layer_sizes": (8,), "solver": "sgd", "learning_rate_init": 1e6, "max_iter": 50}
    with pytest.raises(DivergedError):
        (model := MLPRegressor(**settings, random_state=0)).fit(X, NUMBERS, callbacks=[lambda epoch: None])
    with pytest.raises(NotFittedError):
        model.predict(X)
    model.set_params(learning_rate_init=1e-3, warm_start=True, max_iter=2000, tol=1e-2).fit(X, NUMBERS)
    before = model.predict(X)
    with pytest.raises(DivergedError):
        model.set_params(learning_rate_init=1e9, tol=0).fit(X, NUMBERS, callbacks=[lambda epoch: None])
    np.testing.assert_array_equal(model.predict(X), before)


def test_a_batch_larger_than_the_data_is_cut_with_a_warning():
    with pytest.warns(UserWarning, match="batch_size=99 is more than the 30 examples"):
        MLPClassifier((4,), batch_size=99, max_iter=2000, tol=1e-2).fit(X, CLASSES)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("before", "after"), [("batch", None), (None, "layer"), ("layer", "batch")])
def test_another_normalization_than_the_weights_were_learnt_with_is_refused(before, after):
    model = MLPClassifier((4,), max_iter=1, warm_start=True, normalization=before).fit(X, CLASSES)
    model.set_params(normalization=after)
    for use in (lambda: model.predict(X), lambda: model.fit(X, CLASSES), lambda: model.partial_fit(X, CLASSES)):
        with pytest.raises(nl.InputError, match=f"fitted with normalization={before!r}, got {after!r}; set that again"):
            use()
    model.set_params(warm_start=False).fit(X, CLASSES).predict(X)
