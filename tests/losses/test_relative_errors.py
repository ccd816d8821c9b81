"""Relative errors against scikit-learn, the formulas of Keras and torchmetrics, and 50-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from sklearn import metrics

import nonlin as nl
from nonlin.errors import InputError
from nonlin.testing import ulp_error

F32 = np.float32
RANDOM = np.random.default_rng(0)
P, T = RANDOM.normal(0, 2, 100), RANDOM.normal(0, 2, 100)
POSITIVE = (abs(P), abs(T))


@pytest.mark.parametrize("weights", [None, RANDOM.uniform(0, 3, 100)])
@pytest.mark.parametrize(
    ("name", "metric", "arrays"),
    [
        ("mape", "mean_absolute_percentage_error", (P, T)),
        ("msle", "mean_squared_log_error", POSITIVE),
        ("rmsle", "root_mean_squared_log_error", POSITIVE),
    ],
)
def test_agreement_with_scikit_learn(name, metric, arrays, weights):
    predictions, targets = arrays
    expected = getattr(metrics, metric)(targets, predictions, sample_weight=weights)
    assert nl.get_loss(name)(predictions, targets, sample_weight=weights) == pytest.approx(expected, rel=1e-12)


def test_formulas_of_keras_and_torchmetrics():
    percent = 100 * np.mean(abs((T - P) / T))
    assert 100 * nl.loss.mape(P, T) == pytest.approx(percent, rel=1e-12)
    symmetric = np.mean(2 * abs(P - T) / np.maximum(abs(P) + abs(T), 1.17e-6))
    assert nl.loss.smape(P, T) == pytest.approx(symmetric, rel=1e-12)
    logarithmic = (np.log(POSITIVE[1] + 1) - np.log(POSITIVE[0] + 1)) ** 2
    np.testing.assert_allclose(nl.loss.msle(*POSITIVE, reduction="none"), logarithmic, rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("mape", lambda torch, p, t: abs(p - t) / abs(t)),
        ("smape", lambda torch, p, t: 2 * abs(p - t) / (abs(p) + abs(t))),
        ("msle", lambda torch, p, t: (torch.log1p(p) - torch.log1p(t)) ** 2),
    ],
)
def test_derivatives_are_those_of_torch(torch, name, formula):
    arrays = POSITIVE if name == "msle" else (P, T)
    p, t = torch.tensor(arrays[0], requires_grad=True), torch.tensor(arrays[1])
    (slope,) = torch.autograd.grad(formula(torch, p, t).sum(), p, create_graph=True)
    np.testing.assert_allclose(nl.get_loss(name).gradient(*arrays, reduction="sum"), slope.detach(), rtol=1e-9)
    bend = torch.autograd.grad(slope.sum(), p)[0] if name != "mape" else torch.zeros(100)
    np.testing.assert_allclose(nl.get_loss(name).hessian_diagonal(*arrays), bend, rtol=1e-9, atol=1e-13)


def test_smape_where_one_or_both_are_zero():
    p, t = [0.0, 0.0, -2.0, 3.0], [0.0, 5.0, 0.0, -1.0]
    value, gradient = nl.loss.smape.value_and_gradient(p, t, reduction="none")
    np.testing.assert_array_equal(value, [0, 2, 2, 2])
    np.testing.assert_allclose(gradient, [0, -2 / 5, 0, 0])
    np.testing.assert_array_equal(nl.loss.smape.hessian_diagonal(p, t), [0, 0, 0, 0])


def test_sums_beyond_the_range_of_float64():
    huge = np.array([1.5e308])
    assert nl.loss.mape(huge, -huge) == nl.loss.smape(huge, -huge) == 2
    assert nl.loss.smape(huge, huge / 2) == pytest.approx(2 / 3, rel=1e-15)
    assert nl.loss.mape(np.array([1e-320]), huge) == 1
    got = nl.loss.smape.gradient(huge, huge / 2)
    assert got == pytest.approx(float(4 * mpmath.mpf(0.75e308) / mpmath.mpf(2.25e308) ** 2), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_msle_of_like_numbers(dtype):
    """The difference of two logarithms of float32 has no digit left where the numbers agree in six."""
    targets = np.concatenate([-1 + 10.0 ** RANDOM.uniform(-5, 0, 50), 10.0 ** RANDOM.uniform(-20, 20, 100)])
    targets = targets.astype(dtype)
    predictions = np.nextafter(targets, dtype(np.inf)) * dtype(1)
    with mpmath.workdps(80):
        numbers = zip(predictions.tolist(), targets.tolist(), strict=True)
        exact = np.array([(mpmath.log1p(p) - mpmath.log1p(t)) ** 2 for p, t in numbers], object)
    assert ulp_error(nl.loss.msle(predictions, targets, reduction="none"), exact).max() <= 1


def test_rmsle_of_no_error_has_gradient_0():
    value, gradient = nl.loss.rmsle.value_and_gradient([1.0, 2.0], [1.0, 2.0])
    assert value == 0
    np.testing.assert_array_equal(gradient, [0, 0])


def test_rmsle_has_the_gradient_of_its_formula(torch):
    p = torch.tensor(POSITIVE[0], requires_grad=True)
    ((torch.log1p(p) - torch.log1p(torch.tensor(POSITIVE[1]))) ** 2).mean().sqrt().backward()
    np.testing.assert_allclose(nl.loss.rmsle.gradient(*POSITIVE), p.grad, rtol=1e-11)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nl.loss.mape([1.0, 1.0], [2.0, 0.0]),
            r"targets of mape must be numbers other than 0, got 0.0 at position \(1,\)",
        ),
        (lambda: nl.loss.msle([1.0, -1.0], [2.0, 1.0]), r"predictions of msle must be numbers larger than -1, got -1"),
        (lambda: nl.loss.rmsle([1.0, 1.0], [2.0, -3.0]), r"targets of rmsle must be numbers larger than -1, got -3"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()
