"""Losses of several labels at once, against PyTorch and written-out formulas."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError

RANDOM = np.random.default_rng(0)
LOGITS, LABELS = RANDOM.normal(0, 3, (40, 7)), RANDOM.integers(0, 2, (40, 7)).astype(float)


def test_multilabel_soft_margin_agrees_with_torch(torch):
    z = torch.tensor(LOGITS, requires_grad=True)
    for reduction in ("mean", "sum"):
        expected = torch.nn.functional.multilabel_soft_margin_loss(z, torch.tensor(LABELS), reduction=reduction)
        (slopes,) = torch.autograd.grad(expected, z)
        value, gradient = nl.loss.multilabel_soft_margin.value_and_gradient(LOGITS, LABELS, reduction=reduction)
        assert value == pytest.approx(expected.item(), rel=1e-13)
        np.testing.assert_allclose(gradient, slopes, atol=1e-15)


def zlpr(logits, labels):
    return [
        np.log1p(np.exp(z[t < 1]).sum()) + np.log1p(np.exp(-z[t > 0]).sum())
        for z, t in zip(logits, labels, strict=True)
    ]


def test_zlpr():
    np.testing.assert_allclose(nl.loss.zlpr(LOGITS, LABELS, reduction="none"), zlpr(LOGITS, LABELS), rtol=1e-13)


def test_zlpr_gradient_agrees_with_torch(torch):
    z, t = torch.tensor(LOGITS, requires_grad=True), torch.tensor(LABELS) > 0
    zero, lowest = torch.zeros(40, 1), torch.tensor(-np.inf)
    unwanted = torch.logsumexp(torch.cat([zero, torch.where(t, lowest, z)], 1), 1)
    wanted = torch.logsumexp(torch.cat([zero, torch.where(t, -z, lowest)], 1), 1)
    (expected,) = torch.autograd.grad((wanted + unwanted).mean(), z)
    np.testing.assert_allclose(nl.loss.zlpr.gradient(LOGITS, LABELS), expected, atol=1e-15)


def test_zlpr_is_finite_far_out_and_keeps_small_losses():
    logits, labels = np.array([[1000, -1000], [-1000, 1000], [30, -30]], np.float32), np.array([[1, 0]] * 3)
    value, gradient = nl.loss.zlpr.value_and_gradient(logits, labels, reduction="none")
    np.testing.assert_allclose(value, [0, 2000, 2 * np.exp(-30.0)], rtol=1e-7)
    np.testing.assert_array_equal(gradient[:2], [[0, 0], [-1, 1]])
    np.testing.assert_allclose(gradient[2], [-np.exp(-30.0), np.exp(-30.0)], rtol=1e-7)


def test_zlpr_without_labels_and_with_all():
    none, all_of_them = np.zeros((1, 3)), np.ones((1, 3))
    assert nl.loss.zlpr(np.zeros((1, 3)), none) == pytest.approx(np.log(4), rel=1e-15)
    assert nl.loss.zlpr(np.zeros((1, 3)), all_of_them) == pytest.approx(np.log(4), rel=1e-15)


def test_labels_are_decided_one_by_one():
    assert nl.loss.zlpr.decide([[-1.0, 2.0, 0.5]]).tolist() == [[0, 1, 1]]
    assert nl.loss.multilabel_soft_margin.decide([[-1.0, 2.0]]).tolist() == [[0, 1]]


def test_soft_labels_are_refused_where_a_set_is_meant():
    with pytest.raises(InputError, match=r"targets of zlpr must be 0 or 1, got 0.5 at position \(0, 1\)"):
        nl.loss.zlpr([[0.0, 0.0]], [[1.0, 0.5]])
