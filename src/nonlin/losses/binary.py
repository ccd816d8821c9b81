"""Binary classification: losses of one logit or one probability."""

from ..activations import sigmoid, softplus
from ..definition import Parameter, loss_definition
from ..definition.primitives import exp, expm1, log, log1p, where

__all__ = ["binary_cross_entropy", "binary_cross_entropy_from_probabilities", "soft_margin"]

_REFERENCE = "Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x; Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x"


def _shares(targets, pos_weight, label_smoothing):
    """The weights of the positive and of the negative class."""
    kept, added = 1 - label_smoothing, label_smoothing / 2
    return pos_weight * (kept * targets + added), kept * (1 - targets) + added


def binary_slope(logits, positive, negative):
    """The derivative of positive * softplus(-logits) + negative * softplus(logits)."""
    # negative * sigmoid(logits) - positive * sigmoid(-logits). Around 0 both sigmoids are 1/2, which is kept apart for
    # shares that are equal; far out, one of them is too small for that.
    e, rest = exp(-abs(logits)), expm1(-abs(logits))
    near = (negative - positive) + where(logits > 0, -positive, negative) * rest
    far = where(logits > 0, negative, negative * e) - where(logits > 0, positive * e, positive)
    return where(abs(logits) < 1, near, far) / (1 + e)


@loss_definition(
    tasks=("classification",),
    domains={"targets": "probability", "pos_weight": "non_negative"},
    output="sigmoid",
    convex=True,
    lipschitz=1.0,
    proper="probability",
    aliases=(
        "bce_with_logits",
        "bcewithlogitsloss",
        "binary_cross_entropy_with_logits",
        "sigmoid_binary_cross_entropy",
        "sigmoid_cross_entropy",
        "sigmoid_cross_entropy_with_logits",
        "weighted_cross_entropy_with_logits",
        "binary_logistic_loss",
    ),
    reference=f"{_REFERENCE}; label smoothing: Szegedy et al. 2016, arXiv:1512.00567",
    same_as={
        "torch": "nn.functional.binary_cross_entropy_with_logits",
        "keras": "losses.binary_crossentropy(from_logits=True)",
        "optax": "sigmoid_binary_cross_entropy",
        "tensorflow": "nn.weighted_cross_entropy_with_logits",
    },
    parameters={
        "label_smoothing": Parameter(0.0, low=0, high=1, text="the share of each target spread over both classes")
    },
)
def binary_cross_entropy(logits, targets, pos_weight=1, *, label_smoothing=0.0):
    """Minus the log of the sigmoid probability of the right one of two classes, averaged over all entries.

    What a positive target adds is multiplied by `pos_weight`.
    """
    positive, negative = _shares(targets, pos_weight, label_smoothing)
    return positive * log1p(exp(-logits)) + negative * log1p(exp(logits))


@binary_cross_entropy.kernel
def _(logits, targets, pos_weight=1, *, label_smoothing=0.0):
    positive, negative = _shares(targets, pos_weight, label_smoothing)
    wrong = where(logits > 0, negative, positive)  # the share of the class that the logit denies
    return where(wrong > 0, wrong * abs(logits), 0) + (positive + negative) * log1p(exp(-abs(logits)))


@binary_cross_entropy.gradient
def _(logits, targets, pos_weight=1, *, label_smoothing=0.0):
    positive, negative = _shares(targets, pos_weight, label_smoothing)
    return binary_slope(logits, positive, negative)


@binary_cross_entropy.hessian_diagonal
def _(logits, targets, pos_weight=1, *, label_smoothing=0.0):
    positive, negative = _shares(targets, pos_weight, label_smoothing)
    return (positive + negative) * sigmoid.derivative(logits)


def slope_in_probability(p, targets):
    """The derivative of the binary cross-entropy in the probability, (1 - y) / (1 - p) - y / p in one fraction."""
    soft = (p - targets) / (p * (1 - p))
    hard = where(targets > 0, -1 / p, 1 / (1 - p))
    return where(targets * (1 - targets) > 0, soft, hard)


@loss_definition(
    tasks=("classification",),
    domains={"predictions": "probability", "targets": "probability"},
    convex=True,
    proper="probability",
    aliases=("bce", "bceloss", "bce_loss", "binary_crossentropy", "binarycrossentropy"),
    reference=_REFERENCE,
    same_as={
        "torch": "nn.functional.binary_cross_entropy (which clips the log at -100)",
        "keras": "losses.binary_crossentropy (which clips probabilities at 1e-7)",
        "sklearn": "metrics.log_loss (which clips probabilities at the spacing of 1)",
    },
)
def binary_cross_entropy_from_probabilities(predictions, targets):
    """Minus the log of the probability given to the right one of two classes, averaged over all entries.

    Nothing is clipped. A certain and wrong prediction, 0 for a target above 0 or 1 for one below 1, loses infinitely
    much, with an infinite gradient; a certain and right one loses 0, with the gradient 1 or -1 of the limit.
    """
    positive = where(targets > 0, targets * log(predictions), 0)
    negative = where(targets < 1, (1 - targets) * log1p(-predictions), 0)
    return 0 - (positive + negative)


@binary_cross_entropy_from_probabilities.gradient
def _(predictions, targets):
    return slope_in_probability(predictions, targets)


@binary_cross_entropy_from_probabilities.hessian_diagonal
def _(predictions, targets):
    positive = where(targets > 0, targets / predictions / predictions, 0)
    negative = where(targets < 1, (1 - targets) / (1 - predictions) / (1 - predictions), 0)
    return positive + negative


@loss_definition(
    tasks=("classification",),
    domains={"targets": "sign"},
    output="sigmoid",
    convex=True,
    lipschitz=1.0,
    proper="probability",
    aliases=("soft_margin_loss", "softmarginloss", "logistic", "logistic_loss", "sigmoid_loss"),
    reference="Friedman, Hastie & Tibshirani 2000, doi:10.1214/aos/1016218223, equation 30",
    same_as={"torch": "nn.functional.soft_margin_loss"},
)
def soft_margin(logits, targets):
    """log(1 + exp(-logits * targets)) of targets -1 and 1: the binary cross-entropy, averaged over all entries."""
    return softplus(-(targets * logits))


@soft_margin.gradient
def _(logits, targets):
    return -(targets * sigmoid(-(targets * logits)))


@soft_margin.hessian_diagonal
def _(logits, targets):
    return sigmoid.derivative(logits)
