"""Cross-entropies that weigh easy and hard examples differently.

w is what a prediction lacks to be right: 1 minus the probability of the right class, always computed from the
probabilities of the wrong ones, so that it keeps its digits where they are small.
"""

from ..activations import log_softmax, sigmoid, softmax, softplus
from ..definition import Parameter, RowLoss, loss_definition
from ..definition.primitives import exp, expm1, is_row_argmax, log, log1p, maximum, minimum, row_sum, where
from .binary import (
    binary_cross_entropy,
    binary_cross_entropy_from_probabilities,
    binary_slope,
    slope_in_probability,
)
from .divergences import log1p_shortfall
from .formulas import power, smoothed

__all__ = [
    "asymmetric",
    "asymmetric_single_label",
    "binary_focal",
    "binary_focal_from_probabilities",
    "binary_poly",
    "focal",
    "generalized_cross_entropy",
    "poly",
]

_FOCAL = "Lin, Goyal, Girshick, He & Dollár 2017, arXiv:1708.02002"
_POLY = "Leng, Tan, Liu, Cubuk, Shi, Cheng & Anguelov 2022, arXiv:2204.12511"
_ASYMMETRIC = "Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter & Zelnik-Manor 2021, arXiv:2009.14119"

_GAMMA = Parameter(2.0, low=0, text="the power of w; 0 gives the cross-entropy")
_ALPHA = Parameter(-1.0, low=-1, high=1, text="the weight of positives, that of negatives is 1 - alpha; none below 0")
_EPSILON = Parameter(2.0, low=-1, text="what is added to the coefficient 1 of w; 0 gives the cross-entropy")
_GAMMA_POS = Parameter(1.0, low=0, text="the focusing power of the positive class")
_GAMMA_NEG = Parameter(4.0, low=0, text="the focusing power of negative classes")


def _power(x, exponent):
    """x to a power of 0 or more, for x >= 0; 1 for the power 0."""
    return where(exponent > 0, power(x, exponent), 1)


def _balanced(targets, alpha, term):
    """A term times the weight of its target, alpha for positive ones."""
    weight = where(alpha < 0, 1, alpha * targets + (1 - alpha) * (1 - targets))
    return where(weight > 0, weight * term, 0)


def _lack(logits, targets):
    """w of a sigmoid's probability."""
    return targets * sigmoid(-logits) + (1 - targets) * sigmoid(logits)


def _log_slope_of_lack(logits, targets):
    """The derivative of log w in the logit, in a form that has no 0 / 0 far out."""
    positive = where(targets > 0, targets * exp(-logits), 0)
    negative = where(targets < 1, (1 - targets) * exp(logits), 0)
    return (1 - 2 * targets) / (1 + positive + negative)


@loss_definition(
    tasks=("classification",),
    domains={"targets": "probability"},
    output="sigmoid",
    lipschitz=1.1289832185510076,
    aliases=("sigmoid_focal_loss", "binary_focal_loss"),
    reference=_FOCAL,
    same_as={
        "torchvision": "ops.sigmoid_focal_loss(alpha=-1)",
        "optax": "sigmoid_focal_loss",
        "keras": "losses.binary_focal_crossentropy(from_logits=True)",
    },
    parameters={"gamma": _GAMMA, "alpha": _ALPHA},
)
def binary_focal(logits, targets, *, gamma=2.0, alpha=-1.0):
    """The binary cross-entropy times w**gamma, so that examples that are right already count little.

    Positives are weighted by `alpha` and negatives by 1 - `alpha`, unless `alpha` is below 0 (the default, as in optax
    and Keras; torchvision's is 0.25).
    """
    cross_entropy = binary_cross_entropy(logits, targets)
    return _balanced(targets, alpha, _power(_lack(logits, targets), gamma) * cross_entropy)


@binary_focal.gradient
def _(logits, targets, *, gamma=2.0, alpha=-1.0):
    focusing = gamma * _log_slope_of_lack(logits, targets) * binary_cross_entropy(logits, targets)
    slope = focusing + binary_slope(logits, targets, 1 - targets)
    return _balanced(targets, alpha, _power(_lack(logits, targets), gamma) * slope)


@loss_definition(
    tasks=("classification",),
    domains={"predictions": "probability", "targets": "probability"},
    convex=True,
    aliases=("binary_focal_crossentropy", "binaryfocalcrossentropy"),
    reference=_FOCAL,
    same_as={"keras": "losses.binary_focal_crossentropy (which clips probabilities at 1e-7)"},
    parameters={"gamma": _GAMMA, "alpha": _ALPHA},
)
def binary_focal_from_probabilities(predictions, targets, *, gamma=2.0, alpha=-1.0):
    """`binary_focal` of probabilities instead of logits; nothing is clipped."""
    lack = targets * (1 - predictions) + (1 - targets) * predictions
    cross_entropy = binary_cross_entropy_from_probabilities(predictions, targets)
    return _balanced(targets, alpha, _focused(lack, gamma, cross_entropy))


def _focused(lack, gamma, number):
    """The number times a power of what a probability lacks, which may be less than any float beside infinity."""
    return where(abs(number) < 2.0**1000, _power(lack, gamma) * number, number)


@binary_focal_from_probabilities.gradient
def _(predictions, targets, *, gamma=2.0, alpha=-1.0):
    lack = targets * (1 - predictions) + (1 - targets) * predictions
    # At 0 and 1 this is less than the slope of the cross-entropy, or times a lack of 0.
    uncertain = predictions * (1 - predictions) > 0
    relative = binary_cross_entropy_from_probabilities(predictions, targets) / where(lack > 0, lack, 1)
    focusing = where(uncertain, gamma * (1 - 2 * targets) * relative, 0)
    slope = focusing + slope_in_probability(predictions, targets)
    return _balanced(targets, alpha, _focused(lack, gamma, slope))


def _poly_term(logits, epsilon):
    """Minus log p plus epsilon times w of one class, for p = sigmoid(logits)."""
    lack = sigmoid(-logits)
    rest = where(logits > 0, log1p_shortfall(-where(logits > 0, lack, 0)), softplus(-logits) - lack)
    return (1 + epsilon) * lack + rest


@loss_definition(
    tasks=("classification",),
    domains={"targets": "probability"},
    output="sigmoid",
    lipschitz=9 / 8,
    aliases=("poly_binary_cross_entropy", "polybinarycrossentropy", "poly_bce"),
    reference=_POLY,
    same_as={"timm": "loss.PolyBinaryCrossEntropy"},
    parameters={"epsilon": _EPSILON},
)
def binary_poly(logits, targets, *, epsilon=2.0):
    """The binary cross-entropy plus epsilon times w: the first of its powers of w with another coefficient."""
    return binary_cross_entropy(logits, targets) + epsilon * _lack(logits, targets)


@binary_poly.kernel
def _(logits, targets, *, epsilon=2.0):
    positive = where(targets > 0, targets * _poly_term(logits, epsilon), 0)
    return positive + where(targets < 1, (1 - targets) * _poly_term(-logits, epsilon), 0)


@binary_poly.gradient
def _(logits, targets, *, epsilon=2.0):
    p, q = sigmoid(logits), sigmoid(-logits)
    near = binary_slope(logits, targets, 1 - targets) + epsilon * (1 - 2 * targets) * p * q
    # For epsilon = -1 both terms cancel far out. 1 + epsilon p = (1 + epsilon) - epsilon q keeps what is left.
    far = (1 - targets) * p * ((1 + epsilon) - epsilon * p) - targets * q * ((1 + epsilon) - epsilon * q)
    return where(abs(logits) < 1, near, far)


def _probabilities(logits):
    """The log of a softmax, the softmax, and 1 minus it, from the others where it is the largest."""
    p, best = softmax(logits), is_row_argmax(logits)
    return log_softmax(logits), p, where(best, row_sum(where(best, 0, p)), 1 - p)


def _through_softmax(slopes, p, lack):
    """The gradient in the logits from the derivatives in the logs of the probabilities."""
    steepest = is_row_argmax(abs(slopes))
    others = where(steepest, row_sum(where(steepest, 0, slopes)), row_sum(slopes) - slopes)
    return slopes * lack - p * others


def _relative_log(log_p, p, lack):
    """p log p / w: -1 where w is 0, and 0 where p is."""
    return where(lack > 0, where(p > 0, p * log_p, 0) / where(lack > 0, lack, 1), -1)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability", "alpha": "non_negative"},
    distributions=("targets",),
    output="softmax",
    lipschitz=1.1289832185510076,
    aliases=("focal_loss", "softmax_focal_loss", "categorical_focal"),
    reference=_FOCAL,
    same_as={"keras": "losses.categorical_focal_crossentropy(from_logits=True), whose alpha is 0.25"},
    parameters={"gamma": _GAMMA},
)
def focal(logits, targets, alpha=1, *, gamma=2.0):
    """The cross-entropy of a softmax, the term of each class times w**gamma of that class.

    `alpha` weighs the classes: a number, or one for each.
    """
    log_p, _, lack = _probabilities(logits)
    weights = alpha * targets
    return 0 - row_sum(where(weights > 0, weights * _power(lack, gamma) * log_p, 0))


@focal.gradient
def _(logits, targets, alpha=1, *, gamma=2.0):
    log_p, p, lack = _probabilities(logits)
    slopes = alpha * targets * _power(lack, gamma) * (gamma * _relative_log(log_p, p, lack) - 1)
    return _through_softmax(where(targets > 0, slopes, 0), p, lack)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    output="softmax",
    lipschitz=9 / 8,
    aliases=("poly_loss", "poly_loss_cross_entropy", "poly_cross_entropy", "polycrossentropy"),
    reference=_POLY,
    same_as={"optax": "poly_loss_cross_entropy", "timm": "loss.PolyCrossEntropy"},
    parameters={"epsilon": _EPSILON},
)
def poly(logits, targets, *, epsilon=2.0):
    """The cross-entropy of a softmax plus epsilon times w: the first of its powers of w with another coefficient."""
    log_p, _, lack = _probabilities(logits)
    return row_sum(where(targets > 0, targets * (epsilon * lack - log_p), 0))


@poly.kernel
def _(logits, targets, *, epsilon=2.0):
    log_p, _, lack = _probabilities(logits)
    likely = lack < 1 / 2
    rest = where(likely, log1p_shortfall(where(likely, -lack, 0)), -log_p - lack)
    return row_sum(where(targets > 0, targets * ((1 + epsilon) * lack + rest), 0))


@poly.gradient
def _(logits, targets, *, epsilon=2.0):
    _, p, lack = _probabilities(logits)
    slopes = targets * (epsilon * lack - (1 + epsilon))
    return _through_softmax(slopes, p, lack)


def _shifted(logits, clip):
    """The probability less the margin, and minus the log of 1 minus that."""
    shifted = maximum(sigmoid(logits) - clip, 0)
    e = exp(-abs(logits))
    above = where(clip > 0, log(where(clip > 0, e + clip * (1 + e), 1)), -abs(logits))
    return shifted, where(shifted < 1 / 2, -log1p(-where(shifted < 1 / 2, shifted, 0)), log1p(e) - above)


@loss_definition(
    tasks=("classification",),
    domains={"targets": "probability"},
    output="sigmoid",
    lipschitz=1.0453333916619896,
    aliases=("asl", "asymmetric_loss", "asymmetricloss", "asymmetriclossmultilabel"),
    reference=_ASYMMETRIC,
    same_as={"timm": "loss.AsymmetricLossMultiLabel(reduction='mean') (for targets 0 and 1; clips the log at 1e-8)"},
    parameters={
        "gamma_neg": _GAMMA_NEG,
        "gamma_pos": _GAMMA_POS,
        "clip": Parameter(0.05, low=0, high=1, text="the probability below which a negative loses nothing"),
    },
)
def asymmetric(logits, targets, *, gamma_neg=4.0, gamma_pos=1.0, clip=0.05):
    """The binary focal loss with powers of their own for positives and negatives, and a margin for negatives.

    The probability of a negative is lowered by `clip`, to 0 at least.
    """
    shifted, left = maximum(sigmoid(logits) - clip, 0), minimum(sigmoid(-logits) + clip, 1)
    positive = _power(sigmoid(-logits), gamma_pos) * softplus(-logits)
    return targets * positive - (1 - targets) * _power(shifted, gamma_neg) * log(left)


@asymmetric.kernel
def _(logits, targets, *, gamma_neg=4.0, gamma_pos=1.0, clip=0.05):
    shifted, loss = _shifted(logits, clip)
    positive = _power(sigmoid(-logits), gamma_pos) * softplus(-logits)
    return targets * positive + (1 - targets) * _power(shifted, gamma_neg) * loss


@asymmetric.gradient
def _(logits, targets, *, gamma_neg=4.0, gamma_pos=1.0, clip=0.05):
    p, q = sigmoid(logits), sigmoid(-logits)
    positive = _power(q, gamma_pos) * (q + gamma_pos * p * softplus(-logits))
    shifted, loss = _shifted(logits, clip)
    relative = where(shifted > 0, loss / where(shifted > 0, shifted, 1), 1)
    # gamma_neg q relative + q / (q + clip), multiplied by q = half * half / (1 + e) at last: it may be subnormal.
    e, half = exp(-abs(logits)), exp(-maximum(logits, 0) / 2)
    factor = gamma_neg * relative / (1 + e) + 1 / where(clip > 0, (1 + e) * (q + clip), 1)
    slope = where(clip > 0, half * (half * factor), gamma_neg * q * relative + 1)
    negative = _power(shifted, gamma_neg) * p * slope
    return (1 - targets) * where(p > clip, negative, 0) - targets * positive


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "binary"},
    distributions=("targets",),
    output="softmax",
    lipschitz=0.9915855894479,
    aliases=("asymmetriclosssinglelabel",),
    reference=_ASYMMETRIC,
    same_as={"timm": "loss.AsymmetricLossSingleLabel (whose eps is the label_smoothing)"},
    parameters={
        "gamma_pos": _GAMMA_POS,
        "gamma_neg": _GAMMA_NEG,
        "label_smoothing": Parameter(0.1, low=0, high=1, text="the share of the target spread over all classes"),
    },
)
def asymmetric_single_label(logits, targets, *, gamma_pos=1.0, gamma_neg=4.0, label_smoothing=0.1):
    """The cross-entropy of a softmax with smoothed labels, with w**gamma_pos for the right class, p**gamma_neg else."""
    log_p, _, lack = _probabilities(logits)
    easy = exp(gamma_neg * log_p)
    terms = where(targets > 0, _power(lack, gamma_pos) * log_p, where(easy > 0, easy * log_p, 0))
    return 0 - row_sum(smoothed(targets, label_smoothing) * terms)


@asymmetric_single_label.gradient
def _(logits, targets, *, gamma_pos=1.0, gamma_neg=4.0, label_smoothing=0.1):
    log_p, p, lack = _probabilities(logits)
    easy = exp(gamma_neg * log_p)
    positive = _power(lack, gamma_pos) * (gamma_pos * _relative_log(log_p, p, lack) - 1)
    negative = where(easy > 0, 0 - easy * (1 + gamma_neg * log_p), 0)
    slopes = smoothed(targets, label_smoothing) * where(targets > 0, positive, negative)
    return _through_softmax(slopes, p, lack)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"predictions": "probability", "targets": "probability"},
    distributions=("predictions", "targets"),
    convex=True,
    aliases=("categorical_generalized_cross_entropy", "categoricalgeneralizedcrossentropy", "gce"),
    reference="Zhang & Sabuncu 2018, arXiv:1805.07836, whose experiments take q = 0.7",
    same_as={"keras": "losses.CategoricalGeneralizedCrossEntropy"},
    parameters={"q": Parameter(0.5, above=0, high=1, text="towards 0 the cross-entropy, 1 the absolute error")},
)
def generalized_cross_entropy(predictions, targets, *, q=0.5):
    """(1 - p**q) / q of the probability p of the right class: between cross-entropy and a robust absolute error."""
    return 0 - row_sum(targets * expm1(q * log(predictions))) / q


@generalized_cross_entropy.gradient
def _(predictions, targets, *, q=0.5):
    slope = where(q < 1, exp((q - 1) * log(predictions)), 1)
    return where(targets > 0, -(targets * slope), 0)


@generalized_cross_entropy.hessian_diagonal
def _(predictions, targets, *, q=0.5):
    curvature = where(q < 1, (1 - q) * exp((q - 2) * log(predictions)), 0)
    return where(targets > 0, targets * curvature, 0)
