"""Losses of sparse predictions, against their papers' definitions and the formulas of optax and the package entmax."""

import numpy as np
import pytest

import nonlin as nl

RANDOM = np.random.default_rng(0)
LOGITS, CLASSES = RANDOM.normal(0, 2, (60, 6)), RANDOM.integers(0, 6, 60)
ONE_HOT = np.eye(6)[CLASSES]


def projected(z):
    """The nearest point of the simplex, by sorting: Martins & Astudillo 2016, algorithm 1."""
    ordered = -np.sort(-z, axis=-1)
    sums = np.cumsum(ordered, axis=-1)
    counts = np.arange(1, z.shape[-1] + 1)
    size = np.sum(1 + counts * ordered > sums, axis=-1, keepdims=True)
    threshold = (np.take_along_axis(sums, size - 1, -1) - 1) / size
    return np.maximum(z - threshold, 0)


def optax_multiclass_sparsemax(z, one_hot):
    p, z = projected(z), z - np.sum(z * one_hot, -1, keepdims=True)
    return np.maximum(np.sum(p * z, -1) + 0.5 * (1 - np.sum(p * p, -1)), 0)


def entmax_package_15(z, one_hot):
    """Omega(p) + <p - y, z> with the Tsallis entropy (1 - sum p^1.5) / 0.75."""
    p = nl.entmax15(z)
    return (1 - np.sum(p**1.5, -1)) / 0.75 + np.sum((p - one_hot) * z, -1)


@pytest.mark.parametrize(
    ("name", "formula"), [("sparsemax_loss", optax_multiclass_sparsemax), ("entmax15_loss", entmax_package_15)]
)
def test_values(name, formula):
    got = nl.get_loss(name)(LOGITS, CLASSES, reduction="none")
    np.testing.assert_allclose(got, formula(LOGITS, ONE_HOT), rtol=1e-12, atol=1e-13)


def test_the_gradient_is_prediction_minus_target():
    np.testing.assert_allclose(
        nl.loss.sparsemax_loss.gradient(LOGITS, CLASSES, reduction="sum"), projected(LOGITS) - ONE_HOT, atol=1e-14
    )
    expected = nl.entmax15(LOGITS) - ONE_HOT
    np.testing.assert_allclose(nl.loss.entmax15_loss.gradient(LOGITS, CLASSES, reduction="sum"), expected, atol=1e-14)


def test_gradients_are_those_of_the_formulas_by_torch(torch):
    z, y = torch.tensor(LOGITS, requires_grad=True), torch.tensor(ONE_HOT)
    support = torch.tensor(projected(LOGITS) > 0)
    size = support.sum(-1, keepdim=True)
    threshold = ((z * support).sum(-1, keepdim=True) - 1) / size
    # Martins & Astudillo 2016, equation 16
    loss = 0.5 * ((z**2 - threshold**2) * support).sum(-1) + 0.5 - (z * y).sum(-1)
    (expected,) = torch.autograd.grad(loss.mean(), z)
    value, gradient = nl.loss.sparsemax_loss.value_and_gradient(LOGITS, CLASSES)
    assert value == pytest.approx(loss.mean().item(), rel=1e-12)
    np.testing.assert_allclose(gradient, expected, atol=1e-14)


@pytest.mark.parametrize(("name", "activation"), [("sparsemax_loss", nl.sparsemax), ("entmax15_loss", nl.entmax15)])
def test_distributions_as_targets(name, activation):
    """The loss is the smallest, 0, where the prediction is the target."""
    targets = np.array([[0.5, 0.25, 0.25, 0.0]])
    inverse = np.array([[0.5, 0.25, 0.25, -1.0]]) if name == "sparsemax_loss" else 2 * np.sqrt(targets)
    np.testing.assert_allclose(activation(inverse), targets, atol=1e-15)
    value, gradient = nl.get_loss(name).value_and_gradient(inverse, targets)
    assert 0 <= value < 1e-30
    np.testing.assert_allclose(gradient, 0 * targets, atol=1e-15)
    assert nl.get_loss(name)(inverse + np.array([0.1, 0, 0, 0]), targets) > 1e-4


def test_a_lead_by_the_margin_costs_exactly_nothing():
    """Both losses have a margin: 1 for sparsemax, 2 for 1.5-entmax."""
    assert nl.loss.sparsemax_loss([[3.0, 2.0]], [0]) == 0
    assert nl.loss.sparsemax_loss([[3.0, 2.01]], [0]) > 0
    assert nl.loss.entmax15_loss([[3.0, 1.0]], [0]) == 0
    assert nl.loss.entmax15_loss([[3.0, 1.01]], [0]) > 0


def test_small_losses_are_not_lost_beside_large_logits():
    """optax' formula in float32 gives 0 or more than twice as much where scores are large."""
    logits = np.array([[1000.0, 999.0625]], np.float32)
    lead = 0.0625  # by which the lead falls short of 1: the loss is its square over 4
    assert nl.loss.sparsemax_loss(logits, [0]) == lead**2 / 4


def test_huge_logits():
    logits = np.array([[1e30, -1e30], [1e30, 1e30]], np.float32)
    np.testing.assert_allclose(nl.loss.sparsemax_loss(logits, [1, 0], reduction="none"), [2e30, 0.25], rtol=1e-7)
    expected = [2e30, 2 / 3 * (np.sqrt(0.5) - 1) ** 2 * (np.sqrt(0.5) + 2) + 2 / 3 * 0.5**1.5]
    np.testing.assert_allclose(nl.loss.entmax15_loss(logits, [1, 0], reduction="none"), expected, rtol=1e-7)


def test_binary_sparsemax_is_that_of_optax():
    """optax: sparse_plus of the logit, negated where the label is 1."""
    logits = np.array([-3.0, -1.0, -0.3, 0.0, 0.7, 1.0, 2.5])
    for label in (0.0, 1.0):
        z = -logits if label else logits
        sparse_plus = np.where(z <= -1, 0, np.where(z < 1, (z + 1) ** 2 / 4, z))
        labels = np.full(7, label)
        got = nl.loss.binary_sparsemax(logits, labels, reduction="none")
        np.testing.assert_allclose(got, sparse_plus, rtol=1e-15)
        sparse_sigmoid = np.clip((logits + 1) / 2, 0, 1)
        slopes = nl.loss.binary_sparsemax.gradient(logits, labels, reduction="none")
        np.testing.assert_allclose(slopes, sparse_sigmoid - label, rtol=1e-15)


def test_binary_sparsemax_is_sparsemax_of_two_classes():
    logits, shares = RANDOM.normal(0, 1, 30), RANDOM.integers(0, 9, 30) / 8
    rows, targets = np.stack([logits, np.zeros(30)], 1), np.stack([shares, 1 - shares], 1)
    expected = nl.loss.sparsemax_loss(rows, targets, reduction="none")
    np.testing.assert_allclose(nl.loss.binary_sparsemax(logits, shares, reduction="none"), expected, rtol=1e-13)


def test_masked_classes_do_not_matter():
    for name in ("sparsemax_loss", "entmax15_loss"):
        loss = nl.get_loss(name)
        value, gradient = loss.value_and_gradient([[1.0, 0.5, -np.inf]], [1])
        assert value == loss([[1.0, 0.5]], [1])
        np.testing.assert_array_equal(gradient, [[*loss.gradient([[1.0, 0.5]], [1])[0], 0]])
