"""Overlaps of regions, against the formulas of Keras and optax."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

RANDOM = np.random.default_rng(0)
PROBABILITIES, MASK = RANDOM.uniform(0, 1, (4, 5, 6)), RANDOM.integers(0, 2, (4, 5, 6)).astype(float)


def keras_dice(p, t):
    return 1 - 2 * np.sum(p * t) / (np.sum(p) + np.sum(t))


def keras_tversky(p, t, alpha, beta):
    overlap = np.sum(p * t)
    return 1 - overlap / (overlap + alpha * np.sum((1 - t) * p) + beta * np.sum(t * (1 - p)))


def optax_dice(p, t, smooth, alpha, beta):
    overlap = np.sum(p * t)
    false_positive, false_negative = np.sum(p) - overlap, np.sum(t) - overlap
    return 1 - (overlap + smooth) / (overlap + alpha * false_positive + beta * false_negative + smooth)


def test_whole_batches_and_rows():
    assert nl.loss.dice(PROBABILITIES, MASK) == pytest.approx(keras_dice(PROBABILITIES, MASK), rel=1e-13)
    expected = [keras_dice(p, t) for p, t in zip(PROBABILITIES[0], MASK[0], strict=True)]
    np.testing.assert_allclose(nl.loss.dice(PROBABILITIES[0], MASK[0], axis=-1, reduction="none"), expected, rtol=1e-13)


@pytest.mark.parametrize(("alpha", "beta", "smooth"), [(0.5, 0.5, 0), (0.3, 0.7, 0), (1, 1, 1), (0, 1, 2), (1, 0, 0.5)])
def test_tversky(alpha, beta, smooth):
    got = nl.loss.tversky(PROBABILITIES, MASK, alpha=alpha, beta=beta, smooth=smooth)
    assert got == pytest.approx(optax_dice(PROBABILITIES, MASK, smooth, alpha, beta), rel=1e-12)
    if smooth == 0:
        assert got == pytest.approx(keras_tversky(PROBABILITIES, MASK, alpha, beta), rel=1e-12)


@pytest.mark.parametrize("smooth", [0, 0.5, 3])
def test_dice_is_tversky_with_equal_weights_and_half_the_smooth(smooth):
    half = nl.loss.tversky(PROBABILITIES, MASK, smooth=smooth / 2)
    assert nl.loss.dice(PROBABILITIES, MASK, smooth=smooth) == pytest.approx(half, rel=1e-14)


@pytest.mark.parametrize("options", [{}, {"alpha": 0.2, "beta": 0.9, "smooth": 0.3}])
def test_gradient_agrees_with_torch(torch, options):
    p, t = torch.tensor(PROBABILITIES, requires_grad=True), torch.tensor(MASK)
    alpha, beta, smooth = (
        options.get(name, default) for name, default in (("alpha", 0.5), ("beta", 0.5), ("smooth", 0))
    )
    overlap = (p * t).sum()
    rest = alpha * (p * (1 - t)).sum() + beta * (t * (1 - p)).sum()
    (expected,) = torch.autograd.grad(1 - (overlap + smooth) / (overlap + rest + smooth), p)
    np.testing.assert_allclose(nl.loss.tversky.gradient(PROBABILITIES, MASK, **options), expected, rtol=1e-10)
    if not options:
        np.testing.assert_allclose(nl.loss.dice.gradient(PROBABILITIES, MASK), expected, rtol=1e-10)


def test_small_losses_are_not_lost():
    """1 minus a ratio is 0 in float32 where the prediction is this good."""
    mask = np.ones(4, np.float32)
    almost = mask - np.float32(2.0**-24)
    assert nl.loss.dice(almost, mask) == pytest.approx(2.0**-25, rel=1e-6)
    assert nl.loss.tversky(almost, mask, alpha=0.5, beta=1) == pytest.approx(2.0**-24, rel=1e-6)


@pytest.mark.parametrize("name", ["dice", "tversky"])
def test_nothing_and_nothing_overlap_perfectly(name):
    """Keras gives a loss of 1: 0 over its epsilon."""
    empty = np.zeros((2, 3))
    value, gradient = nl.get_loss(name).value_and_gradient(empty, empty)
    assert value == 0
    np.testing.assert_array_equal(gradient, empty)
    assert nl.get_loss(name)(np.full((2, 3), 1e-30), empty) == 1


def test_numbers_beyond_probabilities_are_refused():
    with pytest.raises(
        InputError, match=r"predictions of dice must be numbers from 0 to 1, got 1.5 at position \(1,\)"
    ):
        nl.loss.dice([0.5, 1.5], [0, 1])
