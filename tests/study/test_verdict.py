"""The table's verdicts and the sentence, on scores made so that the truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nonlin.study.ranking import default_margin, rank
from nonlin.study.scoring import SCORINGS
from nonlin.study.verdict import Wording, sentence

LOG_LOSS, ACCURACY, SQUARED = (SCORINGS[name] for name in ("neg_log_loss", "accuracy", "neg_mean_squared_error"))


def made(shifts, *, noise=0.01, examples=400, repeats=5, seed=0):
    rng = np.random.default_rng(seed)
    common = -np.abs(rng.normal(0.3, 0.2, (examples, 1)))
    return {arm: common + shift + rng.normal(0, noise, (examples, repeats)) for arm, shift in shifts.items()}


def told(shifts, *, scoring=LOG_LOSS, margin=0.01, parameter="activation", diverged=None, repeats=5, **how):
    standings = rank(made(shifts, repeats=repeats, **how), next(iter(shifts)), margin, 0.05)
    return sentence(standings, Wording(scoring, parameter, margin, repeats, 5, diverged or {}))


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


def test_one_better_and_others_equal():
    text = told({"relu": 0.0, "gelu": 0.05, "tanh": 0.0, "silu": 0.001})
    start, rest = text.split(": ", 1)
    assert start == "gelu is better than relu (reference)"
    assert rest.startswith("log loss lower by 0.05")
    assert rest.endswith("]; silu and tanh are practically equal to relu.")


def test_several_better_are_not_ranked_by_the_claim():
    text = told({"relu": 0.0, "gelu": 0.05, "silu": 0.06})
    assert text.startswith(
        "silu and gelu are better than relu (reference); of these silu has the highest score (log loss"
    )
    assert text.endswith("but they were not tested against each other.")


def test_worse_is_told_in_natural_units():
    text = told({"relu": 0.0, "step": -0.25}, scoring=ACCURACY)
    assert text.startswith("step is worse than relu (reference): accuracy lower by 2")
    size = float(text.split("lower by ")[1].split(" percentage points")[0])
    low, high = (float(x) for x in text.split("[")[1].split("]")[0].split(","))
    assert 24 < low < size < high < 26


def test_all_equal():
    text = told({"relu": 0.0, "gelu": 0.0, "tanh": 0.001})
    claim = "practically equal to relu (reference): no difference is larger than 0.01 in log loss."
    assert text == f"tanh and gelu are {claim}"
    assert told(dict.fromkeys(["relu", "a", "b", "c", "d"], 0.0)) == f"The 4 other activations are {claim}"


def test_nothing_can_be_told_and_how_many_repeats_would():
    rng = np.random.default_rng(3)
    base = np.zeros((500, 3))
    matrices = {"relu": base, "gelu": base + 0.05 + np.array([0.05, -0.05, 0.0]) + rng.normal(0, 0.01, (500, 1))}
    standings = rank(matrices, "relu", 0.01, 0.05)
    text = sentence(standings, Wording(LOG_LOSS, "activation", 0.01, 3, 5, {}))
    needed = standings[1].repeats_needed
    assert needed is not None
    assert needed > 3
    assert text == (
        "The data cannot tell the 2 activations apart: no difference from relu (reference) is larger than its "
        f"uncertainty; about {needed} repeats would be needed to settle gelu."
    )


def test_more_data_are_needed_when_examples_are_the_limit():
    rng = np.random.default_rng(3)
    per_example = rng.normal(0.02, 1.0, (100, 1)) * np.ones((1, 5))
    standings = rank({"relu": np.zeros((100, 5)), "gelu": per_example}, "relu", 0.01, 0.05)
    text = sentence(standings, Wording(LOG_LOSS, "activation", 0.01, 5, 5, {}))
    assert standings[1].repeats_needed is None
    assert text.endswith("more data, not more repeats, would be needed to settle gelu.")


def test_a_single_repeat_says_why_it_says_nothing():
    text = told({"relu": 0.0, "gelu": 5.0}, repeats=1)
    assert text.startswith("With a single repeat the variation between repeats cannot be estimated, so nothing")
    assert "better than" not in text


def test_diverged_runs_are_told():
    assert told({"relu": 0.0, "step": -1.0}, diverged={"relu": 0, "step": 3}).endswith(
        "; step diverged in 3 of 25 runs."
    )


def test_values_that_are_no_names_are_told_with_their_parameter():
    text = told({"0.1": 0.0, "1.0": 0.05}, parameter="logisticregression__C")
    assert text.startswith("C=1.0 is better than C=0.1 (reference): ")
    many = dict.fromkeys(["1", "2", "3", "4", "5"], 0.0)
    assert told(many, parameter="clf__C").startswith("The 4 other values of C are practically equal to C=1 (reference)")
