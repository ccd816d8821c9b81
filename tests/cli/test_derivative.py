"""The coarse check of a user's derivative: right ones pass, wrong ones are told with the worst input."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import nonlin as nl
from nonlin.cli.derivative import check_derivative
from nonlin.errors import InputError
from nonlin.primitives import exp, maximum, sqrt, where

ELEMENTWISE = [name for name in nl.activations() if nl.get(name).kind == "elementwise"]


@pytest.fixture
def own():
    """An activation of the user's from a formula and a derivative; forgotten afterwards."""
    from nonlin.definition.registry import activations

    names = []

    def make(value, derivative, **facts):
        value.__name__ = f"own_{len(names)}"
        names.append(value.__name__)
        record = nl.activation(**{"range": (-math.inf, math.inf)} | facts)(value)
        record.derivative(derivative)
        return record

    yield make
    for name in names:
        activations.remove(name)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_built_in_passes(name):
    check_derivative(nl.get(name))


@pytest.mark.parametrize(
    ("value", "derivative", "facts"),
    [
        (lambda x: exp(-x * x), lambda x: -2 * x * exp(-x * x), {}),
        (lambda x: exp(x), lambda x: exp(x), {}),
        (lambda x: exp(x * x * x), lambda x: 3 * x * x * exp(x * x * x), {}),  # infinite beyond 9
        (lambda x: sqrt(x), lambda x: 0.5 / sqrt(x), {}),  # not a number below 0
        (lambda x: maximum(x, -1.5), lambda x: where(x < -1.5, 0, 1), {"kinks": (-1.5,), "smoothness": 0}),
        (lambda x: 1e-3 * x, lambda x: 1e-3, {}),
    ],
)
def test_right_ones_pass(own, value, derivative, facts):
    check_derivative(own(value, derivative, **facts))


@pytest.mark.parametrize(
    ("value", "derivative"),
    [
        (lambda x: exp(-x * x), lambda x: 2 * x * exp(-x * x)),  # the sign
        (lambda x: exp(-x * x), lambda x: -x * exp(-x * x)),  # a factor
        (lambda x: x * x * x, lambda x: where(x < 3, 3 * x * x, 3 * x)),  # far from zero only
        (lambda x: x * exp(-x * x), lambda x: exp(-x * x)),  # a term
        (lambda x: x, lambda x: sqrt(x)),  # not a number
    ],
)
def test_wrong_ones_are_told_with_an_input_at_which_they_are_wrong(own, value, derivative):
    record = own(value, derivative)
    with pytest.raises(InputError) as caught:
        check_derivative(record)
    found = re.search(
        r"'(\w+)' has a wrong derivative: at x = (\S+) it gives (\S+), .* is (\S+); correct", str(caught.value)
    )
    assert found
    assert found[1] == record.name
    x, told, slope = (float(part) for part in found.groups()[1:])
    assert told == pytest.approx(record.derivative(x), rel=1e-2, nan_ok=True)
    assert slope == pytest.approx((record(x + 1e-6) - record(x - 1e-6)) / 2e-6, rel=1e-2)
    assert not np.isclose(told, slope, rtol=1e-3)
