"""What the network makes of definitions follows them: a notebook redefines a formula and trains again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nonlin as nl
from nonlin.definition import registry
from nonlin.definition.primitives import exp
from nonlin.nn import MLPRegressor
from nonlin.nn.definitions import gain

X = np.random.default_rng(0).standard_normal((40, 3))
Y = np.sin(X[:, 0])


@pytest.fixture
def bump() -> Iterator[Any]:
    @nl.activation(range=(0, 1))
    def bump(x):
        """exp(-x^2): a bump."""
        return exp(-x * x)

    @bump.derivative
    def _(x):
        return -2 * x * exp(-x * x)

    yield bump
    registry.activations.remove("bump")


def weights(activation: Any) -> np.ndarray:
    model = MLPRegressor(
        hidden_layer_sizes=(8,), activation=activation, max_iter=3, n_iter_no_change=np.inf, random_state=0
    )
    return model.fit(X, Y).coefs_[0]


def test_a_derivative_that_is_redefined_is_what_trains(bump):
    before = weights(bump)
    np.testing.assert_array_equal(weights(bump), before)

    @bump.derivative
    def _(x):
        return 2 * x * exp(-x * x)  # the wrong sign: uphill

    assert not np.array_equal(weights(bump), before)

    @bump.derivative
    def _(x):
        return -2 * x * exp(-x * x)

    np.testing.assert_array_equal(weights(bump), before)


def test_the_gain_is_that_of_the_kernel_as_it_is_now(bump):
    before = gain(bump, {})

    @bump.kernel
    def _(x):
        return 0.5 * exp(-x * x)

    assert gain(bump, {}) == pytest.approx(2 * before)  # one over the root of the mean square
