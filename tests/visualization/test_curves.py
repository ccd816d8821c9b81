# ruff: noqa: RUF001 - typographic dashes and signs are what is tested
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonlin.errors import InputError
from nonlin.visualization.curves import LINES, curve_findings, curves_data, draw_curve_panel, plot_curves
from nonlin.visualization.histories import carried_forward, half_stopped, thinned
from nonlin.visualization.panels import single


def with_losses(comparison, losses):
    for run, loss in zip(comparison.runs, losses, strict=True):
        run.history = None if loss is None else {"loss": np.array(loss, dtype=np.float32)}
    return comparison


@given(st.integers(1, 5000))
def test_thinning_keeps_both_ends_and_few_points(length):
    kept = thinned(length)
    assert kept[0] == 0
    assert kept[-1] == length - 1
    assert len(kept) <= 48
    assert (np.diff(kept) > 0).all()


@given(st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_a_curve_ends_where_at_least_half_the_runs_are_left(lengths):
    end = half_stopped(lengths)
    assert sum(n >= end for n in lengths) * 2 >= len(lengths)
    assert sum(n > end for n in lengths) * 2 <= len(lengths)


def test_a_run_that_stopped_early_keeps_its_last_loss(fake):
    """Three runs, one of which is quick and leaves: dropping it would make the median jump from 1 to 2.5."""
    comparison = with_losses(fake(["relu"], repeats=3, folds=1), [[3, 1], [3, 2, 2], [4, 3, 3, 3]])
    (panel,) = curves_data(comparison).panels
    assert panel.epochs.tolist() == [1, 2, 3]
    assert panel.median.tolist() == [3, 2, 2]
    assert panel.note == "3 runs, 2–4 epochs"


def test_a_falling_loss_never_gives_a_rising_median():
    series = [np.linspace(1, 0.1 * k, 5 * k) for k in range(1, 8)]
    assert (np.diff(np.median(carried_forward(series), axis=0)) <= 1e-12).all()


def test_the_band_holds_the_middle_eighty_per_cent(fake):
    comparison = with_losses(fake(["relu"], repeats=11, folds=1), [[float(i)] for i in range(11)])
    (panel,) = curves_data(comparison).panels
    assert (panel.low[0], panel.median[0], panel.high[0]) == (1.0, 5.0, 9.0)


def test_panels_come_best_score_first_with_held_out_score_and_training_loss(fake):
    panels = curves_data(fake(["relu", "gelu", "tanh"])).panels
    assert [(p.name, p.score) for p in panels] == [
        ("gelu", "held-out log loss 0.273"), ("relu", "held-out log loss 0.300"), ("tanh", "held-out log loss 0.323"),
    ]  # fmt: skip
    assert [float(p.losses.removeprefix("training loss ")) for p in panels] == pytest.approx(
        [p.median[-1] for p in panels], rel=0.06
    )


def test_a_lower_training_loss_with_a_worse_score_is_pointed_at(fake):
    """By score gelu leads relu; here relu has learnt its examples by heart."""
    one = with_losses(fake(["relu", "gelu"], repeats=1, folds=1), [[1.0, 0.01], [1.0, 0.2]])
    other = with_losses(fake(["relu", "gelu"], repeats=1, folds=1), [[1.0, 0.2], [1.0, 0.01]])
    assert "relu ends with the lowest training loss, but gelu has the best" in " ".join(
        curve_findings(curves_data(one))
    )
    assert len(curve_findings(curves_data(other))) == 1


def test_the_loss_on_examples_held_back_is_drawn_where_it_is_recorded(fake):
    comparison = with_losses(fake(["relu"], repeats=3, folds=1), [[3, 1], [3, 2, 2], [4, 3, 3, 3]])
    for run, held_back in zip(comparison.runs, ([5, 6], [5, 7, 8], [5, 9, 9, 9]), strict=True):
        run.history["validation_loss"] = np.array(held_back)
    data = curves_data(comparison)
    assert data.validated
    assert data.panels[0].validation.tolist() == [5, 7, 8]
    assert data.panels[0].losses == "training loss 2.0, held back 8.0"
    _, ax = single(LINES)
    draw_curve_panel(data, 0, ax)
    drawn = [line.get_ydata().tolist() for line in ax.get_lines() if line.is_dashed()]
    assert drawn == [[5, 7, 8]]
    assert ax.get_ylim()[1] >= 8


def test_a_validation_loss_of_only_some_runs_is_not_drawn(fake):
    comparison = with_losses(fake(["relu"], repeats=2, folds=1), [[3, 1], [3, 2]])
    comparison.runs[0].history["validation_loss"] = np.array([5.0, 6.0])
    assert not curves_data(comparison).validated


def test_losses_that_span_a_factor_of_ten_are_drawn_logarithmically(fake):
    one, two = fake(["relu"], repeats=1, folds=1), fake(["relu"], repeats=1, folds=1)
    assert curves_data(with_losses(one, [[1.0, 0.05]])).log
    assert not curves_data(with_losses(two, [[1.0, 0.0]])).log


def test_diverged_runs_are_counted_and_not_drawn(fake):
    data = curves_data(fake(["relu", "gelu"], diverged=("gelu",)))
    lost = next(panel for panel in data.panels if panel.name == "gelu")
    assert lost.note == "all 6 runs diverged"
    assert len(lost.median) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"histories": False}, "records no training loss"), ({"diverged": ("relu",)}, "every run diverged")],
)
def test_the_figure_is_left_out_with_a_reason(fake, changes, reason):
    comparison = fake(["relu"], **changes)
    assert reason in curves_data(comparison).reason
    with pytest.raises(InputError, match=reason):
        plot_curves(comparison)


@pytest.mark.parametrize("parameter", ["loss", "mlpclassifier__loss"])
def test_different_losses_are_not_put_on_one_scale(fake, parameter):
    data = curves_data(fake(["mse", "cross_entropy"], parameter=parameter))
    _, ax = single()
    draw_curve_panel(data, 0, ax)
    assert not data.comparable
    assert not [line for line in ax.get_lines() if line.get_gid() == "ghosts"]


@pytest.mark.parametrize("count", [1, 2, 6, 20])
def test_every_panel_names_its_arm_and_titles_do_not_touch(fake, count):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    names = [f"an_activation_with_a_rather_long_name_{i}" for i in range(count)]
    data = curves_data(fake(names, epochs=5, repeats=1))
    for i, panel in enumerate(data.panels):
        figure, ax = single(LINES)
        draw_curve_panel(data, i, ax)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        lines = [text.get_window_extent(renderer) for text in (ax._left_title, *reversed(ax.texts))]
        assert ax._left_title.get_text().endswith(panel.name[-8:])
        assert lines[0].y1 <= figure.bbox.y1
        assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(lines))
        assert max(line.x1 for line in lines) <= figure.bbox.x1


def test_one_figure_holds_all_panels(fake):
    figure = plot_curves(fake(["relu", "gelu", "tanh", "silu", "elu"]))
    assert len(figure.axes) == 5
    assert {ax.get_ylim() for ax in figure.axes} == {figure.axes[0].get_ylim()}
