"""One-hot rows against PyTorch and the identity matrix, and what they refuse."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError


@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 0, 3)])
@pytest.mark.parametrize("dtype", [float, np.float32, np.int8, bool])
def test_rows_of_the_identity(shape, dtype):
    indices = np.random.default_rng(0).integers(0, 5, shape)
    rows = nl.one_hot(indices, 5, dtype=dtype)
    assert rows.dtype == dtype
    np.testing.assert_array_equal(rows, np.eye(5, dtype=dtype)[indices])


@pytest.mark.parametrize("axis", [-3, -2, -1, 0, 1, 2])
def test_any_axis(axis):
    indices = np.random.default_rng(1).integers(0, 4, (2, 3))
    np.testing.assert_array_equal(nl.one_hot(indices, 4, axis=axis), np.moveaxis(np.eye(4)[indices], -1, axis))


def test_agreement_with_torch(torch):
    indices = np.random.default_rng(2).integers(0, 7, (3, 4))
    np.testing.assert_array_equal(nl.one_hot(indices), torch.nn.functional.one_hot(torch.tensor(indices)))


def test_unsigned_indices_are_not_turned_around():
    np.testing.assert_array_equal(nl.one_hot(np.array([0, 255], np.uint8))[1], np.eye(256)[255])


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0, 1, 3, 4], 3), {}, "class indices must be from 0 to 2, got 3 at position 2"),
        (([[0, 1], [-1, 4]], 3), {}, r"got -1 at position \(1, 0\)"),
        (([0, -2],), {}, "got -2 at position 1"),
        ((7, 3), {}, "got 7"),
        (([0.0, 1.0], 3), {}, "indices must be integers, got float64"),
        ((np.zeros(0, int),), {}, "give classes"),
        (([0], 0), {}, "classes must be a positive whole number, got 0"),
        (([0], 2.5), {}, r"classes must be a positive whole number, got 2\.5"),
        (([0], 2), {"axis": 2}, "axis must be from -2 to 1, got 2"),
    ],
)
def test_wrong_input_is_one_sentence(arguments, options, message):
    with pytest.raises(InputError, match=message):
        nl.one_hot(*arguments, **options)
