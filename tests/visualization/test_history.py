"""The picture of one training: what it takes from a model, and what is drawn of it."""

from types import SimpleNamespace

import numpy as np
import pytest

from nonlin.errors import InputError
from nonlin.nn import MLPRegressor
from nonlin.visualization.history import history_data, plot_history

EPOCHS = 12


def model(*, layers=3, epochs=EPOCHS, validation=None, scores=None):
    steps = np.arange(epochs)[:, np.newaxis]
    history = {
        "loss": np.exp(-0.4 * np.arange(epochs)),
        "dead_share": steps * np.arange(layers - 1) / 100,
        "gradient_norm": 0.1 * 0.9**steps * 2.0 ** np.arange(layers),
    }
    if validation is not None:
        history["validation_loss"] = np.asarray(validation)
    return SimpleNamespace(history_=history, validation_scores_=scores)


def titles(axes):
    return [ax.get_title(loc="left") for ax in axes]


def lines(ax):
    return [line.get_ydata() for line in ax.lines]


def test_panels_show_loss_dead_units_and_gradient_by_layer():
    trained = model()
    loss, dead, gradient = plot_history(trained).axes
    assert titles((loss, dead, gradient)) == ["loss", "dead units", "gradient"]
    np.testing.assert_allclose(lines(loss), [trained.history_["loss"]])
    np.testing.assert_allclose(lines(dead), 100 * trained.history_["dead_share"].T)
    np.testing.assert_allclose(lines(gradient), trained.history_["gradient_norm"].T)
    for ax, layers in ((dead, "12"), (gradient, "123")):
        assert [text.get_text() for text in ax.texts if len(text.get_text()) == 1] == list(layers)
    small = [text.get_text() for ax in (loss, dead, gradient) for text in ax.texts]
    assert {"mean of an example", "% of units, by layer", "rms of dL/dz of an example, by layer"} <= set(small)
    assert all(ax.get_xlabel() == "epoch" for ax in (loss, dead, gradient))


def test_a_loss_that_falls_far_and_gradients_get_a_logarithmic_axis():
    loss, dead, gradient = plot_history(model()).axes
    assert (loss.get_yscale(), dead.get_yscale(), gradient.get_yscale()) == ("log", "linear", "log")
    flat = model()
    flat.history_["loss"] = np.linspace(2, 1, EPOCHS)
    flat.history_["gradient_norm"][3, 1] = 0.0  # nothing reaches a layer
    loss, _, gradient = plot_history(flat).axes
    assert (loss.get_yscale(), gradient.get_yscale()) == ("linear", "linear")


def test_the_loss_on_examples_held_out_is_beside_the_training_loss():
    validation = np.linspace(1.0, 0.5, EPOCHS)
    loss, *_ = plot_history(model(validation=validation)).axes
    np.testing.assert_allclose(lines(loss)[1], validation)
    assert "mean of an example; dashed: held out" in [text.get_text() for text in loss.texts]


def test_scores_of_the_last_fit_stand_at_the_last_epochs():
    """With warm_start the loss goes on from fit to fit, the scores begin anew."""
    scores = plot_history(model(scores=[0.5, 0.75, 0.875])).axes[1]
    assert titles([scores]) == ["validation score"]
    assert scores.lines[0].get_xdata().tolist() == [EPOCHS - 2, EPOCHS - 1, EPOCHS]


def test_the_loss_held_out_is_not_shown_again_as_a_score():
    data = history_data(model(validation=np.ones(EPOCHS), scores=[-1.0] * EPOCHS))
    assert not len(data.validation_score)


def test_scikit_learns_networks_have_a_history_too():
    shown = plot_history(SimpleNamespace(loss_curve_=[3.0, 2.0], validation_scores_=[0.1, 0.2])).axes
    assert titles(shown) == ["loss", "validation score"]


def test_a_network_without_hidden_layers_has_no_dead_units():
    assert titles(plot_history(model(layers=1)).axes) == ["loss", "gradient"]


def test_a_single_epoch_is_a_dot():
    for ax in plot_history(model(epochs=1)).axes:
        assert {line.get_marker() for line in ax.lines} == {"o"}


def test_many_layers_have_labels_that_stay_apart():
    *_, gradient = plot_history(model(layers=9)).axes
    heights = sorted(text.get_position()[1] for text in gradient.texts if len(text.get_text()) == 1)
    assert len(heights) == 9
    assert min(np.diff(heights)) > 0.079


def test_axes_that_are_given_are_filled():
    from matplotlib.figure import Figure

    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert plot_history(model(), right) is figure
    assert not left.lines
    assert titles(right.child_axes) == ["loss", "dead units", "gradient"]


def test_an_estimator_draws_its_own_history():
    network = MLPRegressor(hidden_layer_sizes=(4,), tol=1.0, early_stopping=True, random_state=0)
    network.fit(np.random.default_rng(0).standard_normal((50, 2)), np.arange(50.0))
    assert titles(network.plot_history().axes) == ["loss", "validation score", "dead units", "gradient"]
    np.testing.assert_allclose(lines(network.plot_history().axes[0]), [network.loss_curve_])


def test_what_recorded_nothing_is_refused():
    with pytest.raises(InputError, match="SimpleNamespace has recorded no loss to plot; fit it first"):
        plot_history(SimpleNamespace())
