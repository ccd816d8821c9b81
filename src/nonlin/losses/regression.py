"""Losses of real predictions, and two metrics."""

from ..activations import tanh
from ..definition import Parameter, SummaryLoss, loss_definition
from ..definition.constants import LOG_2
from ..definition.primitives import exp, expm1, log, log1p, maximum, minimum, sign, where
from .formulas import or_one

__all__ = [
    "epsilon_insensitive",
    "half_squared",
    "huber",
    "log_cosh",
    "mae",
    "max_error",
    "median_absolute_error",
    "mse",
    "pinball",
    "rmse",
    "smooth_l1",
    "squared_epsilon_insensitive",
]


@loss_definition(
    tasks=("regression",),
    convex=True,
    proper="mean",
    aliases=("mean_squared_error", "meansquarederror", "squared_error", "mseloss", "mse_loss"),
    reference="Legendre 1805; Gauss 1809",
    same_as={
        "torch": "nn.functional.mse_loss",
        "keras": "losses.mean_squared_error",
        "sklearn": "metrics.mean_squared_error",
        "optax": "squared_error",
    },
)
def mse(predictions, targets):
    """The squared error, averaged over all entries."""
    return (predictions - targets) ** 2


@mse.gradient
def _(predictions, targets):
    return 2 * (predictions - targets)


@mse.hessian_diagonal
def _(predictions, targets):
    return 2


@loss_definition(
    tasks=("regression",),
    convex=True,
    proper="mean",
    aliases=("l2_loss", "half_squared_error", "halfsquarederror"),
    reference="Legendre 1805; Gauss 1809",
    same_as={"optax": "l2_loss", "sklearn": "_loss.HalfSquaredError"},
)
def half_squared(predictions, targets):
    """Half the squared error, whose gradient is the error."""
    return (predictions - targets) ** 2 / 2


@half_squared.gradient
def _(predictions, targets):
    return predictions - targets


@half_squared.hessian_diagonal
def _(predictions, targets):
    return 1


@loss_definition(
    kind=SummaryLoss,
    statistic="root_mean_square",
    tasks=("regression",),
    convex=True,
    lipschitz=1.0,
    proper="mean",
    aliases=("root_mean_squared_error", "rootmeansquarederror"),
    reference="Gauss 1823, Theoria combinationis observationum erroribus minimis obnoxiae",
    same_as={"sklearn": "metrics.root_mean_squared_error", "keras": "metrics.RootMeanSquaredError"},
)
def rmse(predictions, targets):
    """The root of the mean squared error; where all errors are 0, the gradient is 0."""
    return predictions - targets


@rmse.gradient
def _(predictions, targets):
    return 1


@loss_definition(
    kind=SummaryLoss,
    statistic="median",
    aliases=("medianabsoluteerror", "median_ae"),
    reference="Hampel 1974, doi:10.1080/01621459.1974.10482962",
    same_as={"sklearn": "metrics.median_absolute_error"},
)
def median_absolute_error(predictions, targets):
    """The median of the absolute errors, a metric that ignores outliers."""
    return predictions - targets


@loss_definition(
    kind=SummaryLoss,
    statistic="max",
    convex=True,
    aliases=("maxerror", "maximum_absolute_error"),
    reference="Chebyshev 1854 (approximation with the smallest largest error)",
    same_as={"sklearn": "metrics.max_error"},
)
def max_error(predictions, targets):
    """The largest absolute error, a metric of the worst case."""
    return predictions - targets


@loss_definition(
    tasks=("regression",),
    convex=True,
    lipschitz=1.0,
    proper="median",
    aliases=("mean_absolute_error", "meanabsoluteerror", "absolute_error", "absoluteerror", "l1_loss", "l1loss"),
    reference="Boscovich 1757; Laplace 1793",
    same_as={
        "torch": "nn.functional.l1_loss",
        "keras": "losses.mean_absolute_error",
        "sklearn": "metrics.mean_absolute_error",
    },
)
def mae(predictions, targets):
    """The absolute error, averaged over all entries."""
    return abs(predictions - targets)


@mae.gradient
def _(predictions, targets):
    return sign(predictions - targets)


@mae.hessian_diagonal
def _(predictions, targets):
    return 0


@loss_definition(
    tasks=("regression",),
    convex=True,
    lipschitz=1.0,
    aliases=("huber_loss", "huberloss"),
    reference="Huber 1964, doi:10.1214/aoms/1177703732",
    parameters={"delta": Parameter(1.0, above=0, text="the error from which on the loss is linear, and its slope")},
    same_as={
        "torch": "nn.functional.huber_loss",
        "keras": "losses.huber",
        "optax": "huber_loss",
        "sklearn": "_loss.HuberLoss(delta=1)",
    },
)
def huber(predictions, targets, *, delta=1.0):
    """Half the squared error up to delta, and linear beyond it with the slope delta."""
    size = abs(predictions - targets)
    return where(size <= delta, size * size / 2, delta * (size - delta / 2))


@huber.gradient
def _(predictions, targets, *, delta=1.0):
    return maximum(minimum(predictions - targets, delta), -delta)


@huber.hessian_diagonal
def _(predictions, targets, *, delta=1.0):
    return where(abs(predictions - targets) < delta, 1, 0)


@loss_definition(
    tasks=("regression",),
    convex=True,
    lipschitz=1.0,
    aliases=("smooth_l1_loss", "smoothl1loss"),
    reference="Girshick 2015, arXiv:1504.08083",
    parameters={"beta": Parameter(1.0, low=0, text="the error from which on the loss is linear; 0 makes it mae")},
    same_as={"torch": "nn.functional.smooth_l1_loss"},
)
def smooth_l1(predictions, targets, *, beta=1.0):
    """The squared error over 2 beta up to beta, and linear beyond it with the slope 1: huber(delta=beta) / beta."""
    size = abs(predictions - targets)
    return where(size < beta, size * (size / or_one(beta)) / 2, size - beta / 2)


@smooth_l1.gradient
def _(predictions, targets, *, beta=1.0):
    error = predictions - targets
    return where(abs(error) < beta, error / or_one(beta), sign(error))


@smooth_l1.hessian_diagonal
def _(predictions, targets, *, beta=1.0):
    return where(abs(predictions - targets) < beta, 1 / or_one(beta), 0)


@loss_definition(
    tasks=("regression",),
    convex=True,
    lipschitz=1.0,
    aliases=("logcosh", "log_cosh_loss", "logcoshloss"),
    reference="Green 1990, doi:10.1109/42.52985",
    same_as={"keras": "losses.log_cosh", "optax": "log_cosh"},
)
def log_cosh(predictions, targets):
    """log(cosh(error)): half its square near 0, its size less log(2) far out, and smooth everywhere."""
    error = predictions - targets
    return log((exp(error) + exp(-error)) / 2)


def _decay_and_slope(size):
    """exp(-2 size) - 1 and tanh(size), which are made of one exponential."""
    decay = expm1(-2 * size)
    return decay, -decay / (2 + decay)


@log_cosh.kernel
def _(predictions, targets):
    size = abs(predictions - targets)
    decay, slope = _decay_and_slope(size)
    is_small = size < 1
    logarithm = log1p(where(is_small, -slope * slope, 1 + decay))
    return where(is_small, abs(logarithm) / 2, size - LOG_2 + logarithm)


@log_cosh.gradient
def _(predictions, targets):
    error = predictions - targets
    _, slope = _decay_and_slope(abs(error))
    return where(error < 0, -slope, slope)


@log_cosh.hessian_diagonal
def _(predictions, targets):
    return tanh.derivative(predictions - targets)


@loss_definition(
    tasks=("regression",),
    convex=True,
    lipschitz=0.5,
    proper="quantile",
    aliases=("quantile_loss", "quantileloss", "pinball_loss", "pinballloss", "mean_pinball_loss", "quantile"),
    reference="Koenker & Bassett 1978, doi:10.2307/1913643",
    parameters={"quantile": Parameter(0.5, low=0, high=1, text="the share of targets that are to lie below")},
    same_as={"sklearn": "metrics.mean_pinball_loss"},
)
def pinball(predictions, targets, *, quantile=0.5):
    """The quantile times the error of a prediction too low, 1 - quantile times that of one too high."""
    error = predictions - targets
    return where(error > 0, (1 - quantile) * error, quantile * -error)


@pinball.gradient
def _(predictions, targets, *, quantile=0.5):
    error = predictions - targets
    return where(error > 0, 1 - quantile, where(error < 0, -quantile, 0))


@pinball.hessian_diagonal
def _(predictions, targets, *, quantile=0.5):
    return 0


@loss_definition(
    tasks=("regression",),
    convex=True,
    lipschitz=1.0,
    aliases=("epsilon_insensitive_loss", "epsiloninsensitive"),
    reference="Vapnik 1995, The Nature of Statistical Learning Theory, doi:10.1007/978-1-4757-2440-0",
    parameters={"epsilon": Parameter(0.1, low=0, text="up to which an error costs nothing")},
    same_as={"sklearn": "linear_model.SGDRegressor(loss='epsilon_insensitive')"},
)
def epsilon_insensitive(predictions, targets, *, epsilon=0.1):
    """What the absolute error has above epsilon, as in support vector regression."""
    return maximum(abs(predictions - targets) - epsilon, 0)


@epsilon_insensitive.gradient
def _(predictions, targets, *, epsilon=0.1):
    error = predictions - targets
    return where(abs(error) > epsilon, sign(error), 0)


@epsilon_insensitive.hessian_diagonal
def _(predictions, targets, *, epsilon=0.1):
    return 0


@loss_definition(
    tasks=("regression",),
    convex=True,
    aliases=("squared_epsilon_insensitive_loss", "squaredepsiloninsensitive"),
    reference="Ho & Lin 2012, Large-scale Linear Support Vector Regression, JMLR 13",
    parameters={"epsilon": Parameter(0.1, low=0, text="up to which an error costs nothing")},
    same_as={"sklearn": "linear_model.SGDRegressor(loss='squared_epsilon_insensitive')"},
)
def squared_epsilon_insensitive(predictions, targets, *, epsilon=0.1):
    """The square of what the absolute error has above epsilon."""
    return maximum(abs(predictions - targets) - epsilon, 0) ** 2


@squared_epsilon_insensitive.gradient
def _(predictions, targets, *, epsilon=0.1):
    error = predictions - targets
    return 2 * (sign(error) * maximum(abs(error) - epsilon, 0))


@squared_epsilon_insensitive.hessian_diagonal
def _(predictions, targets, *, epsilon=0.1):
    return where(abs(predictions - targets) > epsilon, 2, 0)
