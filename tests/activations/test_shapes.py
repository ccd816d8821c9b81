"""Functions that change the length of an axis, held to their formulas in 50 digits and worked by hand."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.testing import exact_values


def test_crelu_is_the_positive_part_and_that_of_minus_x():
    """Shang et al. 2016, definition 2.1."""
    positive, negative = exact_values(nl.crelu, "definition", [-2.0, 0.0, 3.0])
    assert list(positive) == [0, 0, 3]
    assert list(negative) == [2, 0, 0]


def test_crelu_has_no_slope_at_zero():
    positive, negative = exact_values(nl.crelu, "derivative", [-2.0, 0.0, 3.0])
    assert list(positive) == [0, 0, 1]
    assert list(negative) == [-1, 0, 0]


def test_maxout_is_the_largest_of_a_group():
    assert exact_values(nl.maxout, "definition", [[1.0, 4.0, 2.0], [-3.0, -1.0, -2.0]]).ravel().tolist() == [4, -1]


@pytest.mark.parametrize(("group", "place"), [([1.0, 4.0, 2.0], 1), ([5.0, 5.0, 1.0], 0), ([0.0, 0.0, 0.0], 0)])
def test_maxout_sends_the_gradient_to_the_first_of_the_largest(torch, group, place):
    """As torch.max and max pooling do; torch.amax divides it among equal ones."""
    expected = np.zeros(3)
    expected[place] = 0.5
    assert exact_values(nl.maxout, "vjp", [group], [[0.5]]).tolist() == [expected.tolist()]
    _, by_torch = torch(lambda torch, F, x: 0.5 * F.max_pool1d(x, 3), np.array([group]))
    np.testing.assert_array_equal(by_torch, [expected])


def test_crelu_doubles_an_axis():
    x = np.array([[1.0, -2.0], [-3.0, 4.0]], np.float32)
    np.testing.assert_array_equal(nl.crelu(x), [[1, 0, 0, 2], [0, 4, 3, 0]])
    np.testing.assert_array_equal(nl.crelu(x, axis=0), [[1, 0], [0, 4], [0, 2], [3, 0]])
    np.testing.assert_array_equal(nl.crelu.derivative(x[0]), [1, 0, 0, -1])


def test_maxout_shortens_an_axis_by_its_pieces():
    x = np.array([1.0, 5.0, 5.0, 2.0, np.nan, 0.0])
    np.testing.assert_array_equal(nl.maxout(x), [5, 5, np.nan])
    np.testing.assert_array_equal(nl.maxout(x[:3], pieces=3), [5])
    np.testing.assert_array_equal(nl.maxout.vjp(x[:4], np.array([3.0, 7.0])), [0, 3, 7, 0])
