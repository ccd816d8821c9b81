"""Losses of one logit or probability against PyTorch, scikit-learn, the formulas of other libraries, and limits."""

import math

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

F32 = np.float32
RANDOM = np.random.default_rng(0)
LOGITS, SOFT = RANDOM.normal(0, 3, (30, 4)), RANDOM.uniform(size=(30, 4))
HARD = np.round(SOFT)
PROBABILITIES = 1 / (1 + np.exp(-LOGITS))


@pytest.fixture
def torch_value_and_gradient(torch):
    def both(function, x, *others):
        x = torch.tensor(x, requires_grad=True)
        value = function(torch.nn.functional, x, *map(torch.tensor, others))
        value.backward()
        return value.item(), x.grad.numpy()

    return both


@pytest.mark.parametrize("targets", [HARD, SOFT])
def test_binary_cross_entropy_is_that_of_torch_with_weights_of_positives(torch_value_and_gradient, targets):
    weights = np.array([0.5, 1.0, 2.0, 7.0])
    expected, slopes = torch_value_and_gradient(
        lambda f, z, t, w: f.binary_cross_entropy_with_logits(z, t, pos_weight=w), LOGITS, targets, weights
    )
    value, gradient = nl.loss.binary_cross_entropy.value_and_gradient(LOGITS, targets, weights)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, slopes, atol=1e-15)


def test_weights_of_positives_are_those_of_tensorflow():
    """nn.weighted_cross_entropy_with_logits, from its documentation."""
    weight = 3.0
    expected = weight * SOFT * -np.log(PROBABILITIES) + (1 - SOFT) * -np.log(1 - PROBABILITIES)
    got = nl.loss.binary_cross_entropy(LOGITS, SOFT, pos_weight=weight, reduction="none")
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_a_weight_of_positives_keeps_the_dtype_of_the_logits():
    assert nl.loss.binary_cross_entropy(LOGITS.astype(F32), HARD.astype(F32), pos_weight=2.0).dtype == F32


def test_label_smoothing_is_that_of_keras():
    smoothed = HARD * (1 - 0.1) + 0.5 * 0.1
    got = nl.loss.binary_cross_entropy(LOGITS, HARD, label_smoothing=0.1, reduction="none")
    np.testing.assert_allclose(got, nl.loss.binary_cross_entropy(LOGITS, smoothed, reduction="none"), rtol=1e-13)


@pytest.mark.parametrize(("logit", "slope"), [(17.0, -4.1399375e-08), (50.0, -1.9287498e-22)])
def test_a_right_logit_far_out_keeps_its_gradient(logit, slope):
    """torch gives 0 from 17 on in float32."""
    gradient = nl.loss.binary_cross_entropy.gradient(np.array([logit], F32), np.array([1], F32))
    assert gradient[0] == pytest.approx(slope, rel=2e-7)


def test_equal_shares_keep_the_gradient_of_a_small_logit():
    """sigmoid(z) - 1/2 is z/4; from the rounded sigmoid it would be wrong from the first digit on, or 0."""
    gradient = nl.loss.binary_cross_entropy.gradient(np.array([1e-20, -3e-9], F32), np.array([0.5, 0.5], F32))
    np.testing.assert_allclose(gradient, np.array([1e-20, -3e-9], F32) / 4 / 2, rtol=1e-7)


def test_infinite_logits_that_are_right_lose_nothing():
    value, gradient = nl.loss.binary_cross_entropy.value_and_gradient([np.inf, -np.inf], [1.0, 0.0])
    assert value == 0
    np.testing.assert_array_equal(gradient, [0, 0])


def test_probabilities_agree_with_torch_and_scikit_learn(torch_value_and_gradient):
    metrics = pytest.importorskip("sklearn.metrics")
    expected, slopes = torch_value_and_gradient(
        lambda f, p, t: f.binary_cross_entropy(p, t), np.clip(PROBABILITIES, 0.01, 0.99), SOFT
    )
    value, gradient = nl.loss.binary_cross_entropy_from_probabilities.value_and_gradient(
        np.clip(PROBABILITIES, 0.01, 0.99), SOFT
    )
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, slopes, atol=1e-14)
    p, y = PROBABILITIES.ravel(), HARD.ravel()
    assert nl.loss.binary_cross_entropy_from_probabilities(p, y) == pytest.approx(metrics.log_loss(y, p), rel=1e-12)


@pytest.mark.parametrize(("p", "loss"), [(1e-8, 18.420681), (1e-20, 46.051702), (1e-30, 69.077553)])
def test_small_probabilities_are_not_clipped(p, loss):
    """Keras gives 16.118 with gradient 0 below 1e-7, torch a gradient of -1e12 below 1e-12."""
    value, gradient = nl.loss.binary_cross_entropy_from_probabilities.value_and_gradient(
        np.array([p], F32), np.array([1], F32)
    )
    assert value == pytest.approx(loss, rel=1e-7)
    assert gradient[0] == pytest.approx(-1 / p, rel=1e-6)


def test_certain_predictions():
    """Right ones lose 0 (Keras 1.19e-7) with the gradient of the limit (torch: 0 for p = 0, y = 0), wrong ones all."""
    loss = nl.loss.binary_cross_entropy_from_probabilities
    certain, right, wrong = np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([1.0, 0.0])
    np.testing.assert_array_equal(loss(certain, right, reduction="none"), [0, 0])
    np.testing.assert_array_equal(loss.gradient(certain, right, reduction="none"), [1, -1])
    np.testing.assert_array_equal(loss(certain, wrong, reduction="none"), [np.inf, np.inf])
    np.testing.assert_array_equal(loss.gradient(certain, wrong, reduction="none"), [-np.inf, np.inf])
    np.testing.assert_array_equal(loss.gradient(certain, [0.5, 0.5], reduction="none"), [-np.inf, np.inf])


def test_probabilities_near_soft_targets_keep_their_gradient():
    p = np.array([0.25 * (1 + 2**-20)], F32)
    gradient = nl.loss.binary_cross_entropy_from_probabilities.gradient(p, np.array([0.25], F32))
    assert gradient[0] == pytest.approx(2**-22 / (float(p[0]) * (1 - float(p[0]))), rel=1e-7)


def test_soft_margin_is_that_of_torch(torch_value_and_gradient):
    signs = 2 * HARD - 1
    expected, slopes = torch_value_and_gradient(lambda f, x, t: f.soft_margin_loss(x, t), LOGITS, signs)
    value, gradient = nl.loss.soft_margin.value_and_gradient(LOGITS, signs)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, slopes, atol=1e-15)


def test_soft_margin_neither_overflows_nor_vanishes():
    """torch's is infinite at -89 and 0 at 17 in float32."""
    got = nl.loss.soft_margin(np.array([-200, 50], F32), np.array([1, 1]), reduction="none")
    np.testing.assert_allclose(got, [200, math.exp(-50)], rtol=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.loss.binary_cross_entropy([1.0], [1.0], pos_weight=[-1.0]), "numbers from 0, got -1"),
        (lambda: nl.loss.binary_cross_entropy([1.0], [1.0], label_smoothing=1.5), "label_smoothing must be"),
        (lambda: nl.loss.binary_cross_entropy_from_probabilities([0.5, 1.5], [1, 0]), r"got 1.5 at position \(1,\)"),
        (lambda: nl.loss.soft_margin([1.0], [0.0]), "must be -1 or 1, got 0"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_names_of_libraries_mean_their_form():
    assert (
        nl.get_loss("BCEWithLogitsLoss") is nl.get_loss("sigmoid_binary_cross_entropy") is nl.loss.binary_cross_entropy
    )
    assert nl.get_loss("BCELoss") is nl.get_loss("binary_crossentropy")
    assert nl.get_loss("binary_crossentropy") is nl.loss.binary_cross_entropy_from_probabilities
