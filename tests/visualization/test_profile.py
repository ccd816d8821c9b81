import numpy as np
import pytest

from nonlin.errors import InputError
from nonlin.visualization.panels import single
from nonlin.visualization.profile import draw_profile_panel, plot_profile, profile_data, profile_findings


def with_profiles(comparison, dead, gradient):
    for run in comparison.runs:
        run.history = {"dead_share": np.array(dead, dtype=np.float32), "gradient_norm": np.array(gradient)}
    return comparison


def test_the_three_moments_are_the_first_middle_and_last_epoch_of_each_run(fake):
    comparison = fake(["relu"], repeats=2, folds=1)
    for run, epochs in zip(comparison.runs, (3, 5), strict=True):
        steps = np.arange(epochs)[:, None]
        run.history = {"dead_share": steps / 10, "gradient_norm": 10.0 ** -np.hstack([steps, steps])}
    (panel,) = profile_data(comparison).panels
    np.testing.assert_allclose(panel.dead, [[0], [0.15], [0.3]])
    np.testing.assert_allclose(panel.gradient[:, 0], [1, (0.1 + 0.01) / 2, (1e-2 + 1e-4) / 2])


def test_dead_units_are_named_where_they_are(fake):
    comparison = with_profiles(fake(["relu"]), [[0.0, 0.0], [0.02, 0.31]], [[1.0, 1.0, 1.0]] * 2)
    assert "relu, 31 % of layer 2" in " ".join(profile_findings(profile_data(comparison)))


def test_their_absence_is_said_too(fake):
    comparison = with_profiles(fake(["gelu"]), [[0.0, 0.0]], [[1.0, 1.0, 1.0]])
    assert "no problem" in " ".join(profile_findings(profile_data(comparison)))


@pytest.mark.parametrize(
    ("gradient", "words"),
    [([[1e-5, 1e-3, 0.1]], "10000 times less"), ([[0.0, 0.0, 0.1]], "No gradient reaches"), ([[0.05, 0.1, 0.1]], "")],
)
def test_fading_gradients_are_found(fake, gradient, words):
    findings = profile_findings(profile_data(with_profiles(fake(["sigmoid"]), [[0.0, 0.0]], gradient)))
    assert (words in " ".join(findings)) if words else len(findings) == 1


def test_a_network_without_hidden_layers_has_no_dead_units_but_a_gradient(fake):
    comparison = with_profiles(fake(["relu"]), np.empty((4, 0)), np.ones((4, 1)))
    (panel,) = profile_data(comparison).panels
    assert panel.dead is None
    assert panel.gradient.shape == (3, 1)
    assert plot_profile(comparison).axes


def test_depths_may_differ_between_arms(fake):
    comparison = fake(["shallow", "deep"])
    for run in comparison.runs:
        layers = 1 if run.arm == "shallow" else 4
        run.history = {"dead_share": np.zeros((3, layers)), "gradient_norm": np.ones((3, layers + 1))}
    data = profile_data(comparison)
    assert data.layers == 5
    _, ax = single()
    draw_profile_panel(data, 0, ax)
    assert ax.child_axes[1].get_xlim()[1] > 5


def test_zero_gradients_are_left_out_of_the_logarithmic_scale(fake):
    data = profile_data(with_profiles(fake(["step"]), [[0.0]], [[0.0, 0.5]]))
    _, ax = single()
    draw_profile_panel(data, 0, ax)
    assert ax.child_axes[1].get_ylim()[0] > 0


def test_the_figure_is_left_out_with_a_reason(fake):
    comparison = fake(["relu"], histories=False)
    assert "neither dead units" in profile_data(comparison).reason
    with pytest.raises(InputError, match="neither dead units"):
        plot_profile(comparison)


def test_a_figure_of_its_own_says_what_its_three_lines_are(fake):
    figure = plot_profile(fake(["relu", "gelu"]))
    assert [text.get_text() for text in figure.axes[-1].texts] == ["start", "middle", "end"]
