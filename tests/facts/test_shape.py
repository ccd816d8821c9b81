"""Ranges and monotone functions that nobody declared."""

import math

import pytest
from scipy.special import lambertw

import nonlin as nl
from nonlin.definition import Elementwise
from nonlin.facts import found_range, never_decreases, trainable

INF = math.inf
ELEMENTWISE = [nl.get(name) for name in nl.activations() if isinstance(nl.get(name), Elementwise)]


@pytest.mark.parametrize("record", ELEMENTWISE, ids=lambda record: record.name)
def test_what_is_declared_would_have_been_found(record):
    if record.declared_range:
        assert found_range(record) == pytest.approx(record.declared_range, abs=1e-9)
    if record.declared_monotone is not None:
        assert never_decreases(record) == record.declared_monotone


def test_ranges_in_closed_form(own):
    assert own.hat.range == (0, 1)
    assert own.cosine.range == (-1, 1)
    assert own.decay.range == (0, INF)
    assert own.erf.range == (-1, 1)
    assert found_range(own.scaled_tanh, alpha=300.0) == (-300, 300)
    # The least x sigmoid(x) is -W(1 / e).
    assert found_range(nl.silu) == (pytest.approx(-lambertw(1 / math.e).real, abs=1e-15), INF)


def test_rising_and_trainable(own):
    assert own.erf.monotone
    assert not own.hat.monotone
    assert not never_decreases(own.scaled_tanh, alpha=-1.0)
    assert own.hat.trainable
    assert not trainable(own.scaled_tanh, beta=0.0)
    assert not nl.step.trainable


def test_a_row_function_has_neither():
    assert nl.log_softmax.monotone is False
    assert found_range(nl.get("swiglu")) == (-INF, INF)
