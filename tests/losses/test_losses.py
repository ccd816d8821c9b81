"""Losses against 50-digit arithmetic, worked values and PyTorch."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.testing import check_loss

F32 = np.float32


@pytest.mark.parametrize("name", nl.losses())
def test_definition(name):
    check_loss(nl.get_loss(name), points=2000)


@pytest.mark.parametrize(
    ("margin", "expected"),
    [(14, 8.3152838e-07), (17, 4.1399375e-08), (50, 1.9287498e-22), (90, 8.194013e-40)],
)
def test_cross_entropy_keeps_small_losses(margin, expected):
    """log(sum(exp)) - logit in float32 is exactly 0 from margin 17 (torch, optax)."""
    assert nl.loss.cross_entropy(np.array([[margin, 0]], F32), [0]) == pytest.approx(expected, rel=2e-7)


def test_cross_entropy_of_distributions():
    """H(p, q) in nats for p = [.5, .125, .125, .25], with log q as logits."""
    p = np.array([[0.5, 0.125, 0.125, 0.25]])
    assert nl.loss.cross_entropy(np.zeros((1, 4)), p) == pytest.approx(1.3863, abs=5e-5)
    q = np.log([[0.5, 0.25, 0.125, 0.125]])
    assert nl.loss.cross_entropy(q, p) == pytest.approx(1.2997, abs=5e-5)


def test_agreement_with_torch():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    random = np.random.default_rng(0)
    logits, classes = random.normal(0, 3, (40, 7)), random.integers(0, 7, 40)
    z = torch.tensor(logits, requires_grad=True)
    for reduction in ("mean", "sum"):
        expected = functional.cross_entropy(z, torch.tensor(classes), reduction=reduction)
        (gradient,) = torch.autograd.grad(expected, z)
        value, got = nl.loss.cross_entropy.value_and_gradient(logits, classes, reduction=reduction)
        assert value == pytest.approx(expected.item(), rel=1e-13)
        np.testing.assert_allclose(got, gradient, atol=1e-14)
    targets = random.integers(0, 2, logits.shape).astype(float)
    binary = functional.binary_cross_entropy_with_logits(z, torch.tensor(targets))
    assert nl.loss.binary_cross_entropy(logits, targets) == pytest.approx(binary.item(), rel=1e-13)
    squared = functional.mse_loss(z, torch.tensor(targets))
    assert nl.loss.mse(logits, targets) == pytest.approx(squared.item(), rel=1e-13)


def test_class_indices_and_one_hot_rows_agree_along_any_axis():
    random = np.random.default_rng(1)
    logits, classes = random.normal(size=(4, 5, 6)), random.integers(0, 5, (4, 6))
    one_hot = np.moveaxis(np.eye(5)[classes], -1, 1)
    by_index = nl.loss.cross_entropy(logits, classes, axis=1, reduction="none")
    assert by_index.shape == (4, 6)
    np.testing.assert_array_equal(by_index, nl.loss.cross_entropy(logits, one_hot, axis=1, reduction="none"))


def test_masked_classes_do_not_matter():
    """torch gives NaN for a probability target of 0 on a logit of minus infinity."""
    value, gradient = nl.loss.cross_entropy.value_and_gradient([[1.0, -np.inf]], [[1.0, 0.0]])
    assert value == 0
    np.testing.assert_array_equal(gradient, [[0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.loss.cross_entropy(np.zeros((2, 3)), [0, 3]), "from 0 to 2, got 3 at position 1"),
        (lambda: nl.loss.cross_entropy(np.zeros((2, 3)), [[0.5, 0.4, 0.0], [1, 0, 0]]), "row 0 sums to 0.9"),
        (lambda: nl.loss.cross_entropy(np.zeros((2, 3)), [0.0, 1.0]), "class indices"),
        (lambda: nl.loss.binary_cross_entropy([0.0, 1.0], [0, 2]), r"from 0 to 1, got 2 at position \(1,\)"),
        (lambda: nl.loss.mse(np.zeros((3, 1)), np.zeros(3)), r"one shape, got \(3, 1\) and \(3,\)"),
        (lambda: nl.loss.mse([], []), "empty batch"),
        (lambda: nl.loss.mse([1.0], [1.0], reduction="average"), "unknown reduction 'average'"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_mean_of_many_float32_values_is_accumulated_in_float64():
    predictions = np.full(2**24 + 2**20, 1.0, F32)
    assert nl.loss.mse(predictions, np.zeros_like(predictions)) == 1


def test_float16_terms_and_their_sum_do_not_overflow():
    """The squared error of 300 is beyond float16 (torch, jax, Keras: infinite); the mean over four is not."""
    predictions = np.array([300, 0, 0, 0], np.float16)
    assert nl.loss.mse(predictions, np.zeros(4, np.float16)) == 22500
    many = np.ones(70000, np.float16)
    np.testing.assert_allclose(nl.loss.mse.gradient(many, np.zeros_like(many)), 2 / 70000, rtol=1e-2)
    assert nl.loss.mse(np.array([60000], np.float16), np.zeros(1, np.float16)) == np.inf


def test_integers_are_computed_in_float64():
    assert nl.loss.mse(np.array([255], np.uint8), np.array([0], np.uint8)) == 65025
    assert nl.loss.mse([3], [1]) == 4


def test_arguments_may_be_named():
    p, t = np.array([1.0, 2.0]), np.zeros(2)
    assert nl.loss.mse(predictions=p, targets=t) == nl.loss.mse(p, targets=t) == 2.5
    z = np.zeros((1, 2))
    assert nl.loss.cross_entropy(logits=z, targets=[0]) == nl.loss.cross_entropy(z, [0])
    np.testing.assert_array_equal(nl.loss.mse.gradient(predictions=p, targets=t), [1, 2])
    with pytest.raises(InputError, match="mse needs predictions and targets; targets is missing"):
        nl.loss.mse(p)
