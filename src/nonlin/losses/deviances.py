"""Likelihoods of counts, amounts and noisy numbers: Poisson, gamma, Tweedie, Gaussian."""

from ..activations.exponentials import curvature_of_exp
from ..definition import Parameter, loss_definition
from ..definition.constants import INVERSE_SQRT_2PI
from ..definition.primitives import exp, expm1, log, maximum, minimum, sign, sqrt, where
from .formulas import log_ratio, or_one
from .log_factorial import log_factorial_below_16, log_factorial_rest

__all__ = ["gamma", "gaussian_nll", "gaussian_nll_from_log_variance", "poisson_nll", "tweedie"]


def _excess_of_exp(x):
    """exp(x) - 1 - x, which is x^2 / 2 near 0."""
    near = minimum(maximum(x, -1 / 64), 1 / 64)
    return where(abs(x) < 1 / 64, near * near * curvature_of_exp(near), expm1(x) - x)


_FULL = Parameter(0.0, low=0, high=1, text="1 adds the constants that training does not need")


@loss_definition(
    tasks=("regression",),
    domains={"targets": "non_negative"},
    output="exponential",
    convex=True,
    proper="mean",
    aliases=("poisson_nll_loss", "poissonnllloss", "poisson", "poisson_loss", "poisson_negative_log_likelihood"),
    reference="Nelder & Wedderburn 1972, doi:10.2307/2344614",
    parameters={
        "log_input": Parameter(1.0, text="1: predictions are logarithms of means; 0: they are means, positive ones"),
        "full": _FULL,
    },
    same_as={
        "torch": "nn.functional.poisson_nll_loss",
        "keras": "losses.poisson (for log_input=0)",
        "sklearn": "_loss.HalfPoissonLoss",
        "tensorflow": "nn.log_poisson_loss",
    },
)
def poisson_nll(predictions, targets, *, log_input=1.0, full=0.0):
    """exp(z) - target z for the logarithm z of a predicted mean: the likelihood of counts; `full` adds log(target!).

    A mean of 0 is right for a target of 0. Nothing is added to the mean within the logarithm, as PyTorch and Keras
    do, and log(target!) is exact, where PyTorch takes Stirling's approximation.
    """
    mean, z = _mean_and_log(predictions, log_input)
    large = where(targets >= 16, targets, 16)
    log_factorial = where(
        targets < 16, log_factorial_below_16(targets), large * log(large) - large + log_factorial_rest(targets)
    )
    return mean - where(targets > 0, targets * z, 0) + where(full > 0, log_factorial, 0)


def _mean_and_log(predictions, log_input):
    """The predicted mean and its logarithm."""
    is_log = log_input > 0
    mean, z = where(is_log, 1, predictions), where(is_log, predictions, 1)
    return where(is_log, exp(z), mean), where(is_log, z, log(mean))


def _growth_less(z, times, number):
    """exp(z) - times * number, where neither need be finite."""
    root = exp(z / 2)
    return where(z > 0, root * (root - times * (number / root)), root * root - times * number)


def _growth(z):
    """exp(z), from the exponential that `_growth_less` has too."""
    root = exp(z / 2)
    return root * root


@poisson_nll.kernel
def _(predictions, targets, *, log_input=1.0, full=0.0):
    # From 16 on, the target's large terms cancel in the full likelihood: it is the deviance and a slowly growing rest.
    is_log, is_large = log_input > 0, targets >= 16
    mean, large = where(is_log, 1, predictions), where(is_large, targets, 16)
    z = where(is_log, predictions, log(mean))
    u = where(is_log, z - log(large), log_ratio((mean - large) / large, log(mean) - log(large)))
    factor = where(full > 0, where(is_large, 1 + u, z), z)
    plain = where(is_log, _growth_less(z, targets, factor), mean - targets * factor)
    above_16 = where(u > 1, plain, large * _excess_of_exp(u)) + log_factorial_rest(large)
    whole = where(is_large, above_16, plain + log_factorial_below_16(targets))
    return where(targets > 0, where(full > 0, whole, plain), where(is_log, _growth(z), mean))


@poisson_nll.gradient
def _(predictions, targets, *, log_input=1.0, full=0.0):
    is_log = log_input > 0
    mean = where(is_log, 1, predictions)
    return where(is_log, _growth(predictions) - targets, where(targets > 0, (mean - targets) / mean, 1))


@poisson_nll.hessian_diagonal
def _(predictions, targets, *, log_input=1.0, full=0.0):
    is_log = log_input > 0
    mean = where(is_log, 1, predictions)
    return where(is_log, exp(predictions), where(targets > 0, targets / mean / mean, 0))


@loss_definition(
    tasks=("regression",),
    domains={"targets": "positive"},
    output="exponential",
    convex=True,
    proper="mean",
    aliases=("gamma_nll", "gamma_loss", "gamma_deviance", "half_gamma_deviance", "half_gamma_loss", "halfgammaloss"),
    reference="McCullagh & Nelder 1989, Generalized Linear Models, doi:10.1007/978-1-4899-3242-6",
)
def gamma(predictions, targets):
    """Half the gamma deviance, r - 1 - log(r) for the ratio r of the target to the mean exp(prediction).

    It is 0 for a perfect prediction. scikit-learn's HalfGammaLoss is larger by 1 + log(target), with the same gradient.
    """
    ratio = targets * exp(-predictions)
    return ratio - 1 - log(ratio)


@gamma.kernel
def _(predictions, targets):
    return _excess_of_exp(log(targets) - predictions)


@gamma.gradient
def _(predictions, targets):
    return -expm1(log(targets) - predictions)


@gamma.hessian_diagonal
def _(predictions, targets):
    return exp(log(targets) - predictions)


@loss_definition(
    tasks=("regression",),
    domains={"targets": "non_negative"},
    output="exponential",
    convex=True,
    proper="mean",
    aliases=("tweedie_loss", "tweedie_deviance", "half_tweedie_deviance", "half_tweedie_loss", "halftweedieloss"),
    reference="Tweedie 1984; Jørgensen 1987, doi:10.1111/j.2517-6161.1987.tb01685.x",
    parameters={
        "power": Parameter(1.5, low=0, text="of the variance: 0 normal, 1 Poisson, 2 gamma; targets may be 0 below 2")
    },
)
def tweedie(predictions, targets, *, power=1.5):
    """Half the deviance of amounts whose variance is a power of their mean exp(prediction), many of them 0.

    It is 0 for a perfect prediction: scikit-learn's HalfTweedieLoss with its constants, of the same gradient.
    """
    a, b = 1 - power, 2 - power
    y = where(targets > 0, targets, 1)
    difference = log(y) - predictions
    at_one = y * difference - y + exp(predictions)
    at_two = exp(difference) - 1 - difference
    of_target = (exp(b * log(y)) - y * exp(a * predictions) * b) / or_one(a)
    general = (of_target + exp(b * predictions)) / or_one(b)
    positive = where(abs(a) > 0, where(abs(b) > 0, general, at_two), at_one)
    return where(targets > 0, positive, exp(b * predictions) / maximum(b, 0))


def _mean_excess(x):
    """(exp(x) - 1 - x) / x^2, which is 1 / 2 at 0."""
    is_near = abs(x) < 1 / 64
    far = where(is_near, 1, x)
    return where(is_near, curvature_of_exp(where(is_near, x, 0)), _excess_of_exp(far) / far / far)


def _decay(rate, distance):
    """(1 - exp(-rate * distance)) / rate for |rate| and |distance|; the distance for a rate of 0."""
    size = abs(rate)
    return where(size > 0, -expm1(-abs(rate * distance)) / or_one(size), abs(distance))


@tweedie.kernel
def _(predictions, targets, *, power=1.5):
    # With u = log(mean / target) the loss is the integral of exp(bs) - exp(as) from 0 to u, times target^b.
    a, b = 1 - power, 2 - power
    log_y = log(where(targets > 0, targets, 1))
    u = predictions - log_y
    near = exp(b * log_y) * (u * u) * (b * _mean_excess(b * u) - a * _mean_excess(a * u))
    first = maximum(b * predictions, b * log_y)
    second = log_y + maximum(a * predictions, a * log_y)
    top = maximum(first, second)
    change = exp(first - top) * _decay(b, u) - exp(second - top) * _decay(a, u)
    positive = where(abs(u) < 1, near, exp(top) * (sign(u) * change))
    return where(targets > 0, positive, exp(b * predictions) / maximum(b, 0))


@tweedie.gradient
def _(predictions, targets, *, power=1.5):
    a, b = 1 - power, 2 - power
    log_y = log(where(targets > 0, targets, 1))
    u = predictions - log_y
    size = exp(where(u < 0, log_y + a * predictions, b * predictions))
    return where(targets > 0, size * (sign(u) * -expm1(-abs(u))), exp(b * predictions))


@tweedie.hessian_diagonal
def _(predictions, targets, *, power=1.5):
    a, b = 1 - power, 2 - power
    log_y = log(where(targets > 0, targets, 1))
    u = predictions - log_y
    size, ratio = exp(where(u < 0, log_y + a * predictions, b * predictions)), exp(-abs(u))
    return where(targets > 0, size * where(u < 0, b * ratio - a, b - a * ratio), b * exp(b * predictions))


@loss_definition(
    domains={"variance": "positive"},
    convex=True,
    proper="mean",
    aliases=("gaussian_nll_loss", "gaussiannllloss", "gaussian_negative_log_likelihood"),
    reference="Nix & Weigend 1994, doi:10.1109/ICNN.1994.374138",
    parameters={"full": _FULL},
    same_as={"torch": "nn.functional.gaussian_nll_loss (exact only for variances above its eps)"},
)
def gaussian_nll(predictions, targets, variance, *, full=0.0):
    """(log(variance) + error^2 / variance) / 2: targets with normal noise, whose variance is predicted too.

    The variance is taken as it is, where PyTorch replaces those below 1e-6.
    """
    error = predictions - targets
    return (log(variance) + error * error / variance) / 2 + _normal_constant(full)


def _normal_constant(full):
    """log(2 pi) / 2 if it is wanted."""
    return where(full > 0, -log(INVERSE_SQRT_2PI), 0)


@gaussian_nll.kernel
def _(predictions, targets, variance, *, full=0.0):
    deviations = (predictions - targets) / sqrt(variance)
    return (log(variance) + deviations * deviations) / 2 + _normal_constant(full)


@gaussian_nll.gradient
def _(predictions, targets, variance, *, full=0.0):
    return (predictions - targets) / variance


@gaussian_nll.gradient(with_respect_to="variance")
def _(predictions, targets, variance, *, full=0.0):
    deviations = abs(predictions - targets) / sqrt(variance)
    return (1 - deviations) / (2 * variance) * (1 + deviations)


@gaussian_nll.hessian_diagonal
def _(predictions, targets, variance, *, full=0.0):
    return 1 / variance


@loss_definition(
    convex=True,
    proper="mean",
    aliases=("gaussian_nll_log_variance",),
    reference="Kendall & Gal 2017, arXiv:1703.04977",
    parameters={"full": _FULL},
)
def gaussian_nll_from_log_variance(predictions, targets, log_variance, *, full=0.0):
    """(s + error^2 exp(-s)) / 2 for the logarithm s of the variance, which may be any number."""
    error = predictions - targets
    return (log_variance + error * error * exp(-log_variance)) / 2 + _normal_constant(full)


def _over_root(number, log_variance):
    """A number over exp(s / 2) in two steps, each of which is finite longer than both; 0 stays 0."""
    quarter = exp(log_variance / -4)
    return where(abs(number) > 0, number * quarter * quarter, 0)


@gaussian_nll_from_log_variance.kernel
def _(predictions, targets, log_variance, *, full=0.0):
    deviations = _over_root(predictions - targets, log_variance)
    return (log_variance + deviations * deviations) / 2 + _normal_constant(full)


@gaussian_nll_from_log_variance.gradient
def _(predictions, targets, log_variance, *, full=0.0):
    return _over_root(_over_root(predictions - targets, log_variance), log_variance)


@gaussian_nll_from_log_variance.gradient(with_respect_to="log_variance")
def _(predictions, targets, log_variance, *, full=0.0):
    deviations = abs(_over_root(predictions - targets, log_variance))
    return (1 - deviations) / 2 * (1 + deviations)


@gaussian_nll_from_log_variance.hessian_diagonal
def _(predictions, targets, log_variance, *, full=0.0):
    return exp(-log_variance)
