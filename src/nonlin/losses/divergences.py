"""Losses of probabilities: cross-entropy, divergences, the Brier score.

Nothing is clipped: where a target is 0 its term is 0 and has no gradient, whatever the prediction; where a target
above 0 is predicted with probability 0, the loss is infinite.
"""

from ..activations.exponentials import curvature_of_exp
from ..definition import RowLoss, loss_definition
from ..definition.constants import LOG_2
from ..definition.primitives import exp, expm1, log, log1p, minimum, row_max, row_sum, where

__all__ = [
    "brier",
    "cross_entropy_from_probabilities",
    "generalized_kl_divergence",
    "js_divergence",
    "kl_divergence",
    "kl_divergence_from_log_probabilities",
    "kl_divergence_with_log_targets",
    "nll",
]

_BOTH = {"predictions": "probability", "targets": "probability"}
_KULLBACK_LEIBLER = "Kullback & Leibler 1951, doi:10.1214/aoms/1177729694"


def _if_targeted(targets, term):
    """A term where the target is above 0, else 0."""
    return where(targets > 0, term, 0)


def _slope(predictions, targets):
    """The derivative of a cross-entropy in the probabilities."""
    return _if_targeted(targets, -(targets / predictions))


def _curvature(predictions, targets):
    """The second derivative of a cross-entropy in each probability."""
    return _if_targeted(targets, targets / predictions / predictions)


def log1p_shortfall(u):
    """u - log1p(u), with the digits that the difference loses for small u."""
    s = u / (2 + u)  # log1p(u) = 2 artanh(s), and u - 2 s = u s
    series = u * s - 2 * s**3 * (35 + 21 * s**2 + 15 * s**4) / 105
    return where(u * u < 1e-8, series, u - log1p(u))


def _expm1_excess(u):
    """expm1(u) - u, with the digits that the difference loses for small u."""
    return where(abs(u) < 1 / 64, u * u * curvature_of_exp(u), expm1(u) - u)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains=_BOTH,
    distributions=("predictions", "targets"),
    convex=True,
    proper="probability",
    aliases=(
        "cross_entropy_of_probabilities",
        "categorical_crossentropy",
        "categoricalcrossentropy",
        "sparse_categorical_crossentropy",
        "sparsecategoricalcrossentropy",
        "log_loss",
    ),
    reference="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x; Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x",
    same_as={
        "keras": "losses.categorical_crossentropy (which clips probabilities at 1e-7)",
        "sklearn": "metrics.log_loss (which clips probabilities at the spacing of 1)",
    },
)
def cross_entropy_from_probabilities(predictions, targets):
    """Minus the log of the probability given to the right class, or the entropy of targets relative to predictions."""
    return 0 - row_sum(_if_targeted(targets, targets * log(predictions)))


@cross_entropy_from_probabilities.gradient
def _(predictions, targets):
    return _slope(predictions, targets)


@cross_entropy_from_probabilities.hessian_diagonal
def _(predictions, targets):
    return _curvature(predictions, targets)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability", "class_weights": "non_negative"},
    distributions=("targets",),
    output="exponential",
    convex=True,
    lipschitz=1.0,
    aliases=("nll_loss", "nllloss", "negative_log_likelihood"),
    reference="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
    same_as={"torch": "nn.functional.nll_loss", "onnx": "NegativeLogLikelihoodLoss"},
)
def nll(log_predictions, targets, class_weights=1):
    """Minus the log-probability given to the right class, averaged over the rows.

    Among rows that are logarithms of distributions the true ones lose least; that they are is not checked.
    """
    weighted = class_weights * targets
    return 0 - row_sum(_if_targeted(weighted, weighted * log_predictions))


@nll.gradient
def _(log_predictions, targets, class_weights=1):
    return 0 - class_weights * targets


@nll.hessian_diagonal
def _(log_predictions, targets, class_weights=1):
    return 0 * targets


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains=_BOTH,
    distributions=("predictions", "targets"),
    convex=True,
    proper="probability",
    aliases=("kld", "kldivergence", "kullback_leibler_divergence", "relative_entropy"),
    reference=_KULLBACK_LEIBLER,
    same_as={
        "keras": "losses.kl_divergence (which clips probabilities at 1e-7)",
        "scipy": "stats.entropy(targets, predictions)",
    },
)
def kl_divergence(predictions, targets):
    """The cross-entropy of targets relative to predictions, less the entropy of the targets.

    PyTorch's and optax's functions of this name take log-probabilities: `kl_divergence_from_log_probabilities`.
    """
    return row_sum(_if_targeted(targets, targets * (log(where(targets > 0, targets, 1)) - log(predictions))))


@kl_divergence.kernel
def _(predictions, targets):
    # Where both are close, t log(t / p) = t (u - log1p(u)) + (t - p) with u = (p - t) / t: the first terms are never
    # negative, and the second ones, whose sum is 0 for distributions, are summed on their own.
    close = abs(predictions - targets) < targets / 2
    u = where(close, predictions - targets, 0) / where(close, targets, 1)
    apart = targets * (log(where(targets > 0, targets, 1)) - log(predictions))
    distances = where(close, targets * log1p_shortfall(u), _if_targeted(targets, apart))
    return row_sum(distances) + row_sum(where(close, targets - predictions, 0))


@kl_divergence.gradient
def _(predictions, targets):
    return _slope(predictions, targets)


@kl_divergence.hessian_diagonal
def _(predictions, targets):
    return _curvature(predictions, targets)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    output="exponential",
    convex=True,
    lipschitz=1.0,
    aliases=("kl_div", "kldivloss", "kl_div_loss"),
    reference=_KULLBACK_LEIBLER,
    same_as={"torch": "nn.functional.kl_div (averaged over the batch: 'batchmean')", "optax": "kl_divergence"},
)
def kl_divergence_from_log_probabilities(log_predictions, targets):
    """The Kullback-Leibler divergence of targets from predictions that are given as log-probabilities.

    That these are logarithms of distributions is not checked.
    """
    return row_sum(_if_targeted(targets, targets * (log(where(targets > 0, targets, 1)) - log_predictions)))


@kl_divergence_from_log_probabilities.gradient
def _(log_predictions, targets):
    return 0 - targets


@kl_divergence_from_log_probabilities.hessian_diagonal
def _(log_predictions, targets):
    return 0 * targets


@loss_definition(
    kind=RowLoss,
    output="exponential",
    convex=True,
    reference=_KULLBACK_LEIBLER,
    same_as={
        "torch": "nn.functional.kl_div(log_target=True) (averaged over the batch: 'batchmean')",
        "optax": "kl_divergence_with_log_targets",
    },
)
def kl_divergence_with_log_targets(log_predictions, targets):
    """The Kullback-Leibler divergence of targets from predictions, both given as log-probabilities."""
    p = exp(targets)
    return row_sum(_if_targeted(p, p * (targets - log_predictions)))


@kl_divergence_with_log_targets.kernel
def _(log_predictions, targets):
    # Relative to the largest target: exp of numbers that are no log-probabilities may be infinite.
    top = row_max(targets)
    p = where(targets >= top, 1, exp(targets - top))
    relative = row_sum(_if_targeted(p, p * (targets - log_predictions)))
    return exp(where(abs(relative) > 0, top, 0)) * relative


@kl_divergence_with_log_targets.gradient
def _(log_predictions, targets):
    return 0 - exp(targets)


@kl_divergence_with_log_targets.hessian_diagonal
def _(log_predictions, targets):
    return 0 * exp(targets)


@loss_definition(
    kind=RowLoss,
    domains={"targets": "non_negative"},
    output="exponential",
    convex=True,
    proper="mean",
    aliases=("convex_kl_divergence", "i_divergence"),
    reference="Csiszár 1991, doi:10.1214/aos/1176348385; Boyd & Vandenberghe 2004, Convex Optimization, page 90",
    same_as={"optax": "generalized_kl_divergence"},
)
def generalized_kl_divergence(log_predictions, targets):
    """The Kullback-Leibler divergence of non-negative numbers that need not sum to 1, from the logs of predictions.

    It adds the sum of the predictions and takes away that of the targets, and so is never negative.
    """
    p = exp(log_predictions)
    return row_sum(
        where(targets > 0, targets * (log(where(targets > 0, targets, 1)) - log_predictions) - targets, 0) + p
    )


@generalized_kl_divergence.kernel
def _(log_predictions, targets):
    u = log_predictions - log(where(targets > 0, targets, 1))
    close = where(targets > 0, abs(u), 1) < 1 / 2
    near = targets * _expm1_excess(where(close, u, 0))
    p = exp(log_predictions)
    apart = where(p < 2.0**1023, p - _if_targeted(targets, targets * (1 + u)), p)
    return row_sum(where(close, near, apart))


@generalized_kl_divergence.gradient
def _(log_predictions, targets):
    u = log_predictions - log(where(targets > 0, targets, 1))
    close = where(targets > 0, abs(u), 1) < 1 / 2
    return where(close, targets * expm1(where(close, u, 0)), exp(log_predictions) - targets)


@generalized_kl_divergence.hessian_diagonal
def _(log_predictions, targets):
    return exp(log_predictions)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains=_BOTH,
    distributions=("predictions", "targets"),
    convex=True,
    aliases=("jensen_shannon_divergence", "jsd", "js_div"),
    reference="Lin 1991, doi:10.1109/18.61115; as a loss: Englesson & Azizpour 2021, arXiv:2105.04522",
    same_as={"scipy": "spatial.distance.jensenshannon (its square root)"},
)
def js_divergence(predictions, targets):
    """The mean of the Kullback-Leibler divergences of predictions and targets from their mean; at most log 2."""
    middle = (predictions + targets) / 2
    first = where(predictions > 0, predictions * log(where(predictions > 0, predictions / middle, 1)), 0)
    second = _if_targeted(targets, targets * log(where(targets > 0, targets / middle, 1)))
    return row_sum(first + second) / 2


def _relative_difference(predictions, targets):
    """Their difference over their sum, from -1 to 1; 1 where both are 0, as just above that for predictions."""
    both = predictions + targets
    return where(both > 0, (predictions - targets) / where(both > 0, both, 1), 1)


@js_divergence.kernel
def _(predictions, targets):
    # With p = m (1 + v) and t = m (1 - v), a term is m ((1 + v) log1p(v) + (1 - v) log1p(-v)) / 2: even in v.
    both = predictions + targets
    v = abs(_relative_difference(predictions, targets))
    small, rest = minimum(v, 1 / 2), 2 * minimum(predictions, targets) / where(both > 0, both, 1)
    near = small * (log1p(small) - log1p(-small)) + log1p(-small * small)
    apart = (1 + v) * log1p(v) + where(rest > 0, rest * log(where(rest > 0, rest, 1)), 0)
    return row_sum(both * where(v < 1 / 2, near, apart)) / 4


@js_divergence.gradient
def _(predictions, targets):
    v = _relative_difference(predictions, targets)
    far = log(predictions) + LOG_2 - log(predictions + targets)
    return where(v < -1 / 2, far, log1p(v)) / 2


@js_divergence.hessian_diagonal
def _(predictions, targets):
    both = where(targets > 0, predictions + targets, 1)
    return _if_targeted(targets, targets / both / predictions) / 2


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains=_BOTH,
    distributions=("predictions", "targets"),
    convex=True,
    lipschitz=2.0,
    proper="probability",
    aliases=("brier_score", "brier_score_loss", "quadratic_score"),
    reference="Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
    same_as={"sklearn": "metrics.brier_score_loss(scale_by_half=False)"},
)
def brier(predictions, targets):
    """The sum of the squared errors of a row of probabilities; scikit-learn halves it for two classes."""
    return row_sum((predictions - targets) ** 2)


@brier.gradient
def _(predictions, targets):
    return 2 * (predictions - targets)


@brier.hessian_diagonal
def _(predictions, targets):
    return 2 + 0 * predictions
