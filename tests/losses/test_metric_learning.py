"""Losses of distances, pairs and triplets, against PyTorch."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

RANDOM = np.random.default_rng(0)
A, B, C = (RANDOM.normal(0, 1, (40, 5)) for _ in range(3))
SIGNS = RANDOM.choice([-1.0, 1.0], 40)
F32 = np.float32


@pytest.fixture
def agrees(torch):
    """A function that holds the value of a loss, and its gradients with respect to all inputs, to PyTorch's."""

    def check(name, function, inputs, targets=None, **options):
        loss, names = nl.get_loss(name), nl.get_loss(name).inputs
        tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
        given = [] if targets is None else [targets]
        for reduction in ("mean", "sum"):
            theirs = getattr(torch.nn.functional, function)(
                *tensors,
                *map(torch.tensor, given),
                reduction=reduction,
                **options,
                **({"eps": 0} if name == "triplet" else {}),
            )
            assert loss(*inputs, *given, reduction=reduction, **options) == pytest.approx(theirs.item(), rel=1e-12)
            for input_name, expected in zip(names, torch.autograd.grad(theirs, tensors), strict=False):
                got = loss.gradient(*inputs, *given, with_respect_to=input_name, reduction=reduction, **options)
                np.testing.assert_allclose(got, expected, atol=1e-11)

    return check


@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_margin_ranking(agrees, margin):
    agrees("margin_ranking", "margin_ranking_loss", [A[:, 0], B[:, 0]], SIGNS, margin=margin)


@pytest.mark.parametrize("margin", [1.0, 0.4])
def test_hinge_embedding(agrees, margin):
    agrees("hinge_embedding", "hinge_embedding_loss", [abs(A[:, 0])], SIGNS, margin=margin)


@pytest.mark.parametrize("margin", [0.0, 0.3, -0.5])
def test_cosine_embedding(agrees, margin):
    agrees("cosine_embedding", "cosine_embedding_loss", [A, B], SIGNS, margin=margin)


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("margin", [1.0, 0.2])
def test_triplet(agrees, margin, swap):
    agrees("triplet", "triplet_margin_loss", [A, B, C], margin=margin, swap=swap)


def test_slopes_at_the_margin_are_those_of_torch(agrees):
    agrees("hinge_embedding", "hinge_embedding_loss", [np.array([1.0, 0.0])], np.array([-1.0, 1.0]))
    agrees("margin_ranking", "margin_ranking_loss", [np.ones(2), np.ones(2)], np.array([-1.0, 1.0]))
    right_angle = [np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])]
    agrees("cosine_embedding", "cosine_embedding_loss", right_angle, np.array([-1.0]))
    agrees("triplet", "triplet_margin_loss", [np.zeros((1, 2)), np.zeros((1, 2)), np.array([[1.0, 0.0]])])


def test_targets_of_pairs_may_stand_in_a_column():
    square = A[:5], B[:5]  # as many rows as columns
    by_row = nl.loss.cosine_embedding(*square, SIGNS[:5], reduction="none")
    assert by_row.shape == (5,)
    np.testing.assert_array_equal(nl.loss.cosine_embedding(*square, SIGNS[:5, np.newaxis], reduction="none"), by_row)


def test_identical_vectors_of_any_size_belong_together():
    """torch: the squares of 1e20 overflow float32, those of 1e-30 underflow."""
    for size in (1e20, 1.0, 1e-30):
        x = np.array([[3 * size, -4 * size]], F32)
        value, gradient = nl.loss.cosine_embedding.value_and_gradient(x, x, [1])
        assert value == 0
        np.testing.assert_array_equal(gradient, [[0, 0]])
        assert nl.loss.cosine_embedding(x, x, [-1]) == 1


def test_small_angles_are_not_lost():
    """1 minus a cosine is 0 in float32 for an angle of 1e-4."""
    x, y = np.array([[1, 0]], F32), np.array([[1, 1e-4]], F32)
    assert nl.loss.cosine_embedding(x, y, [1]) == pytest.approx(5e-9, rel=1e-6)


def test_a_vector_of_zeros_has_a_cosine_of_zero_and_no_slope():
    """torch has a slope of 707107 there."""
    value, gradient = nl.loss.cosine_embedding.value_and_gradient([[0.0, 0.0]], [[1.0, 1.0]], [1])
    assert value == 1
    np.testing.assert_array_equal(gradient, [[0, 0]])


@pytest.mark.parametrize(("dtype", "size"), [(F32, 1e20), (F32, 1e-30), (np.float64, 1e200), (np.float64, 1e-200)])
def test_distances_of_any_size(dtype, size):
    """The squares of these numbers are beyond the format; distances are 5 and 10 times the size."""
    zero, near, far = (np.array([row], dtype) * dtype(size) for row in ([0, 0], [3, 4], [-6, 8]))
    value, gradient = nl.loss.triplet.value_and_gradient(zero, far, near, margin=0)
    assert value == pytest.approx(5 * size, rel=1e-6)
    np.testing.assert_allclose(gradient, [[0.6 + 0.6, -0.8 + 0.8]], atol=1e-7)


def test_distances_that_differ_by_little_are_compared_without_cancellation():
    """In float32 both distances are 1e8, in float64 their difference has lost half of its digits."""
    anchor, positive, negative = (np.array([[x, 0, 0]], F32) for x in (0, 1e8, 1e8))
    negative[0, 1] = 1000
    exact = -(1e6 / (1e8 + np.sqrt(1e16 + 1e6)))
    assert nl.loss.triplet(anchor, positive, negative) == pytest.approx(1 + exact, rel=1e-7)


def test_nothing_is_added_to_distances_and_coinciding_points_have_no_slope():
    """torch: 2e-6 for the distance of a point of four numbers to itself."""
    x, y = np.ones((1, 4)), np.zeros((1, 4))
    assert nl.loss.triplet(x, x, y, margin=2) == 0
    assert nl.loss.triplet(x, x, x) == 1
    for name in ("anchors", "positives", "negatives"):
        np.testing.assert_array_equal(nl.loss.triplet.gradient(x, x, x, with_respect_to=name), 0 * x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.loss.cosine_embedding(A, B, np.zeros(40)), r"targets of cosine_embedding must be -1 or 1, got 0.0"),
        (lambda: nl.loss.margin_ranking([1.0, 2.0], [1.0, 2.0], [1, 2]), r"got 2 at position \(1,\)"),
        (lambda: nl.loss.triplet(A, B), "negatives is missing"),
        (lambda: nl.loss.triplet(A, B[:3], C), r"anchors and positives of one shape, got \(40, 5\) and \(3, 5\)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
