"""Margin losses against scikit-learn, PyTorch, and the formulas of Keras and optax."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

RANDOM = np.random.default_rng(0)
SCORES, SIGNS = RANDOM.normal(0, 2, 200), RANDOM.choice([-1.0, 1.0], 200)
ROWS, CLASSES = RANDOM.normal(0, 2, (50, 6)), RANDOM.integers(0, 6, 50)
ONE_HOT = np.eye(6)[CLASSES]

BINARY = {
    "hinge": lambda p, t: np.maximum(0, 1 - p * t),
    "squared_hinge": lambda p, t: np.maximum(0, 1 - p * t) ** 2,
    "modified_huber": lambda p, t: np.where(p * t >= -1, np.maximum(0, 1 - p * t) ** 2, -4 * p * t),
    "exponential": lambda p, t: np.exp(-p * t),
    "perceptron": lambda p, t: np.maximum(0, -p * t),
    "zero_one": lambda p, t: (p * t <= 0).astype(float),
}
ROW = {
    "categorical_hinge": lambda s, t: np.maximum(0, np.max((1 - t) * s, -1) - np.sum(t * s, -1) + 1),  # Keras
    "crammer_singer": lambda s, t: np.max(s + 1 - t, -1) - np.sum(s * t, -1),  # optax
    "multiclass_perceptron": lambda s, t: np.max(s, -1) - np.sum(s * t, -1),  # optax
}


@pytest.mark.parametrize("name", BINARY)
def test_textbook_values(name):
    got = nl.get_loss(name)(SCORES, SIGNS, reduction="none")
    np.testing.assert_allclose(got, BINARY[name](SCORES, SIGNS), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", ROW)
def test_values_of_rows(name):
    loss = nl.get_loss(name)
    expected = ROW[name](ROWS, ONE_HOT)
    np.testing.assert_allclose(loss(ROWS, CLASSES, reduction="none"), expected, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(loss(ROWS, ONE_HOT, reduction="none"), expected, rtol=1e-13, atol=1e-14)


def test_agreement_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    assert nl.loss.hinge(SCORES, SIGNS) == pytest.approx(metrics.hinge_loss(SIGNS, SCORES), rel=1e-14)
    assert nl.loss.zero_one(SCORES, SIGNS) == pytest.approx(metrics.zero_one_loss(SIGNS, np.sign(SCORES)), rel=1e-14)
    expected = metrics.hinge_loss(CLASSES, ROWS)
    assert nl.loss.crammer_singer(ROWS, CLASSES) == pytest.approx(expected, rel=1e-14)


def test_exponential_is_that_of_gradient_boosting():
    losses = pytest.importorskip("sklearn._loss.loss")
    value, gradient = losses.ExponentialLoss().loss_gradient((SIGNS > 0).astype(float), SCORES)
    got = nl.loss.exponential.value_and_gradient(SCORES, SIGNS, reduction="none")
    np.testing.assert_allclose(got, (value, gradient), rtol=1e-14)


@pytest.mark.parametrize(("p", "margin"), [(1, 1.0), (2, 1.0), (1, 0.3), (2, 2.5)])
def test_multi_margin_agrees_with_torch(torch, p, margin):
    scores = torch.tensor(ROWS, requires_grad=True)
    for reduction in ("mean", "sum"):
        expected = torch.nn.functional.multi_margin_loss(
            scores, torch.tensor(CLASSES), p=p, margin=margin, reduction=reduction
        )
        (slopes,) = torch.autograd.grad(expected, scores)
        value, gradient = nl.loss.multi_margin.value_and_gradient(
            ROWS, CLASSES, p=p, margin=margin, reduction=reduction
        )
        assert value == pytest.approx(expected.item(), rel=1e-13)
        np.testing.assert_allclose(gradient, slopes, atol=1e-14)


def test_slopes_at_the_margin():
    """At the kink the slope is that of a loss, but multi_margin's, which is PyTorch's, is 0."""
    np.testing.assert_array_equal(nl.loss.hinge.gradient([1.0, -1.0], [1, -1], reduction="none"), [-1, 1])
    np.testing.assert_array_equal(nl.loss.perceptron.gradient([0.0, 0.0], [1, -1], reduction="none"), [-1, 1])
    np.testing.assert_array_equal(nl.loss.multi_margin.gradient([[1.0, 0.0]], [0]), [[0, 0]])
    np.testing.assert_array_equal(nl.loss.categorical_hinge.gradient([[1.5, 0.5]], [0]), [[-1, 1]])


def test_the_first_of_equally_good_classes_is_the_rival():
    ties = [[0.5, 2.0, 2.0]]
    for name in ("crammer_singer", "categorical_hinge", "multiclass_perceptron"):
        np.testing.assert_array_equal(nl.get_loss(name).gradient(ties, [0]), [[-1, 1, 0]])


def test_keras_counts_the_right_class_as_a_rival_with_a_score_of_zero():
    scores = [[-0.5, -3.0]]
    assert nl.loss.categorical_hinge(scores, [0]) == 1.5
    assert nl.loss.crammer_singer(scores, [0]) == 0


def test_masked_classes_do_not_matter():
    masked, shorter = [[1.0, 0.5, -np.inf]], [[1.0, 0.5]]
    for name in ("crammer_singer", "categorical_hinge", "multiclass_perceptron"):
        loss = nl.get_loss(name)
        assert loss(masked, [1]) == loss(shorter, [1])
        np.testing.assert_array_equal(loss.gradient(masked, [1]), [[*loss.gradient(shorter, [1])[0], 0]])


def test_scores_exactly_a_margin_apart_from_tiny_ones():
    """(tiny - 1) + 1 is 0 in floating point, and so is its slope; the exact sum is tiny."""
    tiny = np.float32(2.0**-100)
    scores = np.array([[1, tiny]], np.float32)
    for name, slope in (("crammer_singer", 1), ("categorical_hinge", 1), ("multi_margin", 0.5)):
        value, gradient = nl.get_loss(name).value_and_gradient(scores, [0])
        assert value == tiny * np.float32(slope)
        np.testing.assert_array_equal(gradient, [[-slope, slope]])


def test_huge_scores():
    huge = np.array([[1e30, 1e30], [-1e30, 1e30]], np.float32)
    np.testing.assert_array_equal(nl.loss.crammer_singer(huge, [0, 0], reduction="none"), np.float32([1, 2e30]))
    assert nl.loss.hinge(np.float32([-3e38]), np.float32([1])) == np.float32(3e38)
    assert nl.loss.modified_huber(np.float32([3e38]), np.float32([1])) == 0


def test_decisions():
    assert nl.loss.hinge.decide([-0.1, 2.0]).tolist() == [-1, 1]
    assert nl.loss.multi_margin.decide([[0.1, 0.3]]).tolist() == [1]


def test_labels_other_than_signs_are_refused():
    with pytest.raises(InputError, match=r"targets of hinge must be -1 or 1, got 0.* at position \(1,\)"):
        nl.loss.hinge([0.5, 0.5], [1, 0])
