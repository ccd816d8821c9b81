# ruff: noqa: RUF001 - typographic dashes and signs are what is tested
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from nonlin.errors import InputError
from nonlin.visualization.ranking import amount_text, ranking_data
from nonlin.visualization.ranking_drawing import draw_ranking, view_limits

NAMES = ["relu", "gelu", "tanh", "silu", "elu", "selu"]


def words(ax):
    """Every piece of text that is shown, with its box on the page."""
    figure = ax.get_figure()
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    texts = [*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.title, ax._left_title]
    shown = [text for text in texts if text.get_text().strip() and text.get_visible()]
    low, high = sorted(ax.get_xlim())
    ticks = ax.get_xticklabels()
    shown = [t for t in shown if t not in ticks or low <= t.get_position()[0] <= high]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in shown], figure.bbox


def assert_tidy(ax):
    boxes, page = words(ax)
    for text, box in boxes:
        assert page.x0 <= box.x0, text
        assert box.x1 <= page.x1, text
        assert page.y0 <= box.y0, text
        assert box.y1 <= page.y1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not a.overlaps(b), (one, other)


def test_arms_come_best_first_with_the_tables_figures(fake):
    comparison = fake(NAMES)
    data = ranking_data(comparison)
    table = comparison.table()
    assert [row.name for row in data.rows] == list(table.sort_values("score", ascending=False).index)
    for row in data.rows:
        if row.name != "relu":
            assert (row.center, row.low, row.high) == tuple(
                table.loc[row.name, ["difference", "difference_low", "difference_high"]]
            )
    assert data.axis_label() == "improvement over relu in log loss (nats)"


def test_the_small_points_are_differences_of_repeat_means(fake):
    comparison = fake(["relu", "gelu"], repeats=3)
    rows = {row.name: row for row in ranking_data(comparison).rows}
    by_hand = []
    for repeat in range(3):
        means = [
            np.concatenate([run.scores for run in comparison.runs if run.arm == arm and run.repeat == repeat]).mean()
            for arm in ("gelu", "relu")
        ]
        by_hand.append(means[0] - means[1])
    assert rows["gelu"].repeats == pytest.approx(by_hand, abs=1e-7)
    assert rows["relu"].repeats == ()


def test_a_repeat_with_a_diverged_run_has_no_point(fake):
    comparison = fake(["relu", "gelu"], repeats=3)
    run = next(run for run in comparison.runs if run.arm == "gelu" and run.repeat == 1)
    run.status, run.scores = "diverged", np.full(50, np.nan, np.float32)
    rows = {row.name: row for row in ranking_data(comparison).rows}
    assert len(rows["gelu"].repeats) == 2


def test_accuracy_is_drawn_in_percentage_points(fake):
    data = ranking_data(fake(["relu", "gelu"], scoring="accuracy"))
    assert data.margin == pytest.approx(1.0)
    assert max(row.center for row in data.rows) == pytest.approx(100 * 0.03 * np.sin(2.0))
    assert data.axis_label().endswith("in accuracy (percentage points)")


def test_wide_intervals_leave_differences_of_the_margins_size_visible(fake):
    comparison = fake(["relu", "gelu"])
    comparison.frame.loc["gelu", ["difference_low", "difference_high"]] = -2.5, 2.5
    data = ranking_data(comparison)
    assert amount_text(data.rows[0], data) == "+0.03"


def test_scores_are_drawn_in_natural_units(fake):
    data = ranking_data(fake(["relu", "gelu"]), kind="score")
    relu = next(row for row in data.rows if row.name == "relu")
    assert (relu.center, relu.low, relu.high) == pytest.approx((0.3, 0.28, 0.32))
    assert data.axis_label() == "log loss (nats); lower is better"


def test_one_arm_shows_its_score(fake):
    data = ranking_data(fake(["relu"]))
    assert data.kind == "score"
    assert_tidy(draw_ranking(data))


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("count", [1, 2, 6, 20])
def test_no_words_collide_or_leave_the_picture(fake, count, compact):
    names = [f"an_activation_with_a_rather_long_name_{i}" for i in range(count)]
    assert_tidy(draw_ranking(ranking_data(fake(names, diverged=tuple(names[1:][-1:]))), compact=compact))


@pytest.mark.parametrize("compact", [False, True])
def test_the_verdicts_and_the_failures_are_written_out(fake, compact):
    ax = draw_ranking(ranking_data(fake(NAMES, diverged=("selu",))), compact=compact)
    text = " ".join(text for text, _ in words(ax)[0])
    assert "○ reference" in text
    assert "▲ better" in text
    assert "✕ diverged in 6 of 6 runs" in text
    assert "7.6" not in text


def test_an_arm_all_of_whose_runs_diverged_has_no_numbers_and_moves_no_axis(fake):
    whole, lost = fake(NAMES), fake(NAMES, diverged=("selu",))
    row = ranking_data(lost).rows[-1]
    assert (row.name, row.verdict, row.measured) == ("selu", "diverged", False)
    assert np.isnan([row.center, row.low, row.high]).all()
    assert row.repeats == ()
    left, right = view_limits(ranking_data(lost))
    assert right - left <= np.ptp(view_limits(ranking_data(whole)))


@pytest.mark.parametrize("lost", [("relu",), ("gelu",)])
def test_without_two_measured_arms_that_differ_the_scores_are_shown(fake, lost):
    data = ranking_data(fake(["relu", "gelu"], diverged=lost))
    assert data.kind == "score"
    assert [row.measured for row in data.rows] == [True, False]


def test_another_kind_of_ranking_is_refused(fake):
    with pytest.raises(InputError, match="unknown kind 'scores'; did you mean 'score'"):
        ranking_data(fake(["relu", "gelu"]), kind="scores")


def test_nothing_is_drawn_where_every_run_diverged(fake):
    with pytest.raises(InputError, match="every run diverged"):
        draw_ranking(ranking_data(fake(["relu", "gelu"], diverged=("relu", "gelu"))))


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(
    ("kind", "baseline", "place"), [("score", -0.34, 0.34), ("difference", -0.34, -0.04), ("difference", -0.29, 0.01)]
)
def test_guessing_is_a_dotted_line_where_it_scores(fake, kind, baseline, place, compact):
    ax = draw_ranking(ranking_data(fake(NAMES, baseline=baseline), kind=kind), compact=compact)
    dotted = [line for line in ax.get_lines() if line.is_dashed()]
    assert [line.get_xdata()[0] for line in dotted] == pytest.approx([place])
    assert "dotted: guessing" in " ".join(text for text, _ in words(ax)[0])
    assert_tidy(ax)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(
    ("kind", "text"), [("score", "far to the right, at 9"), ("difference", "far to the left, at −8")]
)
def test_guessing_far_off_is_said_and_squeezes_nobody(fake, kind, text, compact):
    far, near = (ranking_data(fake(NAMES, baseline=score), kind=kind) for score in (-9.0, np.nan))
    assert view_limits(far) == view_limits(near)
    ax = draw_ranking(far, compact=compact)
    assert text in " ".join(text for text, _ in words(ax)[0])
    assert_tidy(ax)


def test_an_arm_far_off_does_not_squeeze_the_others(fake):
    comparison = fake(NAMES)
    comparison.frame.loc["selu", ["score", "difference", "difference_low", "difference_high"]] = -80, -80, -81, -79
    comparison.runs = [run for run in comparison.runs if run.arm != "selu"]
    low, high = view_limits(ranking_data(comparison))
    assert -1 < low < -0.03
    assert 0.03 < high < 1
    ax = draw_ranking(ranking_data(comparison))
    assert "−80.000" in " ".join(text for text, _ in words(ax)[0])
    assert any(line.get_marker() == "<" for line in ax.get_lines())


def test_formulae_in_names_are_left_alone(fake):
    ax = draw_ranking(ranking_data(fake(["relu", "$x^2$", "cost_$"])))
    assert {"$x^2$", "cost_$"} <= {text.split("\N{EN SPACE}")[-1] for text, _ in words(ax)[0]}


@pytest.mark.parametrize("changes", [{"repeats": 1}, {"diverged": ("gelu",)}, {"diverged": ("relu",)}])
def test_few_or_failed_runs_are_drawn_too(fake, changes):
    assert_tidy(draw_ranking(ranking_data(fake(["relu", "gelu"], **changes))))


def test_one_draws_into_ones_own_axes(fake):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    ax = figure.subplots()
    assert draw_ranking(ranking_data(fake(NAMES)), ax) is ax
    assert_tidy(ax)
