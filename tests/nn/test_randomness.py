"""Named randomness: what depends on what, and that the shuffle is fair."""

import numpy as np
import pytest
from scipy import stats

import nonlin as nl
from nonlin.nn.initialization import base_weights, initial_parameters
from nonlin.nn.randomness import generator, key, root_seed
from nonlin.nn.shuffling import shuffle


def order_of(n, key, epoch):
    order = np.full(n, -1)
    shuffle(order, key, epoch)
    return order


def test_names_draw_independently_and_repeatably():
    draws = {name: generator(5, *name).standard_normal(4) for name in [("weights", 0), ("weights", 1), ("split",)]}
    assert len({tuple(draw) for draw in draws.values()}) == 3
    np.testing.assert_array_equal(draws["weights", 1], generator(5, "weights", 1).standard_normal(4))
    assert not np.array_equal(draws["weights", 0], generator(6, "weights", 0).standard_normal(4))


def test_a_layers_base_draw_does_not_depend_on_the_other_layers():
    shallow, deep = (initial_parameters("auto", 3, (4, *d * (8,), 2), d * [(nl.relu, {})])[0] for d in (1, 2))
    np.testing.assert_array_equal(shallow[0], deep[0])


def test_weights_are_the_base_draw_times_the_gain_but_in_the_last_layer():
    first, second, last = initial_parameters("auto", 3, (16, 9, 9, 2), 2 * [(nl.relu, {})])[0]
    gain = np.sqrt(2)  # He 2015
    np.testing.assert_allclose(first, base_weights(3, 0, (16, 9)) * gain * np.sqrt(2 / (16 + 9)))  # Glorot 2010
    np.testing.assert_allclose(second, base_weights(3, 1, (9, 9)) * gain / 3)  # He 2015, in and out being equal
    np.testing.assert_allclose(last, base_weights(3, 2, (9, 2)) * 0.1 / 3)


@pytest.mark.parametrize("state", [11, np.int64(11)])
def test_an_integer_is_its_own_seed(state):
    assert root_seed(state) == 11


def test_generators_and_none_give_seeds_that_move_on():
    for state in (np.random.RandomState(0), np.random.default_rng(0), None):
        assert root_seed(state) != root_seed(state)


def test_shuffle_is_a_permutation_that_depends_on_key_and_epoch_only():
    first = order_of(100, key(0, "batch order"), 3)
    np.testing.assert_array_equal(np.sort(first), np.arange(100))
    np.testing.assert_array_equal(first, order_of(100, key(0, "batch order"), 3))
    assert not np.array_equal(first, order_of(100, key(0, "batch order"), 4))
    assert not np.array_equal(first, order_of(100, key(1, "batch order"), 3))


def test_every_order_of_four_things_is_equally_likely():
    rounds = 24_000
    orders = np.array([order_of(4, key(1, "fair"), epoch) for epoch in range(rounds)])
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > 1e-4
