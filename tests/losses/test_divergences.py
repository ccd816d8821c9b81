"""Losses of probabilities against worked values, PyTorch, SciPy, scikit-learn and the formulas of optax."""

import math

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.testing import ulp_error
from nonlin.testing.reference import exact_values

F32 = np.float32
RANDOM = np.random.default_rng(0)
P, Q = RANDOM.dirichlet(np.ones(5), 20), RANDOM.dirichlet(np.ones(5), 20)


@pytest.mark.parametrize(
    ("q", "entropy"), [([0.25, 0.25, 0.25, 0.25], 2 * math.log(2)), ([0.5, 0.25, 0.125, 0.125], 1.875 * math.log(2))]
)
def test_cross_entropy_of_distributions(q, entropy):
    """1.3863 and 1.2997 nats, that is 2 and 1.875 bits."""
    p = [[0.5, 0.125, 0.125, 0.25]]
    value, gradient = nl.loss.cross_entropy_from_probabilities.value_and_gradient([q], p)
    assert value == pytest.approx(entropy, rel=1e-15)
    np.testing.assert_allclose(gradient, -np.array(p) / q, rtol=1e-15)


def test_cross_entropy_is_log_loss_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    classes = RANDOM.integers(0, 5, 20)
    expected = metrics.log_loss(classes, Q, labels=range(5))
    assert nl.loss.cross_entropy_from_probabilities(Q, classes) == pytest.approx(expected, rel=1e-13)
    assert nl.loss.nll(np.log(Q), classes) == pytest.approx(expected, rel=1e-13)


def test_certain_predictions_are_not_clipped():
    """scikit-learn gives 36.04 where a wrong prediction is certain, Keras 16.12 with no gradient for 1e-20."""
    loss = nl.loss.cross_entropy_from_probabilities
    small = np.array([[1e-20, 1]], F32)
    value, gradient = loss.value_and_gradient(small, [0])
    assert value == pytest.approx(46.051702, rel=1e-7)
    np.testing.assert_allclose(gradient, [[-1e20, 0]], rtol=1e-6)
    assert loss([[0.0, 1.0]], [1]) == 0
    assert loss([[0.0, 1.0]], [0]) == np.inf
    np.testing.assert_array_equal(loss.gradient([[0.0, 1.0]], [0]), [[-np.inf, 0]])


def test_nll_agrees_with_torch(torch):
    classes = RANDOM.integers(0, 5, 20)
    classes[::4] = -100
    logs = torch.tensor(np.log(Q), requires_grad=True)
    expected = torch.nn.functional.nll_loss(logs, torch.tensor(classes))
    expected.backward()
    value, gradient = nl.loss.nll.value_and_gradient(np.log(Q), classes, ignore_index=-100)
    assert value == pytest.approx(expected.item(), rel=1e-14)
    np.testing.assert_allclose(gradient, logs.grad, atol=1e-16)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_nll_weighs_classes_as_torch(torch, reduction):
    classes, weights = RANDOM.integers(0, 5, 20), np.array([0.5, 2, 0, 1, 3])
    logs = torch.tensor(np.log(Q), requires_grad=True)
    expected = torch.nn.functional.nll_loss(logs, torch.tensor(classes), torch.tensor(weights), reduction=reduction)
    expected.sum().backward()
    value, gradient = nl.loss.nll.value_and_gradient(np.log(Q), classes, weights, reduction=reduction)
    np.testing.assert_allclose(value, expected.detach(), rtol=1e-13)
    np.testing.assert_allclose(gradient, logs.grad, atol=1e-15)


def test_divergences_agree_with_torch_and_scipy(torch):
    stats = pytest.importorskip("scipy.stats")
    logs = torch.tensor(np.log(Q), requires_grad=True)
    expected = torch.nn.functional.kl_div(logs, torch.tensor(P), reduction="batchmean")
    expected.backward()
    value, gradient = nl.loss.kl_divergence_from_log_probabilities.value_and_gradient(np.log(Q), P)
    assert value == pytest.approx(expected.item(), rel=1e-13)
    np.testing.assert_allclose(gradient, logs.grad, rtol=1e-13)
    value, gradient = nl.loss.kl_divergence_with_log_targets.value_and_gradient(np.log(Q), np.log(P))
    assert value == pytest.approx(expected.item(), rel=1e-13)
    np.testing.assert_allclose(gradient, logs.grad, rtol=1e-13)
    np.testing.assert_allclose(nl.loss.kl_divergence(Q, P, reduction="none"), stats.entropy(P, Q, axis=-1), rtol=1e-12)
    np.testing.assert_allclose(nl.loss.kl_divergence.gradient(Q, P, reduction="sum"), -P / Q, rtol=1e-13)


def test_generalized_divergence_is_that_of_optax():
    """generalized_kl_divergence of optax 0.2.8: kl_divergence plus the sum of exp(log_predictions) - targets."""
    predictions, targets = RANDOM.uniform(0.1, 3, (6, 4)), RANDOM.uniform(0.1, 3, (6, 4))
    expected = np.sum(targets * (np.log(targets) - np.log(predictions)) + predictions - targets, axis=-1)
    got = nl.loss.generalized_kl_divergence(np.log(predictions), targets, reduction="none")
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    gradient = nl.loss.generalized_kl_divergence.gradient(np.log(predictions), targets, reduction="sum")
    np.testing.assert_allclose(gradient, predictions - targets, rtol=1e-12)


def test_jensen_shannon_is_the_square_of_the_distance_of_scipy():
    distance = pytest.importorskip("scipy.spatial.distance")
    expected = [distance.jensenshannon(q, p) ** 2 for q, p in zip(Q, P, strict=True)]
    np.testing.assert_allclose(nl.loss.js_divergence(Q, P, reduction="none"), expected, rtol=1e-12)
    np.testing.assert_allclose(nl.loss.js_divergence(P, Q, reduction="none"), expected, rtol=1e-12)


def test_distributions_without_common_classes_are_log_2_apart():
    value, gradient = nl.loss.js_divergence.value_and_gradient([[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    assert value == math.log(2)
    np.testing.assert_array_equal(gradient, [[math.log(2) / 2, -np.inf, math.log(2) / 2]])


CLOSE = ["kl_divergence", "js_divergence"]


@pytest.mark.parametrize("name", CLOSE)
@pytest.mark.parametrize("dtype", [F32, np.float64])
@pytest.mark.parametrize("apart", [1e-2, 1e-5, 1e-7])
def test_close_distributions_keep_all_digits(name, dtype, apart):
    """The divergence is of the size of apart**2: sums of logarithms in float32 leave noise of 1e-8, of any sign."""
    loss = nl.get_loss(name)
    targets = np.array([[0.5, 0.125, 0.25, 0.125]], dtype)
    step = dtype(2.0 ** round(math.log2(apart)))
    predictions = targets + np.array([[step, -step, step / 4, -step / 4]], dtype) / 4
    assert predictions.sum() == 1
    value = loss(predictions, targets, reduction="none")
    assert np.all(value > 0)
    exact = exact_values(loss, "definition", predictions, targets)[..., 0]
    assert np.all(ulp_error(value, exact) <= 1)
    assert loss(targets, targets) == 0


def test_brier_score_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    classes = RANDOM.integers(0, 5, 20)
    expected = metrics.brier_score_loss(classes, Q, labels=range(5), scale_by_half=False)
    assert nl.loss.brier(Q, classes) == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(nl.loss.brier.gradient(Q, P, reduction="sum"), 2 * (Q - P), rtol=1e-13)


@pytest.mark.parametrize("name", ["nll", "kl_divergence_from_log_probabilities"])
def test_masked_classes_do_not_matter(name):
    """torch's kl_div gives NaN for minus infinity and a target of 0."""
    loss = nl.get_loss(name)
    logs, targets = np.log([[0.5, 0.5, 1]]), np.array([[0.75, 0.25, 0]])
    logs[0, 2] = -np.inf
    value, gradient = loss.value_and_gradient(logs, targets)
    assert value == pytest.approx(loss(logs[:, :2], targets[:, :2]), rel=1e-15)
    np.testing.assert_array_equal(gradient, -targets)
    assert loss(logs, [[0.5, 0.25, 0.25]]) == np.inf


def test_classes_that_are_masked_in_targets_do_not_matter():
    value, gradient = nl.loss.kl_divergence_with_log_targets.value_and_gradient([[0.0, -np.inf]], [[0.0, -np.inf]])
    assert value == 0
    np.testing.assert_array_equal(gradient, [[-1, 0]])
    value, gradient = nl.loss.generalized_kl_divergence.value_and_gradient([[0.0, -np.inf]], [[1.0, 0.0]])
    assert value == 0
    np.testing.assert_array_equal(gradient, [[0, 0]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.loss.cross_entropy_from_probabilities([[0.5, 0.4]], [0]), "predictions .* row 0 sums to 0.9"),
        (lambda: nl.loss.kl_divergence([[0.5, 0.5]], [[0.5, 0.4]]), "targets .* row 0 sums to 0.9"),
        (lambda: nl.loss.brier([[1.5, -0.5]], [0]), r"from 0 to 1, got 1.5 at position \(0, 0\)"),
        (lambda: nl.loss.nll(np.zeros((1, 2)), [2]), "from 0 to 1, got 2 at position 0"),
        (lambda: nl.loss.generalized_kl_divergence([[0.0]], [[-1.0]]), "numbers from 0, got -1"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()
