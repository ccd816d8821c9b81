"""What a training records about itself."""

import numpy as np
import pytest

from nonlin.nn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).standard_normal((70, 5))
CLASSES = np.arange(70) % 3


def test_history_has_an_entry_an_epoch_and_a_column_a_layer():
    history = MLPClassifier((6, 4), max_iter=7, random_state=0).fit(X, CLASSES).history_
    assert {name: array.shape for name, array in history.items()} == {
        "loss": (7,),
        "dead_share": (7, 2),
        "gradient_norm": (7, 3),
    }
    assert np.isfinite(history["gradient_norm"]).all()
    assert (history["gradient_norm"] > 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("activation", "dead"), [("relu", [0.5, 0.25]), ("tanh", [0.5, 0.25]), ("leaky_relu", [0, 0])])
def test_units_forced_out_of_reach_are_dead_but_not_where_the_slope_stays(dtype, activation, dead):
    model = MLPClassifier((8, 4), activation, max_iter=1, batch_size=16, learning_rate_init=1e-9, random_state=0)
    model.set_params(warm_start=True).fit(X.astype(dtype), CLASSES)
    model.intercepts_ = [np.zeros(8, dtype), np.zeros(4, dtype), np.zeros(3, dtype)]
    model.intercepts_[0][:4] = -100
    model.intercepts_[1][2] = -100
    np.testing.assert_allclose(model.fit(X.astype(dtype), CLASSES).history_["dead_share"][1], dead)


def test_a_unit_that_fires_for_one_example_of_the_epoch_is_not_dead():
    model = MLPRegressor(
        hidden_layer_sizes=(1,), activation="relu", max_iter=1, batch_size=10, learning_rate_init=1e-9, random_state=0
    )
    data = np.full((50, 1), -1.0)
    model.set_params(warm_start=True).fit(data, np.zeros(50))
    model.coefs_, model.intercepts_ = [np.ones((1, 1)), np.ones((1, 1))], [np.zeros(1), np.zeros(1)]
    assert model.fit(data, np.zeros(50)).history_["dead_share"][-1] == 1
    data[33] = 1.0
    assert model.fit(data, np.zeros(50)).history_["dead_share"][-1] == 0


def test_gradient_norm_is_the_rms_of_the_error_of_each_layer():
    y = np.random.default_rng(1).standard_normal(70)
    model = MLPRegressor(
        hidden_layer_sizes=(6, 4),
        activation="tanh",
        max_iter=1,
        batch_size=70,
        learning_rate_init=1e-12,
        random_state=0,
    )
    model.set_params(warm_start=True).fit(X, y)
    (first, second, third), (b, c, d) = model.coefs_, model.intercepts_
    one = np.tanh(X @ first + b)
    two = np.tanh(one @ second + c)
    errors = [two @ third + d - y[:, np.newaxis]]
    errors.insert(0, errors[0] @ third.T * (1 - two**2))
    errors.insert(0, errors[0] @ second.T * (1 - one**2))
    expected = [np.sqrt(np.mean(error**2)) for error in errors]
    np.testing.assert_allclose(model.fit(X, y).history_["gradient_norm"][-1], expected, rtol=1e-8)


def test_loss_curve_is_the_history_of_the_loss():
    model = MLPRegressor(hidden_layer_sizes=(6,), max_iter=5, random_state=0).fit(X, X[:, 0])
    assert model.loss_curve_ == model.history_["loss"].tolist()
    assert model.loss_ == model.loss_curve_[-1]
