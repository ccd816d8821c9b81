"""The table's verdicts and the sentence, on scores made so that the truth is known."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nonlin.study.ranking import Standing, default_margin, rank
from nonlin.study.scoring import SCORINGS
from nonlin.study.statistics import rope_verdict
from nonlin.study.verdict import sentence
from nonlin.study.wording import Wording

OPEN = "not enough evidence"
LOG_LOSS, ACCURACY, SQUARED = (SCORINGS[name] for name in ("neg_log_loss", "accuracy", "neg_mean_squared_error"))


def made(shifts, *, noise=0.01, examples=400, repeats=5, seed=0):
    rng = np.random.default_rng(seed)
    common = -np.abs(rng.normal(0.3, 0.2, (examples, 1)))
    return {arm: common + shift + rng.normal(0, noise, (examples, repeats)) for arm, shift in shifts.items()}


def told(
    shifts, *, scoring=LOG_LOSS, margin=0.01, repeats=5, diverged=None, baseline=-9.0, parameter="activation", **how
):
    standings = rank(made(shifts, repeats=repeats, **how), next(iter(shifts)), margin, 0.05)
    return sentence(standings, wording(scoring, margin, repeats, diverged, baseline, parameter))


def wording(scoring=LOG_LOSS, margin=0.01, repeats=5, diverged=None, baseline=-9.0, parameter="activation", rows=400):
    return Wording(scoring.measure, parameter, margin, 0.05, repeats, 5, rows, baseline, diverged or {})


def standing(arm, difference, reach, verdict, needed=None, score=-0.3):
    own = score + difference
    ends = (difference - reach, difference + reach)
    p_value = 0.5 if abs(difference) <= reach else 0.01
    return Standing(arm, own, own - 0.01, own + 0.01, difference, *ends, p_value, verdict, needed)


RELU = Standing("relu", -0.3, -0.31, -0.29, 0.0, 0.0, 0.0, math.nan, "reference")


def test_standings_follow_the_formulae():
    """Difference, interval at alpha/m and Holm p-value, from scipy and a second writing of the formula."""
    matrices = made({"relu": 0.0, "gelu": 0.004, "tanh": -0.003}, noise=0.05)
    by_arm = {standing.arm: standing for standing in rank(matrices, "relu", 0.01, 0.1)}
    raw = {}
    for arm in ("gelu", "tanh"):
        d = matrices[arm] - matrices["relu"]
        a, b = np.var(d.mean(1), ddof=1) / 400, np.var(d.mean(0), ddof=1) / 5
        t = stats.t((a + b) ** 2 / (a**2 / 399 + b**2 / 4), d.mean(), math.sqrt(a + b))
        standing = by_arm[arm]
        assert standing.difference == pytest.approx(d.mean())
        assert (standing.difference_low, standing.difference_high) == pytest.approx(t.interval(0.95))
        raw[arm] = 2 * min(t.cdf(0), t.sf(0))
    smaller, larger = sorted(raw, key=raw.__getitem__)
    assert by_arm[smaller].p_value == pytest.approx(2 * raw[smaller])
    assert by_arm[larger].p_value == pytest.approx(max(2 * raw[smaller], raw[larger]))


def test_the_reference_has_no_test_of_its_own():
    standing = rank(made({"relu": 0.0, "gelu": 0.1}), "gelu", 0.01, 0.05)[1]
    assert (standing.verdict, standing.difference, standing.difference_low) == ("reference", 0.0, 0.0)
    assert math.isnan(standing.p_value)
    assert standing.low < standing.score < standing.high


@given(st.integers(0, 50), st.floats(-0.05, 0.05), st.floats(-10, 10))
def test_swapping_arms_turns_the_difference_and_a_constant_changes_nothing(seed, shift, constant):
    matrices = made({"a": 0.0, "b": shift}, examples=30, seed=seed)
    forth = rank(matrices, "a", 0.01, 0.05)[1]
    back = rank({arm: matrix + constant for arm, matrix in matrices.items()}, "b", 0.01, 0.05)[0]
    opposite = {"better": "worse", "worse": "better"}
    assert back.difference == pytest.approx(-forth.difference, abs=1e-9)
    assert (back.difference_low, back.difference_high) == pytest.approx((-forth.difference_high, -forth.difference_low))
    assert back.p_value == pytest.approx(forth.p_value, rel=1e-5, abs=1e-12)
    assert back.verdict == opposite.get(forth.verdict, forth.verdict)


@given(st.permutations(["a", "b", "c", "d"]))
def test_names_and_order_of_arms_do_not_matter(names):
    matrices = list(made({"a": 0.0, "b": 0.02, "c": -0.02, "d": 0.001}, noise=0.1, examples=60).values())
    plain = [vars(s) for s in rank(dict(zip("abcd", matrices, strict=True)), "a", 0.01, 0.05)]
    renamed = rank(dict(zip(names, matrices, strict=True)), names[0], 0.01, 0.05)
    shuffled = rank(
        {name: dict(zip(names, matrices, strict=True))[name] for name in sorted(names)}, names[0], 0.01, 0.05
    )
    by_name = {standing.arm: standing for standing in shuffled}
    for old, new in zip(plain, renamed, strict=True):
        assert vars(new) | {"arm": None, "p_value": None} == old | {"arm": None, "p_value": None}
        assert vars(by_name[new.arm]) | {"p_value": None} == vars(new) | {"p_value": None}


def test_identical_arms_are_equal():
    scores = made({"a": 0.0})["a"]
    twin = rank({"a": scores, "b": scores.copy()}, "a", 0.01, 0.05)[1]
    assert (twin.verdict, twin.p_value, twin.difference_low, twin.difference_high) == (
        "practically equal",
        1.0,
        0.0,
        0.0,
    )


def test_margins():
    assert default_margin(LOG_LOSS, np.full((3, 2), -5.0)) == 0.01
    assert default_margin(SQUARED, np.full((3, 2), -250.0)) == 2.5


def test_an_arms_own_interval_stays_within_what_the_measure_can_be():
    """Differences are not cut: their ends say how far the truth may be."""
    matrices = made({"relu": 0.0, "gelu": 0.02}, noise=0.5, examples=40)
    free, cut = (rank(matrices, "relu", 0.01, 0.05, *ends) for ends in [(), (-0.28, -0.35)])
    for before, after in zip(free, cut, strict=True):
        assert before.low < -0.35 < -0.28 < before.high
        assert (after.low, after.high) == (-0.35, -0.28)
        assert (after.difference_low, after.difference_high) == (before.difference_low, before.difference_high)


def test_one_better_and_others_equal():
    text = told({"relu": 0.0, "gelu": 0.05, "tanh": 0.0, "silu": 0.001})
    assert re.fullmatch(
        r"Use gelu: its log loss is lower than relu's by 0\.05\d+ \(95 % interval 0\.04\d+ to 0\.05\d+\) "
        r"on these 400 rows\. silu and tanh are practically equal to relu\.",
        text,
    )


def test_sizes_are_the_tables_in_the_direction_that_is_told():
    better, worse = standing("gelu", 0.012, 0.009, "better"), standing("step", -0.25, 0.06, "worse")
    assert sentence([RELU, better, worse], wording(rows=569)) == (
        "Use gelu: its log loss is lower than relu's by 0.012 (95 % interval 0.003 to 0.021) on these 569 rows. "
        "step is worse than relu, its log loss higher by 0.25 (95 % interval 0.19 to 0.31)."
    )
    assert sentence([RELU, better, worse], wording(ACCURACY, rows=569)) == (
        "Use gelu: its accuracy is higher than relu's by 1.2 percentage points (95 % interval 0.3 to 2.1) on these 569 "
        "rows. step is worse than relu, its accuracy lower by 25 percentage points (95 % interval 19 to 31)."
    )


def test_several_better_are_not_ranked_by_the_claim():
    arms = [RELU, standing("gelu", 0.05, 0.01, "better"), standing("silu", 0.06, 0.01, "better")]
    assert sentence(arms, wording()) == (
        "Use silu, which scores highest of the 2 activations that are better than relu: its log loss is lower than "
        "relu's by 0.060 (95 % interval 0.050 to 0.070) on these 400 rows. gelu (by 0.050) is better too, but the "
        "better ones were not compared with each other."
    )


def test_staying_names_every_group_and_what_would_settle_the_largest_difference():
    arms = [
        RELU, standing("leaky_relu", 0.001, 0.002, "practically equal"), standing("elu", 0.002, 0.02, OPEN, 30),
        standing("sigmoid", -0.011, 0.012, OPEN), standing("tanh", -0.1, 0.02, "worse"),
        standing("step", -0.4, 0.02, "worse"), standing("gelu", 0.011, 0.01, OPEN),
    ]  # fmt: skip
    assert sentence(arms, wording()) == (
        "Stay with relu: none of the 6 other activations was shown to be better on these 400 rows. leaky_relu is "
        "practically equal to it; tanh and step are worse, most of all step, its log loss higher by 0.400 (95 % "
        "interval 0.380 to 0.420); gelu differs from it, but perhaps by no more than matters in practice (0.01 in log "
        "loss); elu and sigmoid cannot be told apart from it. The largest unsettled difference, sigmoid's (log loss "
        "higher by 0.011), would need more data (more repeats will not settle it)."
    )


def test_a_single_other_arm_is_told_in_one_sentence():
    assert sentence([RELU, standing("step", -0.25, 0.05, "worse")], wording()) == (
        "Stay with relu: step is worse, its log loss higher by 0.25 (95 % interval 0.20 to 0.30) on these 400 rows."
    )


def test_all_equal():
    text = told({"relu": 0.0, "gelu": 0.0, "tanh": 0.001})
    claim = "practically equal to it on these 400 rows, no difference being larger than 0.01 in log loss."
    assert text == f"Stay with relu: tanh and gelu are {claim}"
    many = told(dict.fromkeys(["relu", "a", "b", "c", "d"], 0.0))
    assert many == f"Stay with relu: the 4 other activations are {claim}"


def test_nothing_can_be_told_and_how_many_repeats_would():
    rng = np.random.default_rng(3)
    base = np.zeros((500, 3))
    matrices = {"relu": base, "gelu": base + 0.05 + np.array([0.05, -0.05, 0.0]) + rng.normal(0, 0.01, (500, 1))}
    standings = rank(matrices, "relu", 0.01, 0.05)
    text = sentence(standings, wording(repeats=3, rows=500))
    needed = standings[1].repeats_needed
    assert needed is not None
    assert needed > 3
    assert text == (
        "Stay with relu: the data (500 rows) cannot tell the 2 activations apart, as no difference from relu is larger "
        f"than its uncertainty. The difference, gelu's (log loss lower by 0.05), would need about {needed} repeats to "
        "be settled."
    )


def test_more_data_are_needed_when_examples_are_the_limit():
    rng = np.random.default_rng(3)
    per_example = rng.normal(0.02, 1.0, (100, 1)) * np.ones((1, 5))
    standings = rank({"relu": np.zeros((100, 5)), "gelu": per_example}, "relu", 0.01, 0.05)
    text = sentence(standings, wording())
    assert standings[1].repeats_needed is None
    assert text.endswith("would need more data (more repeats will not settle it).")


def test_a_single_repeat_says_why_it_says_nothing():
    text = told({"relu": 0.0, "gelu": 5.0}, repeats=1)
    assert text.startswith("With a single repeat the variation between repeats cannot be estimated, so nothing")
    assert "better than" not in text


def test_a_single_repeat_tells_what_was_seen_of_guessing():
    shifts = {"relu": 0.0, "gelu": 0.05}
    text = told(shifts, repeats=1, baseline=-0.1, diverged={"gelu": 2})
    assert text.endswith(
        " None of these 2 activations scores better than guessing (log loss 0.100); gelu diverged in 2 of 5 runs."
    )
    assert "guessing" not in told(shifts, repeats=1, baseline=-0.9)
    assert "guessing" not in told(shifts, repeats=1, baseline=math.nan)


def test_nobody_wins_where_all_are_worse_than_guessing():
    arms = [RELU, standing("tanh", -0.13, 0.09, "worse"), standing("gelu", 0.01, 0.09, OPEN)]
    assert sentence(arms, wording(baseline=-0.2)) == (
        "None of these 3 activations predicts better than guessing (log loss 0.200): the columns, the data or the "
        "model need work before it matters which is used. tanh is worse than relu, its log loss higher by 0.13 (95 % "
        "interval 0.04 to 0.22); gelu cannot be told apart from relu."
    )
    better = [RELU, standing("gelu", 0.05, 0.01, "better")]
    text = sentence(better, wording(ACCURACY, baseline=0.627))
    assert text.startswith("None of these 2 activations predicts better than guessing (accuracy 62.7 %): ")
    assert text.endswith(
        " gelu is better than relu, its accuracy higher by 5.0 percentage points (95 % interval 4.0 to 6.0)."
    )
    assert "Use" not in text


def test_a_score_that_may_be_guessing_is_not_better_than_guessing():
    """The interval counts, not the score: -0.3 lies above -0.305, its lower end -0.31 does not."""
    arms = [RELU, standing("gelu", 0.001, 0.002, "practically equal")]
    assert sentence(arms, wording(baseline=-0.305)).startswith("None of these 2 activations predicts better than")
    assert sentence(arms, wording(baseline=-0.32)).startswith("Stay with relu")


def test_numbers_below_zero_have_a_true_minus_sign():
    assert wording(SCORINGS["r2"], baseline=-0.0123).guessing == "R² \N{MINUS SIGN}0.012"
    told_interval = wording().interval(standing("gelu", 0.03, 0.04, OPEN))
    assert told_interval == "95 % interval \N{MINUS SIGN}0.010 to 0.070"


def test_those_that_only_guess_are_told():
    arms = [RELU, standing("gelu", 0.1, 0.01, "better"), standing("step", -0.4, 0.02, "worse")]
    text = sentence(arms, wording(baseline=-0.69))
    assert text.startswith("Use gelu: ")
    assert text.endswith("; step does not predict better than guessing (log loss 0.690).")
    text = sentence(arms, wording(baseline=-0.25))
    assert text.startswith("Use gelu: ")
    assert text.endswith("; only gelu predicts better than guessing (log loss 0.250).")


def test_what_only_guesses_is_not_recommended():
    arms = [RELU, standing("gelu", 0.2, 0.3, OPEN)]
    text = sentence(arms, wording(baseline=-0.25))
    assert text.startswith("No choice can be made yet: the data (400 rows) cannot tell the 2 activations apart")
    assert " gelu predicts better than guessing" not in text
    assert "relu does not predict better than guessing (log loss 0.250)." in text


def test_diverged_runs_are_told_and_their_made_up_sizes_are_not():
    arms = [RELU, standing("step", -12.5, 1.3, "worse"), standing("tanh", -0.1, 0.02, "worse")]
    text = sentence(arms, wording(diverged={"relu": 0, "step": 3}))
    assert text == (
        "Stay with relu: none of the 2 other activations was shown to be better on these 400 rows. tanh is worse, its "
        "log loss higher by 0.100 (95 % interval 0.080 to 0.120); step diverged in 3 of 25 runs."
    )


def test_no_size_is_told_against_a_reference_that_diverged():
    arms = [RELU, standing("gelu", 7.25, 1.3, "better"), standing("elu", 7.0, 1.3, "better"),
            standing("tanh", -8.5, 1.3, "worse"), standing("silu", 0.5, 9.0, OPEN)]  # fmt: skip
    assert sentence(arms, wording(diverged={"relu": 25})) == (
        "Use gelu, which scores highest of the 2 activations that are better than relu: it is better than relu on "
        "these 400 rows. elu is better too, but the better ones were not compared with each other; tanh is worse than "
        "relu; silu cannot be told apart from relu; relu diverged in 25 of 25 runs."
    )


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.001, 9), st.booleans()), min_size=1, max_size=12),
    st.floats(-6, 6), st.booleans(),
)  # fmt: skip
def test_every_arm_is_told_in_at_most_three_sentences(arms, baseline, reference_diverged):
    made_up = [RELU]
    diverged = {"relu": int(reference_diverged)}
    for i, (difference, reach, failed) in enumerate(arms):
        verdict = rope_verdict(difference - reach, difference + reach, 0.01)
        made_up.append(standing(f"arm{i}", difference, reach, verdict))
        diverged[f"arm{i}"] = int(failed)
    text = sentence(made_up, wording(baseline=baseline, diverged=diverged))
    assert len(re.findall(r"\.(?= |$)", text)) <= 3
    assert "nan" not in text
    assert ". ." not in text
    assert text.startswith(("Use arm", "Stay with relu: ", "None of these ", "No choice can be made yet"))
    failed = [f"arm{i}" for i, arm in enumerate(arms) if arm[2]]
    assert all(f"{arm} diverged in 1 of 25 runs" in text for arm in failed)
    quoted = [f"{arm}{ending}" for arm in failed for ending in (" (by ", "'s (", "'s log loss", ", its log loss")]
    assert not [words for words in quoted if words in text]
    if reference_diverged:
        assert "interval" not in text


def test_values_that_are_no_names_are_told_with_their_parameter():
    text = told({"0.1": 0.0, "1.0": 0.05}, parameter="logisticregression__C")
    assert text.startswith("Use C=1.0: its log loss is lower than C=0.1's by 0.05")
    many = dict.fromkeys(["1", "2", "3", "4", "5"], 0.0)
    assert told(many, parameter="clf__C").startswith(
        "Stay with C=1: the 4 other values of C are practically equal to it"
    )
