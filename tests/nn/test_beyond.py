"""What the estimators can that scikit-learn's cannot, as a user meets it."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import nonlin as nl
from nonlin.nn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(90, 4))
CLASSES = (X @ [1.0, -1.0, 0.5, 0.0] > 0).astype(int) + (X[:, 3] > 0.5)
NUMBERS = np.sin(X[:, 0]) + X[:, 1]


def by_hand(model, X):
    """The outputs of a fitted network from its attributes, in NumPy."""
    *hidden, last = zip(model.coefs_, model.intercepts_, strict=True)
    values = X
    for i, (weights, bias) in enumerate(hidden):
        sums = values @ weights
        if model.normalizations_:
            kept = model.normalizations_[i]
            mean, variance = kept["mean"], kept["variance"]
            if kept["kind"] == "layer":
                mean, variance = sums.mean(axis=1, keepdims=True), sums.var(axis=1, keepdims=True)
            sums = (sums - mean) / np.sqrt(variance + kept["epsilon"]) * kept["gamma"]
        names = model.activation if isinstance(model.activation, list) else [model.activation] * len(hidden)
        values = nl.get(names[i])(sums + bias, **model.activation_parameters_[i])
    return values @ last[0] + last[1]


@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
@pytest.mark.parametrize("activation", ["prelu", "swish_beta", ["gelu", "prelu"], "tanh"], ids=str)
def test_predictions_follow_from_the_attributes(activation, normalization):
    settings = {"normalization": normalization, "dropout": 0.2, "max_iter": 20, "random_state": 0}
    model = MLPRegressor("mse", (8, 6), activation, learning_rate_init=0.02, **settings).fit(X, NUMBERS)
    np.testing.assert_allclose(model.predict(X), by_hand(model, X)[:, 0], rtol=1e-9, atol=1e-12)
    again = clone(model).fit(X, NUMBERS)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_learnable_parameters_are_learnt_and_a_warm_start_goes_on_from_them():
    model = MLPRegressor("mse", (8,), "prelu", max_iter=20, warm_start=True, learning_rate_init=0.02, random_state=0)
    first = model.fit(X, NUMBERS).activation_parameters_[0]["weight"]
    assert first != nl.prelu.parameters["weight"].default
    model.set_params(learning_rate_init=1e-12, max_iter=1).fit(X, NUMBERS)
    assert model.activation_parameters_[0]["weight"] == pytest.approx(first, abs=1e-9)


def test_what_was_learnt_outside_of_the_declared_range_predicts_too():
    """snake is declared for alpha > 0; its formula x + sin(alpha x)^2 / alpha goes on below."""
    model = MLPRegressor("mse", (6,), "snake", max_iter=1, random_state=0).fit(X, NUMBERS)
    model.activation_parameters_[0]["alpha"] = alpha = -2.0
    z = X @ model.coefs_[0] + model.intercepts_[0]
    expected = (z + np.sin(alpha * z) ** 2 / alpha) @ model.coefs_[1] + model.intercepts_[1]
    np.testing.assert_allclose(model.predict(X), expected[:, 0], rtol=1e-9)


def test_a_learnable_activation_does_not_shift_the_other_random_numbers():
    settings = {"max_iter": 1, "learning_rate_init": 1e-30, "random_state": 0, "initialization": "glorot_uniform"}
    plain, learnt = (MLPRegressor("mse", (8, 8), name, **settings).fit(X, NUMBERS) for name in ("relu", "prelu"))
    for one, other in zip(plain.coefs_, learnt.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_see_the_network_after_each_epoch_and_can_stop_it(solver):
    told = []

    def stop(epoch):
        told.append((epoch.number, epoch.loss, epoch.model.predict(X)))
        return epoch.number == 4

    model = MLPRegressor("mse", (8,), solver=solver, max_iter=50, random_state=0).fit(X, NUMBERS, callbacks=[stop])
    assert [number for number, *_ in told] == [1, 2, 3, 4]
    assert [loss for _, loss, _ in told] == model.history_["loss"].tolist()
    np.testing.assert_array_equal(told[-1][2], model.predict(X))
    with pytest.warns(ConvergenceWarning):
        short = clone(model).set_params(max_iter=2).fit(X, NUMBERS)
    np.testing.assert_allclose(told[1][2], short.predict(X), rtol=1e-12)


def test_callbacks_are_told_validation_scores_and_learning_rates():
    told = []
    settings = {"early_stopping": True, "learning_rate": "cosine", "max_iter": 5, "random_state": 0, "batch_size": 20}
    for scoring in (None, "loss"):
        model = MLPClassifier((8,), "tanh", solver="adamw", scoring=scoring, **settings)
        model.fit(X, CLASSES, callbacks=[told.append])
        assert [epoch.validation_score for epoch in told[-5:]] == model.validation_scores_
    rates = [epoch.learning_rate for epoch in told[:5]]
    steps = 5 * np.arange(1, 6) - 1  # the last of each epoch of 81 examples in batches of 20
    np.testing.assert_allclose(rates, 0.001 * (1 + np.cos(np.pi * steps / 25)) / 2, rtol=1e-12)


def test_records_are_kept_where_asked_for():
    model = MLPClassifier((8, 6), batch_size=30, max_iter=4, record=[1, 5], random_state=0).fit(X, CLASSES)
    assert model.records_["step"].tolist() == [1, 5]
    assert model.records_["dead_share"].shape == (2, 2)
    assert not hasattr(clone(model).set_params(record=None).fit(X, CLASSES), "records_")
    assert not hasattr(model.set_params(record=None, warm_start=True).fit(X, CLASSES), "records_")


def test_traces_end_in_what_is_predicted_and_what_is_learnt():
    model = MLPClassifier((8, 6), "gelu", max_iter=3, random_state=0).fit(X, CLASSES)
    np.testing.assert_allclose(model.forward_trace(X)["outputs"], model.predict_proba(X), rtol=1e-12)
    trace = model.backward_trace(X[:30], CLASSES[:30])
    before = [*model.coefs_, *model.intercepts_]
    model.partial_fit(X[:30], CLASSES[:30])
    assert trace["loss"] == pytest.approx(model.loss_, rel=1e-12)
    updates = [trace[f"{what}_update_{i}"] for what in ("weight", "bias") for i in (1, 2, 3)]
    for old, step, new in zip(before, updates, [*model.coefs_, *model.intercepts_], strict=True):
        np.testing.assert_allclose(old + step, new, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("dtype", "given"), [("float32", "f8"), ("float64", "f4")])
def test_the_number_format_can_be_chosen(dtype, given):
    model = MLPRegressor("mse", (8,), max_iter=2, dtype=dtype, random_state=0).fit(X.astype(given), NUMBERS)
    assert {array.dtype.name for array in [*model.coefs_, *model.intercepts_]} == {dtype}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": ["relu"]}, "activation must be one for all hidden layers or a list of 2, one for each"),
        ({"dropout": [0.1]}, "dropout must be one for all hidden layers or a list of 2"),
        ({"dropout": 1.0}, "dropout must be a number in [0, 1), got 1.0"),
        ({"normalization": "group"}, "normalization must be one of None, 'layer', 'batch', got 'group'"),
        ({"dtype": "float16"}, "dtype must be one of None, 'float32', 'float64', got 'float16'"),
        ({"weight_decay": -1}, "weight_decay must be a number in [0, inf), got -1"),
        ({"gradient_clip_norm": 0}, "gradient_clip_norm must be a number in (0, inf), got 0"),
        ({"warmup_steps": -1}, "warmup_steps must be a whole number from 0 on, got -1"),
        ({"initialization": "orthogonl"}, "unknown initialization 'orthogonl'; did you mean 'orthogonal'?"),
        ({"record": "step"}, "record must be None, 'epoch', a number of steps or a list of step numbers"),
        ({"solver": "lbfgs", "dropout": 0.1}, "solver='lbfgs' minimises one function of all examples"),
        ({"class_weight": "equal"}, "class_weight must be None, 'balanced' or a dictionary of weights, got 'equal'"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_named(settings, message):
    with pytest.raises(nl.InputError) as error:
        MLPClassifier((8, 6), **settings).fit(X, CLASSES)
    assert message in str(error.value)


def test_layers_given_where_the_loss_belongs_are_named_with_the_mend():
    with pytest.raises(nl.InputError, match=r"loss must be the name .*write hidden_layer_sizes=\(8, 6\)"):
        MLPRegressor((8, 6), "tanh").fit(X, NUMBERS)
