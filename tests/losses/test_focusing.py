"""Focal, poly, asymmetric and generalized cross-entropies against the formulas of the libraries that have them."""

import math

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

F32 = np.float32
RANDOM = np.random.default_rng(0)
LOGITS, SOFT = RANDOM.normal(0, 3, (30, 4)), RANDOM.uniform(size=(30, 4))
HARD = np.round(SOFT)
CLASSES = RANDOM.integers(0, 4, 30)
ROWS = RANDOM.dirichlet(np.ones(4), 30)


@pytest.fixture
def agree(torch):
    """A function that holds an unreduced loss and its gradient to a formula of another library, by torch."""

    def check(loss, formula, x, targets, *others, **parameters):
        z = torch.tensor(x, requires_grad=True)
        expected = formula(z, torch.tensor(targets))
        expected.sum().backward()
        np.testing.assert_allclose(
            loss(x, targets, *others, reduction="none", **parameters), expected.detach(), rtol=1e-10, atol=1e-14
        )
        gradient = loss.gradient(x, targets, *others, reduction="sum", **parameters)
        np.testing.assert_allclose(gradient, z.grad, rtol=1e-9, atol=1e-12)

    return check


def sigmoid_focal_loss(torch, alpha, gamma):
    """As in torchvision.ops.focal_loss 0.23 and optax 0.2.8, which differ in what turns alpha off."""

    def formula(inputs, targets):
        p = torch.sigmoid(inputs)
        ce_loss = torch.nn.functional.binary_cross_entropy_with_logits(inputs, targets, reduction="none")
        p_t = p * targets + (1 - p) * (1 - targets)
        loss = ce_loss * ((1 - p_t) ** gamma)
        return (alpha * targets + (1 - alpha) * (1 - targets)) * loss if alpha >= 0 else loss

    return formula


@pytest.mark.parametrize("targets", [HARD, SOFT])
@pytest.mark.parametrize(("alpha", "gamma"), [(-1, 2.0), (0.25, 2.0), (0.7, 0.5), (1.0, 0.0)])
def test_binary_focal_is_that_of_torchvision_and_optax(agree, torch, targets, alpha, gamma):
    agree(nl.loss.binary_focal, sigmoid_focal_loss(torch, alpha, gamma), LOGITS, targets, alpha=alpha, gamma=gamma)


@pytest.mark.parametrize(("alpha", "gamma"), [(-1, 2.0), (0.25, 0.5)])
def test_binary_focal_of_probabilities_is_that_of_logits(agree, torch, alpha, gamma):
    def formula(p, targets):
        return sigmoid_focal_loss(torch, alpha, gamma)(torch.log(p) - torch.log1p(-p), targets)

    p = np.clip(SOFT, 0.01, 0.99)
    agree(nl.loss.binary_focal_from_probabilities, formula, p, HARD, alpha=alpha, gamma=gamma)


def test_focal_losses_of_the_documentation_of_keras():
    binary = nl.loss.binary_focal_from_probabilities([[0.6, 0.4], [0.4, 0.6]], [[0, 1], [0, 0]], reduction="none")
    np.testing.assert_allclose(binary.mean(axis=-1), [0.330, 0.206], atol=5e-4)
    logits, targets = np.log([[0.05, 0.9, 0.05], [0.1, 0.85, 0.05]]), [[0, 1, 0], [0, 0, 1]]
    categorical = nl.loss.focal(logits, targets, 0.25, reduction="none")
    np.testing.assert_allclose(categorical, [2.63401289e-04, 6.75912094e-01], rtol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_is_that_of_keras(agree, torch, gamma):
    """categorical_focal_crossentropy(from_logits=True): alpha (1 - p)^gamma y (-log p), summed over the classes."""
    alpha = np.array([0.1, 0.2, 0.3, 0.9])

    def formula(logits, targets):
        p = torch.softmax(logits, -1)
        return (torch.tensor(alpha) * (1 - p) ** gamma * -targets * torch.log_softmax(logits, -1)).sum(-1)

    agree(nl.loss.focal, formula, LOGITS, ROWS, alpha, gamma=gamma)
    agree(nl.loss.focal, formula, LOGITS, np.eye(4)[CLASSES], alpha, gamma=gamma)


def test_focal_without_focusing_is_the_cross_entropy():
    np.testing.assert_allclose(
        nl.loss.focal(LOGITS, CLASSES, gamma=0, reduction="none"),
        nl.loss.cross_entropy(LOGITS, CLASSES, reduction="none"),
        rtol=1e-14,
    )


@pytest.mark.parametrize("margin", [10.0, 30.0])
def test_right_examples_keep_their_small_losses(margin):
    """1 - p in float32 is 0 from a margin of 17 on."""
    e = math.exp(-margin)
    w = e / (1 + e)
    row, logit = np.array([[margin, 0]], F32), np.array([margin], F32)
    assert nl.loss.focal(row, [0]) == pytest.approx(w**2 * math.log1p(e), rel=1e-7, abs=1e-45)
    assert nl.loss.binary_focal(logit, np.array([1], F32)) == pytest.approx(w**2 * math.log1p(e), rel=1e-7, abs=1e-45)
    slope = w * (3 - 2 * w)
    np.testing.assert_allclose(nl.loss.poly.gradient(row, [0]), [[-slope, slope]], rtol=1e-7)


@pytest.mark.parametrize("loss", [nl.loss.focal, nl.loss.poly, nl.loss.asymmetric_single_label])
def test_masked_classes_do_not_matter(loss):
    options = {"label_smoothing": 0} if loss is nl.loss.asymmetric_single_label else {}
    value, gradient = loss.value_and_gradient([[2.0, -np.inf, 1.0]], [2], **options)
    expected, slopes = loss.value_and_gradient([[2.0, 1.0]], [1], **options)
    assert value == pytest.approx(expected, rel=1e-15)
    np.testing.assert_allclose(gradient, [[slopes[0, 0], 0, slopes[0, 1]]], rtol=1e-15)


@pytest.mark.parametrize("epsilon", [2.0, -1.0, 0.0])
def test_poly_is_that_of_optax_and_timm(agree, torch, epsilon):
    """cross_entropy + epsilon (1 - sum(labels * softmax(logits))), as in optax 0.2.8."""

    def formula(logits, labels):
        p_t = torch.sum(labels * torch.softmax(logits, -1), -1)
        return -torch.sum(labels * torch.log_softmax(logits, -1), -1) + epsilon * (1 - p_t)

    agree(nl.loss.poly, formula, LOGITS, ROWS, epsilon=epsilon)

    def binary(x, y):
        p = torch.sigmoid(x)
        p_t = y * p + (1 - y) * (1 - p)
        return torch.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="none") + epsilon * (1 - p_t)

    agree(nl.loss.binary_poly, binary, LOGITS, SOFT, epsilon=epsilon)


@pytest.mark.parametrize(("gamma_neg", "gamma_pos", "clip"), [(4.0, 1.0, 0.05), (2.0, 0.0, 0.0), (0.5, 2.0, 0.3)])
def test_asymmetric_is_that_of_timm(torch, gamma_neg, gamma_pos, clip):
    """AsymmetricLossMultiLabel of timm 1.0.31 before its sum, without the lower bound of the logarithms."""

    def formula(x, y):
        xs_pos = torch.sigmoid(x)
        xs_neg = (1 - xs_pos + clip).clamp(max=1)
        loss = y * torch.log(xs_pos) + (1 - y) * torch.log(xs_neg)
        pt = xs_pos * y + xs_neg * (1 - y)
        return -loss * torch.pow(1 - pt, gamma_pos * y + gamma_neg * (1 - y))

    away_from_the_kink = LOGITS + 0.01 * (np.abs(1 / (1 + np.exp(-LOGITS)) - clip) < 1e-3)
    parameters = {"gamma_neg": gamma_neg, "gamma_pos": gamma_pos, "clip": clip}
    z, y = torch.tensor(away_from_the_kink, requires_grad=True), torch.tensor(HARD)
    expected = formula(z, y)
    value = nl.loss.asymmetric(away_from_the_kink, HARD, reduction="none", **parameters)
    np.testing.assert_allclose(value, expected.detach(), rtol=1e-9, atol=1e-14)
    expected.sum().backward()
    gradient = nl.loss.asymmetric.gradient(away_from_the_kink, HARD, reduction="sum", **parameters)
    finite = torch.isfinite(z.grad).numpy()  # a power below 1 of a clipped 0 has no gradient in torch
    np.testing.assert_allclose(gradient[finite], z.grad[finite], rtol=1e-9, atol=1e-12)
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("label_smoothing", [0.1, 0.0])
def test_asymmetric_single_label_is_that_of_timm(agree, torch, label_smoothing):
    """AsymmetricLossSingleLabel of timm 1.0.31, whose eps is the label smoothing."""

    def formula(inputs, targets):
        log_preds = torch.log_softmax(inputs, -1)
        xs_pos = torch.exp(log_preds)
        xs_neg = 1 - xs_pos
        kept = 1 - xs_pos * targets - xs_neg * (1 - targets)
        log_preds = log_preds * torch.pow(kept, 1 * targets + 4 * (1 - targets))
        return -(targets * (1 - label_smoothing) + label_smoothing / 4).mul(log_preds).sum(-1)

    agree(nl.loss.asymmetric_single_label, formula, LOGITS, np.eye(4)[CLASSES], label_smoothing=label_smoothing)


@pytest.mark.parametrize("q", [0.5, 0.7, 1.0])
def test_generalized_cross_entropy_is_that_of_keras(agree, torch, q):
    """CategoricalGeneralizedCrossEntropy of Keras 3.15.1: (1 - p^q) / q of the right class."""
    agree(
        nl.loss.generalized_cross_entropy,
        lambda p, targets: (1 - torch.pow((targets * p).sum(-1), q)) / q,
        ROWS,
        np.eye(4)[CLASSES],
        q=q,
    )


def test_generalized_cross_entropy_lies_between_its_limits():
    """Towards q = 0 it is the cross-entropy, where (1 - p**q) / q would lose all digits."""
    p, right = np.array([[0.3, 0.7]]), [0]
    assert nl.loss.generalized_cross_entropy(p, right, q=1e-14) == pytest.approx(-math.log(0.3), rel=1e-13)
    assert nl.loss.generalized_cross_entropy(p, right, q=1.0) == pytest.approx(0.7, rel=1e-15)
    assert nl.loss.generalized_cross_entropy([[0.0, 1.0]], right) == 2
    assert nl.loss.generalized_cross_entropy([[1.0, 0.0]], right) == 0
    np.testing.assert_array_equal(nl.loss.generalized_cross_entropy.gradient([[0.0, 1.0]], right), [[-np.inf, 0]])


def test_certain_probabilities_have_limits_of_the_focal_loss():
    loss = nl.loss.binary_focal_from_probabilities
    np.testing.assert_array_equal(loss([0.0, 1.0, 0.0], [0.0, 1.0, 1.0], reduction="none"), [0, 0, np.inf])
    np.testing.assert_array_equal(loss.gradient([0.0, 1.0, 0.0], [0.0, 1.0, 1.0], reduction="none"), [0, 0, -np.inf])
    np.testing.assert_array_equal(loss.gradient([0.0, 0.0], [0.25, 0.75], reduction="none"), [-np.inf, -np.inf])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.loss.binary_focal([0.0], [1.0], gamma=-1), "gamma must be at least 0"),
        (lambda: nl.loss.binary_focal([0.0], [1.0], alpha=2), "alpha must be at least -1 and at most 1"),
        (lambda: nl.loss.focal([[0.0, 1.0]], [0], [-1.0, 1.0]), "numbers from 0, got -1"),
        (lambda: nl.loss.poly([[0.0, 1.0]], [0], epsilon=-2), "epsilon must be at least -1"),
        (lambda: nl.loss.asymmetric_single_label([[0.0, 1.0]], [[0.5, 0.5]]), "must be 0 or 1, got 0.5"),
        (lambda: nl.loss.generalized_cross_entropy([[0.5, 0.5]], [0], q=0), "q must be larger than 0"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()
