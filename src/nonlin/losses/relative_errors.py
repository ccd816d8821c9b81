"""Errors relative to the size of the targets."""

from ..definition import SummaryLoss, loss_definition
from ..definition.primitives import log1p, maximum, sign, where
from .formulas import log_ratio

__all__ = ["mape", "msle", "rmsle", "smape"]


def _half_if_large(number):
    """A factor that keeps sums of the number and smaller ones within the range of the format."""
    return where(number > 1, 1 / 2, 1)


@loss_definition(
    tasks=("regression",),
    domains={"targets": "nonzero"},
    convex=True,
    aliases=("mean_absolute_percentage_error", "meanabsolutepercentageerror"),
    reference="de Myttenaere, Golden, Le Grand & Rossi 2016, arXiv:1605.02541",
    same_as={"sklearn": "metrics.mean_absolute_percentage_error"},
)
def mape(predictions, targets):
    """The absolute error as a fraction of the target's size, which must not be 0; Keras gives it in percent."""
    return abs(predictions - targets) / abs(targets)


@mape.kernel
def _(predictions, targets):
    scale = _half_if_large(abs(targets))
    return abs(scale * predictions - scale * targets) / (scale * abs(targets))


@mape.gradient
def _(predictions, targets):
    return sign(predictions - targets) / abs(targets)


@mape.hessian_diagonal
def _(predictions, targets):
    return 0


@loss_definition(
    tasks=("regression",),
    aliases=("symmetric_mean_absolute_percentage_error", "symmetricmeanabsolutepercentageerror"),
    reference="Makridakis 1993, doi:10.1016/0169-2070(93)90079-3",
    same_as={"torchmetrics": "functional.symmetric_mean_absolute_percentage_error"},
)
def smape(predictions, targets):
    """Twice the absolute error over |prediction| + |target|, from 0 to 2; where both are 0, it and its gradient are 0.

    Where only the target is 0 it is 2, whatever the prediction.
    """
    size = abs(predictions) + abs(targets)
    return where(size > 0, 2 * abs(predictions - targets) / where(size > 0, size, 1), 0)


def _scaled(predictions, targets):
    """The two scaled by a factor that keeps their sum finite, the sum of their sizes or 1 if it is 0, the factor."""
    scale = _half_if_large(maximum(abs(predictions), abs(targets)))
    p, t = scale * predictions, scale * targets
    size = abs(p) + abs(t)
    return p, t, where(size > 0, size, 1), scale


@smape.kernel
def _(predictions, targets):
    p, t, size, _ = _scaled(predictions, targets)
    return 2 * (abs(p - t) / size)


@smape.gradient
def _(predictions, targets):
    p, t, size, scale = _scaled(predictions, targets)
    share = (abs(t) + t * sign(p)) / size  # 0 where the signs differ: the loss is 2 all over
    return 2 * (sign(p - t) * share * scale) / size


@smape.hessian_diagonal
def _(predictions, targets):
    p, t, size, scale = _scaled(predictions, targets)
    share = (abs(t) * sign(p) + abs(sign(p)) * t) / size
    return -4 * (sign(p - t) * share) * (scale / size) * (scale / size)


@loss_definition(
    tasks=("regression",),
    domains={"predictions": "above_minus_one", "targets": "above_minus_one"},
    aliases=("mean_squared_logarithmic_error", "meansquaredlogarithmicerror", "mean_squared_log_error"),
    reference="Törnqvist, Vartia & Vartia 1985, doi:10.1080/00031305.1985.10479385 (the difference of logarithms)",
    same_as={"sklearn": "metrics.mean_squared_log_error", "keras": "losses.mean_squared_logarithmic_error"},
)
def msle(predictions, targets):
    """The squared difference of log(1 + prediction) and log(1 + target); both must be larger than -1."""
    return (log1p(predictions) - log1p(targets)) ** 2


def _log_ratio(predictions, targets):
    """log((1 + predictions) / (1 + targets)); of like numbers the logarithms would cancel."""
    return log_ratio((predictions - targets) / (1 + targets), log1p(predictions) - log1p(targets))


@msle.kernel
def _(predictions, targets):
    return _log_ratio(predictions, targets) ** 2


@msle.gradient
def _(predictions, targets):
    return 2 * (_log_ratio(predictions, targets) / (1 + predictions))


@msle.hessian_diagonal
def _(predictions, targets):
    return 2 * ((1 - _log_ratio(predictions, targets)) / (1 + predictions) / (1 + predictions))


@loss_definition(
    kind=SummaryLoss,
    statistic="root_mean_square",
    tasks=("regression",),
    domains={"predictions": "above_minus_one", "targets": "above_minus_one"},
    aliases=("root_mean_squared_log_error", "rootmeansquaredlogerror", "root_mean_squared_logarithmic_error"),
    reference="Törnqvist, Vartia & Vartia 1985, doi:10.1080/00031305.1985.10479385 (the difference of logarithms)",
    same_as={"sklearn": "metrics.root_mean_squared_log_error"},
)
def rmsle(predictions, targets):
    """The root of the mean squared difference of log(1 + prediction) and log(1 + target)."""
    return log1p(predictions) - log1p(targets)


@rmsle.kernel
def _(predictions, targets):
    return _log_ratio(predictions, targets)


@rmsle.gradient
def _(predictions, targets):
    return 1 / (1 + predictions)
