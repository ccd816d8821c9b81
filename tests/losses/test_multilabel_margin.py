"""The multi-label margin loss against PyTorch and its formula in fractions."""

from fractions import Fraction

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError


def index_lists(targets):
    """PyTorch's form of rows of 0 and 1: the right classes, then -1."""
    lists = np.full(targets.shape, -1)
    for row, right in zip(lists, targets, strict=True):
        chosen = np.flatnonzero(right)
        row[: len(chosen)] = chosen
    return lists


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_agreement_with_torch(torch, reduction, dtype):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (50, 13)).astype(dtype)
    targets = (random.random(logits.shape) < random.random((50, 1))).astype(int)
    targets[0], targets[1] = 0, 1
    z = torch.tensor(logits, requires_grad=True)
    expected = torch.nn.functional.multilabel_margin_loss(z, torch.tensor(index_lists(targets)), reduction=reduction)
    (slopes,) = torch.autograd.grad(expected.sum(), z)
    value, gradient = nl.loss.multilabel_margin.value_and_gradient(logits, targets, reduction=reduction)
    tolerance = 1e-14 if dtype == "float64" else 1e-6
    np.testing.assert_allclose(value, expected.detach(), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(gradient, slopes, rtol=tolerance, atol=tolerance / 50)
    assert gradient.dtype == dtype


def exactly(row, right):
    """The loss of a row in fractions."""
    x, classes = [Fraction(float(z)) for z in row], len(row)
    pairs = [(j, i) for j in range(classes) for i in range(classes) if right[j] and not right[i]]
    return sum((max(1 - x[j] + x[i], Fraction(0)) for j, i in pairs), Fraction(0)) / classes


def test_float32_is_right_to_the_last_bit():
    """Also where logits are large and their differences small."""
    random = np.random.default_rng(1)
    scales = 2.0 ** random.uniform(-10, 40, (200, 1))
    logits = (random.normal(size=(200, 9)) * scales + random.choice([0, 1e4], (200, 1))).astype(np.float32)
    targets = random.integers(0, 2, logits.shape)
    got = nl.loss.multilabel_margin(logits, targets, reduction="none")
    exact = [exactly(*pair) for pair in zip(logits, targets, strict=True)]
    for value, expected in zip(got, exact, strict=True):
        assert abs(Fraction(float(value)) - expected) <= Fraction(float(np.spacing(value))) * Fraction(51, 100)


def test_gradient_counts_the_pairs_that_are_too_near():
    gradient = nl.loss.multilabel_margin.gradient([3.0, 2.5, 1.0, 2.0], [1, 0, 0, 1])
    np.testing.assert_array_equal(gradient, np.array([-1, 2, 0, -1]) / 4)  # at a distance of exactly 1 it is 0


def test_weights_and_shapes():
    random = np.random.default_rng(2)
    logits, targets = random.normal(size=(2, 3, 5)), random.integers(0, 2, (2, 3, 5))
    each = nl.loss.multilabel_margin(logits, targets, reduction="none")
    assert each.shape == (2, 3)
    weights = random.random((2, 3))
    value = nl.loss.multilabel_margin(logits, targets, sample_weight=weights)
    assert value == pytest.approx(np.average(each, weights=weights), rel=1e-14)
    assert nl.loss.multilabel_margin(logits[0, 0], targets[0, 0]) == each[0, 0]


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([[0, 2, 1]], r"targets of multilabel_margin must be 0 or 1, got 2 at position \(0, 1\)"),
        ([[0, -1, 1]], r"must be 0 or 1, got -1 at position \(0, 1\)"),
        ([0, 1, 1], r"one shape, got \(1, 3\) and \(3,\)"),
    ],
)
def test_wrong_input_is_one_sentence(targets, message):
    with pytest.raises(InputError, match=message):
        nl.loss.multilabel_margin(np.zeros((1, 3)), targets)


def test_nan_stays_nan_in_its_row_unless_that_counts_nothing():
    logits, targets = (
        np.array([[np.nan, 0.0, 1.0], [1.0, np.nan, 0.0], [0.5, 0.0, 1.0]]),
        [[1, 0, 0], [1, 1, 1], [0, 1, 0]],
    )
    values, slopes = nl.loss.multilabel_margin.value_and_gradient(logits, targets, reduction="none")
    np.testing.assert_array_equal(np.isnan(values), [True, True, False])
    np.testing.assert_array_equal(np.isnan(slopes).any(axis=1), [True, True, False])
    value, slopes = nl.loss.multilabel_margin.value_and_gradient(logits, targets, sample_weight=[0, 0, 1])
    assert value == nl.loss.multilabel_margin(logits[2], targets[2])
    assert not slopes[:2].any()


def test_a_single_number_is_no_row():
    with pytest.raises(InputError, match="needs a row of logits"):
        nl.loss.multilabel_margin(1.0, 1)
