"""Losses of real predictions against PyTorch, scikit-learn, the formulas of Keras and optax, and worked values."""

import mpmath
import numpy as np
import pytest
from sklearn import _loss, metrics
from sklearn.linear_model import _sgd_fast

import nonlin as nl
from nonlin.errors import InputError

F32 = np.float32
RANDOM = np.random.default_rng(0)
P, T = RANDOM.normal(0, 2, (40, 3)), RANDOM.normal(0, 2, (40, 3))


@pytest.mark.parametrize(
    ("name", "theirs", "options"),
    [
        ("mse", "mse_loss", {}),
        ("mae", "l1_loss", {}),
        *[("huber", "huber_loss", {"delta": delta}) for delta in (0.01, 1.0, 1.7)],
        *[("smooth_l1", "smooth_l1_loss", {"beta": beta}) for beta in (0.0, 0.3, 1.0, 2.5)],
    ],
)
def test_agreement_with_torch(torch, against_torch, name, theirs, options):
    against_torch(nl.get_loss(name), getattr(torch.nn.functional, theirs), P, T, **options)


@pytest.mark.parametrize(
    ("name", "options"), [("mse", {}), ("huber", {"delta": 1.5}), ("smooth_l1", {"beta": 1.5}), ("log_cosh", {})]
)
def test_second_derivatives_are_those_of_torch(torch, name, options):
    functional = torch.nn.functional
    theirs = {
        "mse": functional.mse_loss,
        "huber": functional.huber_loss,
        "smooth_l1": functional.smooth_l1_loss,
        "log_cosh": lambda p, t, reduction: torch.log(torch.cosh(p - t)).sum(),
    }[name]
    p = torch.tensor(P, requires_grad=True)
    value = theirs(p, torch.tensor(T), reduction="sum", **options)
    (slope,) = torch.autograd.grad(value, p, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), p)
    np.testing.assert_allclose(nl.get_loss(name).hessian_diagonal(P, T, **options), bend, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("weights", [None, RANDOM.uniform(0, 3, P.size)])
@pytest.mark.parametrize(
    ("name", "metric", "ours", "theirs"),
    [
        ("mse", "mean_squared_error", {}, {}),
        ("rmse", "root_mean_squared_error", {}, {}),
        ("mae", "mean_absolute_error", {}, {}),
        ("median_absolute_error", "median_absolute_error", {}, {}),
        *[("pinball", "mean_pinball_loss", {"quantile": q}, {"alpha": q}) for q in (0.0, 0.1, 0.5, 0.95, 1.0)],
    ],
)
def test_agreement_with_scikit_learns_metrics(name, metric, ours, theirs, weights):
    p, t = P.ravel(), T.ravel()
    expected = getattr(metrics, metric)(t, p, sample_weight=weights, **theirs)
    assert nl.get_loss(name)(p, t, sample_weight=weights, **ours) == pytest.approx(expected, rel=1e-12)
    assert nl.loss.max_error(p, t) == metrics.max_error(t, p)


@pytest.mark.parametrize(
    ("name", "theirs", "options"),
    [
        ("half_squared", _loss.HalfSquaredError(), {}),
        ("mae", _loss.AbsoluteError(), {}),
        ("huber", _loss.HuberLoss(delta=0.8), {"delta": 0.8}),
        ("pinball", _loss.PinballLoss(quantile=0.3), {"quantile": 0.3}),
    ],
)
def test_agreement_with_scikit_learns_losses(name, theirs, options):
    p, t = P.ravel(), T.ravel()
    value, gradient = nl.get_loss(name).value_and_gradient(p, t, reduction="none", **options)
    for got, expected in zip((value, gradient), theirs.loss_gradient(t, p), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.5])
def test_epsilon_insensitive_losses_are_scikit_learns(epsilon):
    for name, made in (
        ("epsilon_insensitive", _sgd_fast.EpsilonInsensitive),
        ("squared_epsilon_insensitive", _sgd_fast.SquaredEpsilonInsensitive),
    ):
        theirs = made(epsilon)
        value, gradient = nl.get_loss(name).value_and_gradient(P, T, reduction="none", epsilon=epsilon)
        np.testing.assert_allclose(value, np.vectorize(theirs.py_loss)(P, T), rtol=1e-12)
        np.testing.assert_allclose(gradient, np.vectorize(theirs.py_dloss)(P, T), rtol=1e-12)


def test_formulas_of_optax_and_keras():
    error = P - T
    clipped = np.minimum(abs(error), 0.7)
    optax = 0.5 * clipped**2 + 0.7 * (abs(error) - clipped)
    np.testing.assert_allclose(nl.loss.huber(P, T, delta=0.7, reduction="none"), optax, rtol=1e-12)
    optax = np.logaddexp(error, -error) - np.log(2)
    keras = error + np.logaddexp(0, -2 * error) - np.log(2)
    for expected in (optax, keras):
        np.testing.assert_allclose(nl.loss.log_cosh(P, T, reduction="none"), expected, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(nl.loss.half_squared(P, T, reduction="none"), 0.5 * error**2, rtol=1e-15)


@pytest.mark.parametrize("error", [1e-2, 1e-3, 1e-4, 1e-8, 1e-15, 0.999, 1.001, 30.0, 800.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_cosh_of_small_and_large_errors(error, dtype):
    """Keras and optax return 0 up to 2e-4 in float32, and numbers below 0 beside it."""
    error = dtype(error)
    with mpmath.workdps(50):
        expected = float(mpmath.log(mpmath.cosh(mpmath.mpf(float(error)))))
    for signed in (error, -error):
        got = nl.loss.log_cosh(np.array([signed]), np.zeros(1, dtype))
        assert got.dtype == dtype
        assert got == pytest.approx(expected, rel=2 * float(np.finfo(dtype).eps))


def test_log_cosh_worked_values():
    assert nl.loss.log_cosh([1e-4], [0.0]) == pytest.approx(4.99999999166667e-9, rel=1e-14)
    assert nl.loss.log_cosh([1e-8], [0.0]) == pytest.approx(5e-17, rel=1e-14)


def test_rmse_of_no_error_has_gradient_0(torch):
    """The gradient of sqrt(mse) is NaN there in torch."""
    p = torch.tensor([1.0, 2.0], requires_grad=True)
    torch.sqrt(torch.nn.functional.mse_loss(p, torch.tensor([1.0, 2.0]))).backward()
    assert p.grad.isnan().all()
    value, gradient = nl.loss.rmse.value_and_gradient([1.0, 2.0], [1.0, 2.0])
    assert value == 0
    np.testing.assert_array_equal(gradient, [0, 0])


def test_rmse_has_the_gradient_of_torch_and_no_overflow(torch):
    p = torch.tensor(P, requires_grad=True)
    torch.sqrt(torch.nn.functional.mse_loss(p, torch.tensor(T))).backward()
    np.testing.assert_allclose(nl.loss.rmse.gradient(P, T), p.grad, rtol=1e-12)
    assert nl.loss.rmse(np.full(3, 300, np.float16), np.zeros(3, np.float16)) == 300
    assert nl.loss.rmse(np.full(3, 1e200), np.zeros(3)) == pytest.approx(1e200, rel=1e-15)


def test_largest_error_of_unsigned_integers():
    """scikit-learn's is 254: the difference of 5 and 7 wraps around."""
    five, seven = np.array([5], np.uint8), np.array([7], np.uint8)
    assert metrics.max_error(five, seven) == 254
    assert nl.loss.max_error(five, seven) == nl.loss.max_error(seven, five) == 2
    assert nl.loss.mae(five, seven) == 2


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda e: nl.loss.mae.gradient(e, [0.0] * 3, reduction="none"), [-1, 0, 1]),
        (lambda e: nl.loss.pinball.gradient(e, [0.0] * 3, quantile=0.9, reduction="none"), [-0.9, 0, 0.1]),
        (lambda e: nl.loss.huber.gradient(e, [0.0] * 3, delta=2, reduction="none"), [-2, 0, 2]),
        (lambda e: nl.loss.huber.hessian_diagonal(e, [0.0] * 3, delta=2), [0, 1, 0]),
        (lambda e: nl.loss.smooth_l1.gradient(e, [0.0] * 3, beta=0, reduction="none"), [-1, 0, 1]),
        (lambda e: nl.loss.smooth_l1.hessian_diagonal(e, [0.0] * 3, beta=2), [0, 0.5, 0]),
        (lambda e: nl.loss.epsilon_insensitive.gradient(e, [0.0] * 3, epsilon=2, reduction="none"), [0, 0, 0]),
        (lambda e: nl.loss.squared_epsilon_insensitive.hessian_diagonal(e, [0.0] * 3, epsilon=2), [0, 0, 0]),
        (lambda e: nl.loss.mae.hessian_diagonal(e, [0.0] * 3), [0, 0, 0]),
    ],
)
def test_derivatives_at_kinks(call, expected):
    np.testing.assert_allclose(call([-2.0, 0.0, 2.0]), expected, rtol=1e-15)


def test_a_quantile_for_each_column():
    quantiles = [0.1, 0.5, 0.9]
    value, gradient = nl.loss.pinball.value_and_gradient(P, T, quantile=quantiles, reduction="none")
    for column, quantile in enumerate(quantiles):
        one = nl.loss.pinball.value_and_gradient(P[:, column], T[:, column], quantile=quantile, reduction="none")
        np.testing.assert_array_equal((value[:, column], gradient[:, column]), one)
    with pytest.raises(InputError, match=r"quantile of pinball must be .* at most 1, got 1\.5 at position 1"):
        nl.loss.pinball(P, T, quantile=[0.1, 1.5, 0.9])


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_a_quantile_minimises_the_pinball_loss(quantile):
    sample = np.random.default_rng(2).normal(size=501)
    candidates = np.sort(sample)
    losses = [nl.loss.pinball(np.full_like(sample, c), sample, quantile=quantile) for c in candidates]
    assert candidates[np.argmin(losses)] == np.quantile(sample, quantile, method="inverted_cdf")


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("MSELoss", "mse"),
        ("L1Loss", "mae"),
        ("l2_loss", "half_squared"),
        ("SmoothL1Loss", "smooth_l1"),
        ("quantile_loss", "pinball"),
        ("logcosh", "log_cosh"),
    ],
)
def test_spellings_of_other_libraries(spelling, name):
    assert nl.get_loss(spelling) is nl.get_loss(name)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nl.loss.huber([1.0], [0.0], delta=0), "delta must be larger than 0, got 0"),
        (lambda: nl.loss.smooth_l1([1.0], [0.0], beta=-1), "beta must be at least 0, got -1"),
        (lambda: nl.loss.pinball([1.0], [0.0], quantile=1.5), "quantile must be at least 0 and at most 1, got 1.5"),
        (lambda: nl.loss.epsilon_insensitive([1.0], [0.0], epsilon=-0.1), "epsilon must be at least 0, got -0.1"),
        (lambda: nl.loss.max_error.gradient([1.0], [0.0]), "max_error is a metric"),
        (lambda: nl.loss.rmse([1.0], [0.0], reduction="none"), "one number for all entries"),
        (lambda: nl.loss.huber(np.zeros((3, 1)), np.zeros(3)), "one shape"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()
