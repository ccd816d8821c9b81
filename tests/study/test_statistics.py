"""Statistics against formulae written out independently, scipy's distributions and published tables."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from nonlin.study.statistics import Estimate, estimate, holm, repeats_needed, rope_verdict, student_quantile

SCORES = arrays(np.float64, st.tuples(st.integers(2, 12), st.integers(2, 6)), elements=st.floats(-100, 100, width=32))


def by_hand(scores):
    """The mean, its standard error and Satterthwaite's degrees of freedom, step by step with Python's floats."""
    n, repeats = len(scores), len(scores[0])
    rows = [math.fsum(row) / repeats for row in scores]
    columns = [math.fsum(row[r] for row in scores) / n for r in range(repeats)]
    mean = math.fsum(rows) / n
    a = math.fsum((x - mean) ** 2 for x in rows) / (n - 1) / n
    b = math.fsum((x - mean) ** 2 for x in columns) / (repeats - 1) / repeats
    return mean, math.sqrt(a + b), (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (repeats - 1))


def test_estimate_follows_the_formula_and_student():
    scores = np.random.default_rng(7).normal(0.1, 1.0, (40, 5)) + np.random.default_rng(8).normal(0, 0.2, 5)
    mean, error, df = by_hand(scores.tolist())
    found = estimate(scores)
    assert (found.mean, found.standard_error, found.df) == pytest.approx((mean, error, df), rel=1e-12)
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(mean) / error, df), rel=1e-10)
    assert found.interval(0.01) == pytest.approx(stats.t.interval(0.99, df, mean, error), rel=1e-10)


def test_examples_alone_give_the_one_sample_t_test():
    """Where repeats agree exactly only examples vary, and the test is Student's on the examples."""
    column = np.random.default_rng(0).normal(0.3, 1.0, 25)
    found = estimate(np.repeat(column[:, None], 3, axis=1))
    assert found.df == pytest.approx(24)
    assert found.p_value == pytest.approx(stats.ttest_1samp(column, 0).pvalue, rel=1e-9)


def test_repeats_alone_give_the_one_sample_t_test():
    row = np.random.default_rng(1).normal(0.3, 1.0, 6)
    found = estimate(np.repeat(row[None, :], 30, axis=0))
    assert found.df == pytest.approx(5)
    assert found.p_value == pytest.approx(stats.ttest_1samp(row, 0).pvalue, rel=1e-9)


@given(SCORES, st.floats(-50, 50))
def test_adding_a_constant_moves_the_mean_and_nothing_else(scores, constant):
    moved, found = estimate(scores + constant), estimate(scores)
    assert moved.mean == pytest.approx(found.mean + constant, abs=1e-9)
    assert moved.standard_error == pytest.approx(found.standard_error, abs=1e-6)


@given(SCORES)
def test_the_opposite_difference_has_the_opposite_interval(scores):
    found, opposite = estimate(scores), estimate(-scores)
    low, high = found.interval(0.05)
    assert opposite.interval(0.05) == pytest.approx((-high, -low), nan_ok=True)
    assert opposite.p_value == pytest.approx(found.p_value)


@given(SCORES, st.randoms())
def test_the_order_of_examples_and_repeats_does_not_matter(scores, random):
    rows, columns = list(range(scores.shape[0])), list(range(scores.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled, found = estimate(scores[rows][:, columns]), estimate(scores)
    assert shuffled.mean == pytest.approx(found.mean, abs=1e-9)
    assert shuffled.standard_error == pytest.approx(found.standard_error, abs=1e-9)


FEW = arrays(np.float64, st.tuples(st.integers(3, 12), st.integers(2, 4)), elements=st.integers(-9, 9).map(float))


@given(FEW, st.sampled_from([0.2, 0.05, 0.007]))
def test_with_fewer_than_five_repeats_each_part_has_its_own_quantile(scores, level):
    """Banerjee's interval, from scipy's t; its p-value is the level at which the interval just reaches zero."""
    n, repeats = scores.shape
    a, b = np.var(scores.mean(1), ddof=1) / n, np.var(scores.mean(0), ddof=1) / repeats
    found = estimate(scores)
    reach = math.sqrt(stats.t.isf(level / 2, n - 1) ** 2 * a + stats.t.isf(level / 2, repeats - 1) ** 2 * b)
    assert found.interval(level) == pytest.approx((scores.mean() - reach, scores.mean() + reach), rel=1e-9, abs=1e-9)
    if a + b > 0 and abs(found.mean) > 1e-9:
        assert found.reach(found.p_value) == pytest.approx(abs(found.mean), rel=1e-9)
        assert 0 < found.p_value < 1


def test_the_intervals_for_few_repeats_are_no_narrower_than_satterthwaites():
    for a, b in [(1.0, 0.0), (1.0, 0.01), (1.0, 1.0), (0.01, 1.0), (0.0, 1.0)]:
        for repeats in (2, 3, 4):
            found = Estimate(1.0, a, b, 200, repeats)
            assert found.reach(0.05) >= (1 - 1e-12) * student_quantile(0.05, found.df) * math.sqrt(a + b)


def test_degrees_of_freedom_lie_between_those_of_the_parts():
    for a, b in [(1e-300, 1e-300), (1.0, 1e-9), (1e-200, 1.0), (3.0, 1.0)]:
        df = Estimate(0.0, a, b, 50, 5).df
        assert 4 - 1e-9 <= df <= 49 + 4 + 1e-9


def test_no_variation_at_all():
    same, apart = estimate(np.zeros((10, 3))), estimate(np.full((10, 3), 0.25))
    assert (same.p_value, same.interval(0.05)) == (1.0, (0.0, 0.0))
    assert (apart.p_value, apart.interval(0.05)) == (0.0, (0.25, 0.25))


def test_a_single_repeat_claims_nothing_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = estimate(np.arange(10.0)[:, None])
        assert found.mean == 4.5
        assert np.isnan([found.standard_error, found.df, found.p_value, *found.interval(0.05)]).all()
        assert rope_verdict(*found.interval(0.05), 0.01) == "not enough evidence"
        assert repeats_needed(found, 0.01, 0.05) is None


@pytest.mark.parametrize("df", [1.0, 2.5, 4.0, 30.0, 1e4])
@pytest.mark.parametrize("level", [0.2, 0.05, 0.05 / 7, 1e-6])
def test_quantiles_are_students(level, df):
    assert student_quantile(level, df) == pytest.approx(stats.t.isf(level / 2, df), rel=1e-9)


def test_quantile_with_infinite_degrees_of_freedom_is_normal():
    assert student_quantile(0.05, math.inf) == pytest.approx(1.959963984540054, rel=1e-6)


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm"), the worked example of most textbooks.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        # R: p.adjust(c(0.0001, 0.0004, 0.0019, 0.0095, 0.02, 0.4), "holm"), from Benjamini and Hochberg's data.
        ([0.0001, 0.0004, 0.0019, 0.0095, 0.02, 0.4], [0.0006, 0.002, 0.0076, 0.0285, 0.04, 0.4]),
        ([0.9, 0.8], [1.0, 1.0]),
        ([0.2], [0.2]),
        ([], []),
    ],
)
def test_holm_against_published_tables(p_values, adjusted):
    assert holm(p_values) == pytest.approx(adjusted, rel=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_what_the_step_down_procedure_rejects(p_values):
    """Holm's own statement: go through the sorted p-values and stop at the first above alpha / (m - i)."""
    rejected = set()
    for i, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if (len(p_values) - i) * p_values[index] > 0.05:
            break
        rejected.add(index)
    assert {i for i, p in enumerate(holm(p_values)) if p <= 0.05} == rejected


def test_holm_leaves_out_what_was_not_tested():
    first, second = holm([math.nan, 0.03])
    assert math.isnan(first)
    assert second == 0.03


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.011, 0.02, "better"),
        (0.01, 0.02, "not enough evidence"),
        (-0.01, 0.01, "practically equal"),
        (0.001, 0.009, "practically equal"),
        (-0.02, -0.011, "worse"),
        (-0.02, -0.005, "not enough evidence"),
        (-1.0, 1.0, "not enough evidence"),
    ],
)
def test_rope_has_four_outcomes(low, high, verdict):
    assert rope_verdict(low, high, 0.01) == verdict


@given(
    st.floats(0.001, 1.0), st.floats(1e-8, 0.1), st.floats(1e-8, 0.1), st.integers(10, 2000), st.integers(2, 9),
    st.floats(0, 0.1),
)  # fmt: skip
def test_repeats_needed_is_the_smallest_number_that_settles(mean, a, b, examples, repeats, margin):
    """Against a search through every R, with the quantiles of scipy.stats."""
    found = repeats_needed(Estimate(mean, a, b, examples, repeats), margin, 0.05)

    def settled(R):
        per_repeats = b * repeats / R
        if R < 5:
            quantiles = [stats.t.isf(0.025, count - 1) for count in (examples, R)]
            return math.hypot(quantiles[0] * math.sqrt(a), quantiles[1] * math.sqrt(per_repeats)) <= abs(mean - margin)
        df = (a + per_repeats) ** 2 / (a**2 / (examples - 1) + per_repeats**2 / (R - 1))
        return stats.t.isf(0.025, df) * math.sqrt(a + per_repeats) <= abs(mean - margin)

    if found is None:
        assert not settled(10**6) or abs(mean - margin) < 1.01 * stats.t.isf(0.025, examples - 1) * math.sqrt(a)
    else:
        assert settled(found)
        assert found == 2 or not settled(found - 1)
