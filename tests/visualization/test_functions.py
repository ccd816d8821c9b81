import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mpmath import diff, mp, mpf
from mpmath import tanh as exact_tanh

import nonlin as nl
from nonlin.errors import InputError
from nonlin.visualization.functions import functions_data, plot_functions


def boxes(figure):
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    return [text.get_window_extent(renderer) for ax in figure.axes for text in ax.texts], figure.bbox


def test_the_curves_are_the_functions_values():
    (series,) = functions_data("tanh", x_range=(-3, 2), points=11).series
    with mp.workdps(30):
        np.testing.assert_allclose(series.value, [float(exact_tanh(mpf(x))) for x in series.x], rtol=1e-14)
        np.testing.assert_allclose(series.derivative, [float(diff(exact_tanh, mpf(x))) for x in series.x], rtol=1e-12)
    assert (series.x[0], series.x[-1]) == (-3, 2)


def test_a_jump_is_not_drawn_as_a_line():
    step, relu = functions_data(["step", "relu"], points=10).series
    for curve in (step.value, relu.derivative):
        at = np.flatnonzero(np.isnan(curve))
        assert len(at) == 1
        assert {curve[at[0] - 1], curve[at[0] + 1]} == {0.0, 1.0}
    assert not np.isnan(relu.value).any()


def test_parameters_reach_the_curve_and_its_label():
    plain, steep = functions_data(["leaky_relu", ("leaky_relu", {"negative_slope": 0.5})], x_range=(-2, 2)).series
    assert steep.value[0] == -1.0
    assert plain.value[0] == pytest.approx(-0.02)
    assert steep.label == "leaky_relu (negative_slope=0.5)"


def test_softmax_is_shown_against_zero_where_it_is_the_logistic_function():
    (series,) = functions_data("softmax").series
    logistic = 1 / (1 + np.exp(-series.x))
    np.testing.assert_allclose(series.value, logistic, rtol=1e-13)
    np.testing.assert_allclose(series.derivative, logistic * (1 - logistic), atol=1e-9)
    assert series.label == "softmax of (x, 0)"
    random = functions_data("gumbel_softmax").series[0]  # the same noise in both entries changes nothing
    np.testing.assert_allclose(random.value, series.value, rtol=1e-12)


def test_swiglu_with_a_partner_of_one_is_silu():
    gated, silu = functions_data(["swiglu", "silu"]).series
    np.testing.assert_allclose(gated.value, silu.value, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(gated.derivative, silu.derivative, atol=1e-9)


@pytest.mark.parametrize("name", nl.activations())
def test_every_activation_can_be_plotted(name):
    (series,) = functions_data(name).series
    assert np.isfinite(series.value).sum() >= 400
    assert np.isfinite(series.derivative).sum() >= 400


@pytest.mark.parametrize("count", [1, 2, 6, 20])
def test_labels_neither_collide_nor_leave_the_figure(count):
    names = [("leaky_relu", {"negative_slope": 0.01234567 * (i + 1)}) for i in range(count)]
    texts, page = boxes(plot_functions(names))
    assert len(texts) == count
    for i, box in enumerate(texts):
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1
        assert not any(box.overlaps(other) for other in texts[:i])


def test_one_draws_into_ones_own_axes():
    from matplotlib.figure import Figure

    figure = Figure()
    upper, lower = figure.subplots(2)
    assert plot_functions("gelu", axes=(upper, lower)) is figure
    assert upper.get_lines()[2].get_ydata()[-1] == pytest.approx(5.0, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ("gleu", {}, "did you mean 'gelu'"),
        ([], {}, "name at least one"),
        ("relu", {"x_range": (1, 1)}, "increasing"),
        ("relu", {"x_range": (0, np.inf)}, "finite"),
        ("relu", {"x_range": "wide"}, "pair of numbers"),
        ("relu", {"points": 1}, "at least 2"),
    ],
)
def test_what_cannot_be_plotted_is_refused_in_a_sentence(arguments, options, words):
    with pytest.raises(InputError, match=words):
        functions_data(arguments, **options)
