# ruff: noqa: RUF001 - typographic dashes and signs are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import get_scorer_names

from nonlin.visualization.wording import duration, measure, shorten


@pytest.mark.parametrize("scoring", [name for name in get_scorer_names() if name.startswith("neg_")])
def test_scorers_that_scikit_learn_negates_are_lower_is_better_in_natural_units(scoring):
    assert measure(scoring).lower_is_better
    assert measure(scoring).natural(-2.5) == 2.5
    assert "neg" not in measure(scoring).name.split()


def test_accuracy_is_told_in_per_cent():
    assert measure("accuracy").natural(0.974) == pytest.approx(97.4)
    assert measure("accuracy").direction == "higher is better"


@given(st.text(max_size=80), st.integers(8, 40))
def test_a_shortened_name_fits_and_keeps_both_ends(name, most):
    short = shorten(name, most)
    assert len(short) <= most
    whole = " ".join(name.split())
    assert short == whole or (whole.startswith(short.split("…")[0]) and whole.endswith(short.rsplit("…", 1)[1]))


def test_times_round_up_into_the_next_unit():
    assert duration(59.97) == "1 min 0 s"
    assert duration(3599.9) == "1 h 0 min"
    assert duration(float("nan")) == "–"
