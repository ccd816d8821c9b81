"""The cross-entropy of a softmax.

The largest logit is subtracted first. Everything else is then made of terms of one sign: the loss is the distance of
the right class below the largest plus log1p of the sum over all others, and the gradient of the only right class is
minus the sum over all others, so that small losses and gradients keep their digits.
"""

from ..activations import log_softmax
from ..definition import Parameter, RowLoss, loss_definition
from ..definition.primitives import exp, is_row_argmax, log1p, row_max, row_sum, where
from .formulas import smoothed

__all__ = ["cross_entropy"]


def _weighted(targets, class_weights, label_smoothing):
    """The targets, a share of them spread over all classes, each times the weight of its class."""
    return class_weights * smoothed(targets, label_smoothing)


def _below_top(logits):
    """Each logit less the largest of its row; the largest ones, infinite ones too, are 0."""
    top = row_max(logits)
    return where(logits >= top, 0, logits - top)


def _others(logits, e):
    """The sum of e over all but the first largest logit, whose e is 1."""
    return row_sum(where(is_row_argmax(logits), 0, e))


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability", "class_weights": "non_negative"},
    distributions=("targets",),
    output="softmax",
    convex=True,
    lipschitz=1.0,
    proper="probability",
    aliases=(
        "softmax_cross_entropy",
        "softmax_cross_entropy_with_integer_labels",
        "safe_softmax_cross_entropy",
        "crossentropyloss",
        "multiclass_logistic_loss",
        "label_smoothing_cross_entropy",
        "labelsmoothingcrossentropy",
        "soft_target_cross_entropy",
        "softtargetcrossentropy",
    ),
    reference="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x; Bridle 1990, doi:10.1007/978-3-642-76153-9_28; "
    "label smoothing: Szegedy et al. 2016, arXiv:1512.00567",
    same_as={
        "torch": "nn.functional.cross_entropy",
        "keras": "losses.categorical_crossentropy(from_logits=True)",
        "optax": "softmax_cross_entropy",
        "tensorflow": "nn.softmax_cross_entropy_with_logits",
        "onnx": "SoftmaxCrossEntropyLoss",
    },
    parameters={
        "label_smoothing": Parameter(0.0, low=0, high=1, text="the share of each target spread over all classes")
    },
)
def cross_entropy(logits, targets, class_weights=1, *, label_smoothing=0.0):
    """Minus the log of the softmax probability of the right class, averaged over the rows."""
    weighted = _weighted(targets, class_weights, label_smoothing)
    return 0 - row_sum(where(weighted > 0, weighted * log_softmax(logits), 0))


@cross_entropy.kernel
def _(logits, targets, class_weights=1, *, label_smoothing=0.0):
    weighted = _weighted(targets, class_weights, label_smoothing)
    below = _below_top(logits)
    distance = row_sum(where(weighted > 0, weighted * (0 - below), 0))
    return distance + row_sum(weighted) * log1p(_others(logits, exp(below)))


@cross_entropy.gradient
def _(logits, targets, class_weights=1, *, label_smoothing=0.0):
    weighted = _weighted(targets, class_weights, label_smoothing)
    weight = row_sum(weighted)
    e = exp(_below_top(logits))
    others = _others(logits, e)
    p, complement = e / (1 + others), ((1 - e) + others) / (1 + others)
    wrong = row_sum(where(weighted >= weight, 0, e)) / (1 + others)  # of the only right class
    # Where a target is near 1, (1 - t) - (1 - p) keeps what p - t would lose.
    soft = where(weighted > weight / 2, (weight - weighted) - weight * complement, weight * p - weighted)
    return where(weighted >= weight, 0 - weight * wrong, soft)


@cross_entropy.hessian_diagonal
def _(logits, targets, class_weights=1, *, label_smoothing=0.0):
    weight = row_sum(_weighted(targets, class_weights, label_smoothing))
    e = exp(_below_top(logits))
    others = _others(logits, e)
    return weight * (e / (1 + others)) * (((1 - e) + others) / (1 + others))
