"""Every registered function has every fact, soon; that they are right, `check_activation` sees with 50 digits."""

import math
import time

import pytest

import nonlin as nl
from nonlin.definition import Elementwise
from nonlin.facts import Interval, chi, edge_of_chaos, variance_map
from nonlin.testing.computed_facts import wrong_computed_facts

NAMES = [name for name in nl.activations() if isinstance(nl.get(name), Elementwise)]


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_soon_there(name):
    record = nl.get(name)
    for fact in ("gain", "centered_gain", "lipschitz", "fixed_points", "saturation", "dead"):
        start = time.process_time()
        found = getattr(record, fact)
        assert time.process_time() - start < 0.5, fact
        numbers = [found] if isinstance(found, float) else found
        assert all(isinstance(number, float | Interval) for number in numbers)
        assert not any(math.isnan(number) for number in numbers if isinstance(number, float))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sigma_b", [0.0, 0.2])
def test_an_edge_of_chaos_or_a_sentence(name, sigma_b):
    record = nl.get(name)
    edge = _edge_or_sentence(record, sigma_b)
    if isinstance(edge, str):
        assert edge.startswith(f"{name} has no edge of chaos")
        return
    assert edge.sigma_b == sigma_b
    assert chi(record, edge.variance, edge.sigma_w) == pytest.approx(1, rel=1e-9)
    assert variance_map(record, edge.variance, edge.sigma_w, sigma_b) == pytest.approx(edge.variance, rel=1e-9)


def _edge_or_sentence(record, sigma_b):
    try:
        return edge_of_chaos(record, sigma_b)
    except nl.InputError as error:
        return str(error)


@pytest.mark.parametrize(
    ("fact", "wrong", "message"),
    [
        ("dead", (Interval(0.0, 1.0),), "found to be dead at"),
        ("fixed_points", (0.5,), "0.5 was found to be a fixed point, but is none"),
        ("fixed_points", (), "has a fixed point between"),
        ("saturation", (Interval(1.0, math.inf),), "saturated from 1.0 to inf, but is not at"),
        ("saturation", (Interval(9.0, math.inf),), "but is saturated at 8.99"),
    ],
)
def test_a_wrong_fact_is_found(monkeypatch, fact, wrong, message):
    monkeypatch.setattr(Elementwise, fact, property(lambda self: wrong))
    assert any(message in problem for problem in wrong_computed_facts(nl.tanh))


def test_a_missed_dead_interval_is_found(monkeypatch):
    monkeypatch.setattr(Elementwise, "dead", property(lambda self: ()))
    assert any("but this was not found" in problem for problem in wrong_computed_facts(nl.relu))
