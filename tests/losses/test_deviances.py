"""Likelihoods against PyTorch, scikit-learn, SciPy and 50-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from scipy import special, stats
from sklearn import _loss, metrics

import nonlin as nl
from nonlin.errors import InputError
from nonlin.testing import exact_values, ulp_error

F32 = np.float32
RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(0, 1.5, 200)
COUNTS = RANDOM.poisson(3, 200).astype(float)
AMOUNTS = RANDOM.gamma(2, 1.5, 200)
VARIANCES = RANDOM.uniform(0.01, 4, 200)


def _precisely(formula, *arrays):
    """A formula of numbers in arithmetic of 400 digits, which it may cancel most of."""
    with mpmath.workdps(400):
        exact = np.frompyfunc(lambda *x: +formula(*(mpmath.mpf(float(v)) for v in x)), len(arrays), 1)(*arrays)
    return np.asarray(exact, object)


def _poisson(z, t):
    return mpmath.exp(z) - t * z + mpmath.loggamma(t + 1)


@pytest.mark.parametrize("log_input", [True, False])
def test_poisson_is_torchs_without_eps(torch, against_torch, log_input):
    predictions = Z if log_input else np.exp(Z)
    theirs = {"log_input": log_input, "eps": 0.0}
    function = torch.nn.functional.poisson_nll_loss
    against_torch(nl.loss.poisson_nll, function, predictions, COUNTS, options={"log_input": log_input}, **theirs)


def test_poisson_is_scikit_learns_and_keras():
    value, gradient = nl.loss.poisson_nll.value_and_gradient(Z, COUNTS, reduction="none")
    expected = _loss.HalfPoissonLoss().loss_gradient(COUNTS, Z)
    np.testing.assert_allclose(value, expected[0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-12, atol=1e-14)
    keras = np.exp(Z) - COUNTS * np.log(np.exp(Z))
    np.testing.assert_allclose(
        nl.loss.poisson_nll(np.exp(Z), COUNTS, log_input=0, reduction="none"), keras, rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize(("target", "torchs", "exact"), [(2.0, 1.2655, 1.3069), (1.5, 1.1901, 1.2450)])
def test_full_poisson_is_exact_where_torch_takes_stirlings_formula(torch, target, torchs, exact):
    z = np.log([1.5])
    theirs = torch.nn.functional.poisson_nll_loss(torch.tensor(z), torch.tensor([target]), full=True)
    ours = nl.loss.poisson_nll(z, [target], full=1)
    constant = special.gammaln(target + 1)
    assert ours == pytest.approx(np.exp(z) - target * z + constant, rel=1e-14)
    assert theirs.item() - ours == pytest.approx(torchs - exact, abs=2e-4)


@pytest.mark.parametrize("log_input", [True, False])
def test_full_poisson_is_minus_the_log_of_the_probability(log_input):
    predictions = Z if log_input else np.exp(Z)
    got = nl.loss.poisson_nll(predictions, COUNTS, log_input=log_input, full=1, reduction="none")
    np.testing.assert_allclose(got, -stats.poisson.logpmf(COUNTS, np.exp(Z)), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_factorials_of_all_sizes(dtype):
    """Whole numbers, numbers between, tiny and huge ones, far from the mean and beside it."""
    random = np.random.default_rng(1)
    sizes, large = 10.0 ** random.uniform(-30, 30, 150), 10.0 ** random.uniform(0, 12, 150)
    t = np.concatenate([np.arange(40.0), random.uniform(0, 20, 100), sizes, large]).astype(dtype)
    z = np.concatenate([random.normal(0, 3, 140), random.normal(0, 20, 150), np.log(large)]).astype(dtype)
    got = nl.loss.poisson_nll(z, t, full=1, reduction="none")
    assert ulp_error(got, _precisely(_poisson, z, t)).max() < 1
    mean = np.exp(z, dtype=dtype)
    got = nl.loss.poisson_nll(mean, t, log_input=0, full=1, reduction="none")
    assert ulp_error(got, _precisely(lambda m, y: _poisson(mpmath.log(m), y), mean, t)).max() < 1


def test_the_definition_of_the_log_factorial_is_exact():
    t = np.concatenate([np.arange(40.0), RANDOM.uniform(0, 40, 60), 10.0 ** RANDOM.uniform(-20, 20, 60)])
    got = exact_values(nl.loss.poisson_nll, "definition", np.zeros_like(t), t, parameters={"full": 1})
    exact = _precisely(lambda y: 1 + mpmath.loggamma(y + 1), t)
    assert np.max(np.abs((got - exact) / exact).astype(float)) < 1e-20


@pytest.mark.parametrize("full", [0, 1])
def test_poisson_of_zeros_and_extremes(full):
    with np.errstate(all="raise"):
        assert nl.loss.poisson_nll([0.0], [0.0], log_input=0, full=full) == 0
        assert nl.loss.poisson_nll.gradient([0.0], [0.0], log_input=0, full=full) == 1
        assert nl.loss.poisson_nll([-800.0], [0.0], full=full) == 0
        assert nl.loss.poisson_nll([1e-10], [1.0], log_input=0, full=full) == pytest.approx(23.02585093, rel=1e-9)
    assert nl.loss.poisson_nll([1e300], [1e300], full=full) == np.inf
    assert nl.loss.poisson_nll([710.0], [1e300], full=full) == pytest.approx(
        float(mpmath.exp(710) - 710 * mpmath.mpf(1e300)) if not full else float(_poisson(710, mpmath.mpf(1e300))),
        rel=1e-13,
    )


def test_poisson_second_derivatives():
    np.testing.assert_allclose(nl.loss.poisson_nll.hessian_diagonal(Z, COUNTS), np.exp(Z), rtol=1e-14)
    got = nl.loss.poisson_nll.hessian_diagonal(np.exp(Z), COUNTS, log_input=0)
    np.testing.assert_allclose(got, COUNTS / np.exp(Z) ** 2, rtol=1e-13)
    parts = {"predictions": np.exp(Z), "targets": COUNTS}
    for part in ("gradient", "hessian_diagonal"):
        computed = getattr(nl.loss.poisson_nll, part)(**parts, log_input=0, reduction="none")
        exact = exact_values(nl.loss.poisson_nll, part, *parts.values(), parameters={"log_input": 0})
        assert ulp_error(computed, exact).max() <= 4


def test_gamma_is_scikit_learns_less_its_value_at_a_perfect_prediction():
    value, gradient = nl.loss.gamma.value_and_gradient(Z, AMOUNTS, reduction="none")
    theirs = _loss.HalfGammaLoss()
    expected = theirs.loss_gradient(AMOUNTS, Z)
    np.testing.assert_allclose(value, expected[0] - 1 - np.log(AMOUNTS), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-12, atol=1e-14)
    hessian = theirs.gradient_hessian(AMOUNTS, Z)[1]
    np.testing.assert_allclose(nl.loss.gamma.hessian_diagonal(Z, AMOUNTS), hessian, rtol=1e-12)
    assert 2 * nl.loss.gamma(Z, AMOUNTS) == pytest.approx(metrics.mean_gamma_deviance(AMOUNTS, np.exp(Z)), rel=1e-12)
    assert nl.loss.gamma([0.0], [1.0]) == 0


@pytest.mark.parametrize("power", [0, 0.5, 1, 1.0001, 1.5, 1.9999, 2, 3])
def test_tweedie_is_scikit_learns_with_its_constants(power):
    targets = COUNTS if 1 <= power < 2 else AMOUNTS
    value, gradient = nl.loss.tweedie.value_and_gradient(Z, targets, power=power, reduction="none")
    theirs = _loss.HalfTweedieLoss(power=power)
    expected, slope = theirs.loss_gradient(targets, Z)
    np.testing.assert_allclose(gradient, slope, rtol=1e-11, atol=1e-13)
    hessian = theirs.gradient_hessian(targets, Z)[1]
    np.testing.assert_allclose(nl.loss.tweedie.hessian_diagonal(Z, targets, power=power), hessian, rtol=1e-10)
    if power in (0, 1, 2):
        expected = expected + theirs.constant_to_optimal_zero(targets)
        np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-13)
    if power >= 1:
        deviance = metrics.mean_tweedie_deviance(targets, np.exp(Z), power=power)
        assert 2 * value.mean() == pytest.approx(deviance, rel=1e-8 if power % 1 else 1e-12)


def test_tweedie_goes_over_into_its_special_cases():
    """The formula for other powers divides by 1 - power and 2 - power."""
    for power, limit in ((1, 1 + 1e-13), (2, 2 - 1e-13), (2, 2 + 1e-13)):
        at, near = (nl.loss.tweedie(Z, AMOUNTS, power=p, reduction="none") for p in (power, limit))
        np.testing.assert_allclose(at, near, rtol=1e-11)
    np.testing.assert_allclose(
        nl.loss.tweedie(Z, AMOUNTS, power=2, reduction="none"), nl.loss.gamma(Z, AMOUNTS, reduction="none"), rtol=1e-14
    )
    squared = (np.exp(Z) - AMOUNTS) ** 2 / 2
    np.testing.assert_allclose(nl.loss.tweedie(Z, AMOUNTS, power=0, reduction="none"), squared, rtol=1e-10)


@pytest.mark.parametrize("power", [0, 1, 1.5, 2])
def test_deviances_are_exact_beside_perfect_predictions(power):
    """Computed from its terms in float32, a deviance of 1e-8 keeps no digit."""
    z = (np.log(AMOUNTS) + 1e-4).astype(F32)
    y = AMOUNTS.astype(F32)

    def deviance(z, y):
        mean, p = mpmath.exp(z), mpmath.mpf(power)
        if power == 1:
            return y * mpmath.log(y / mean) - y + mean
        if power == 2:
            return y / mean - 1 - mpmath.log(y / mean)
        return y ** (2 - p) / (1 - p) / (2 - p) - y * mean ** (1 - p) / (1 - p) + mean ** (2 - p) / (2 - p)

    got = nl.loss.tweedie(z, y, power=power, reduction="none")
    exact = _precisely(deviance, z, y)
    assert exact.max() < 1e-6
    assert ulp_error(got, exact).max() < 1
    if power == 2:
        assert ulp_error(nl.loss.gamma(z, y, reduction="none"), exact).max() < 1


def test_targets_of_zero():
    np.testing.assert_allclose(nl.loss.tweedie(Z, np.zeros(200), reduction="none"), 2 * np.exp(Z / 2), rtol=1e-14)
    gradient = nl.loss.tweedie.gradient(Z, np.zeros(200), reduction="none")
    np.testing.assert_allclose(gradient, np.exp(Z / 2), rtol=1e-14)
    assert nl.loss.tweedie([0.5], [0.0], power=2) == np.inf


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("by", [0, 2])
def test_gaussian_is_torchs_for_ordinary_variances(torch, against_torch, full, by):
    function = torch.nn.functional.gaussian_nll_loss
    against_torch(nl.loss.gaussian_nll, function, Z, AMOUNTS, VARIANCES, by=by, full=full)


def test_full_gaussian_is_minus_the_log_of_the_density():
    expected = -stats.norm.logpdf(AMOUNTS, Z, np.sqrt(VARIANCES))
    got = nl.loss.gaussian_nll(Z, AMOUNTS, VARIANCES, full=1, reduction="none")
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    logarithms = np.log(VARIANCES)
    got = nl.loss.gaussian_nll_from_log_variance(Z, AMOUNTS, logarithms, full=1, reduction="none")
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_tiny_variances_are_not_clamped(torch):
    """PyTorch takes 1e-6 for smaller variances: its derivative at 1e-10 is 5e5."""
    variance = torch.tensor([1e-10], requires_grad=True)
    torch.nn.functional.gaussian_nll_loss(torch.zeros(1), torch.zeros(1), variance).backward()
    assert variance.grad.item() == pytest.approx(5e5, rel=1e-6)
    got = nl.loss.gaussian_nll.gradient([0.0], [0.0], [1e-10], with_respect_to="variance")
    assert got == pytest.approx(5e9, rel=1e-15)
    assert nl.loss.gaussian_nll.gradient([2e-5], [1e-5], [1e-10]) == pytest.approx(1e5, rel=1e-14)
    assert nl.loss.gaussian_nll.hessian_diagonal([0.0], [0.0], [1e-10]) == pytest.approx(1e10)


def test_the_log_variance_form_has_the_gradients_of_the_other():
    arrays, logarithms = (Z, AMOUNTS), np.log(VARIANCES)
    loss, other = nl.loss.gaussian_nll_from_log_variance, nl.loss.gaussian_nll
    np.testing.assert_allclose(loss.gradient(*arrays, logarithms), other.gradient(*arrays, VARIANCES), rtol=1e-12)
    by_chain_rule = other.gradient(*arrays, VARIANCES, with_respect_to="variance") * VARIANCES
    got = loss.gradient(*arrays, logarithms, with_respect_to="log_variance")
    np.testing.assert_allclose(got, by_chain_rule, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(loss.hessian_diagonal(*arrays, logarithms), 1 / VARIANCES, rtol=1e-12)


def test_gaussian_extremes():
    """exp(-s) overflows where an error of 0, or a small one, makes up for it; so do the squares of large errors."""
    loss = nl.loss.gaussian_nll_from_log_variance
    assert loss([1.0], [1.0], [-3000.0]) == -1500
    assert loss.gradient([1.0], [1.0], [-3000.0]) == 0
    assert loss.gradient([1.0], [1.0], [-3000.0], with_respect_to="log_variance") == 0.5
    assert loss([1e-200], [0.0], [-900.0]) == pytest.approx(-450 + float(mpmath.mpf(1e-200) ** 2 * mpmath.exp(900)) / 2)
    assert loss([1e200], [0.0], [3000.0]) == 1500
    assert nl.loss.gaussian_nll([1e200], [0.0], [1e300]) == pytest.approx(5e99)
    got = nl.loss.gaussian_nll.gradient([1e308], [0.0], [1e300], with_respect_to="variance")
    assert got == pytest.approx(-5e15)


def test_variances_broadcast():
    column = np.full((4, 1), 2.0)
    p, t = RANDOM.normal(size=(2, 4, 3))
    expected = nl.loss.gaussian_nll(p, t, np.full((4, 3), 2.0))
    assert nl.loss.gaussian_nll(p, t, column) == nl.loss.gaussian_nll(p, t, 2.0) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: nl.loss.poisson_nll([0.0, 1.0], [1.0, -2.0]),
            r"targets of poisson_nll must be numbers from 0, got -2",
        ),
        (
            lambda: nl.loss.gamma([0.0, 1.0], [1.0, 0.0]),
            r"targets of gamma must be numbers larger than 0, got 0.0 at position \(1,\)",
        ),
        (lambda: nl.loss.tweedie([0.0], [-1.0]), "targets of tweedie must be numbers from 0, got -1"),
        (lambda: nl.loss.tweedie([0.0], [1.0], power=-1), "power must be at least 0, got -1"),
        (
            lambda: nl.loss.gaussian_nll([0.0], [0.0], [0.0]),
            "variance of gaussian_nll must be numbers larger than 0, got 0",
        ),
        (lambda: nl.loss.gaussian_nll([0.0], [0.0]), "variance is missing"),
        (lambda: nl.loss.gaussian_nll(np.zeros(3), np.zeros(3), np.ones(2)), "variance of gaussian_nll must broadcast"),
        (lambda: nl.loss.gaussian_nll([0.0], [0.0], [1.0], full=2), "full must be at least 0 and at most 1, got 2"),
    ],
)
def test_wrong_input_is_one_sentence(call, message):
    with pytest.raises(InputError, match=message):
        call()
