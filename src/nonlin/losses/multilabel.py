"""Losses of several labels at once."""

from ..activations import sigmoid
from ..definition import RowLoss, loss_definition
from ..definition.primitives import exp, is_row_argmax, log, log1p, maximum, minimum, row_max, row_sum, where
from .binary import binary_cross_entropy
from .formulas import row_length

__all__ = ["multilabel_soft_margin", "zlpr"]


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    output="sigmoid",
    convex=True,
    lipschitz=1.0,
    proper="probability",
    aliases=("multilabel_soft_margin_loss", "multilabelsoftmarginloss"),
    reference="PyTorch, nn.MultiLabelSoftMarginLoss",
    same_as={"torch": "nn.functional.multilabel_soft_margin_loss"},
)
def multilabel_soft_margin(logits, targets):
    """The binary cross-entropy of a row of labels, averaged over the labels."""
    return row_sum(binary_cross_entropy(logits, targets)) / row_length(targets)


@multilabel_soft_margin.gradient
def _(logits, targets):
    slopes = where(logits > 0, (1 - targets) - sigmoid(-logits), sigmoid(logits) - targets)
    return slopes / row_length(targets)


@multilabel_soft_margin.hessian_diagonal
def _(logits, targets):
    return sigmoid(logits) * sigmoid(-logits) / row_length(targets)


def _log_one_plus_sum(x, counted):
    """log(1 + the sum of exp(x) over the counted entries of a row)."""
    largest, _, others = _exponentials(x, counted)
    return largest + log1p(others)


def _exponentials(x, counted):
    """The largest counted x, or 0 where that is more, the exponentials below it, and their sum without the largest.

    The 1 = exp(0) beside the counted entries takes part in both.
    """
    candidates = where(counted, x, 0)
    largest = maximum(row_max(candidates), 0)
    below = where(counted, exp(minimum(x - largest, 0)), 0)
    without_best = row_sum(where(is_row_argmax(candidates), 0, below)) + exp(-largest)
    return largest, below, where(largest > 0, without_best, row_sum(below))


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "binary"},
    output="sigmoid",
    convex=True,
    lipschitz=1.0,
    aliases=("zlpr_loss", "zlprloss", "multilabel_categorical_crossentropy"),
    reference="Su, Zhu, Wang & Xu 2022, arXiv:2208.02955",
    same_as={"timm": "loss.ZLPRLoss"},
)
def zlpr(logits, targets):
    """How far labels that apply fail to rank above 0 and those that do not below, smoothly."""
    wanted = row_sum(where(targets > 0, exp(-logits), 0))
    unwanted = row_sum(where(targets > 0, 0, exp(logits)))
    return log(1 + wanted) + log(1 + unwanted)


@zlpr.kernel
def _(logits, targets):
    return _log_one_plus_sum(-logits, targets > 0) + _log_one_plus_sum(logits, targets <= 0)


@zlpr.gradient
def _(logits, targets):
    _, wanted, other_wanted = _exponentials(-logits, targets > 0)
    _, unwanted, other_unwanted = _exponentials(logits, targets <= 0)
    return where(targets > 0, -wanted / (1 + other_wanted), unwanted / (1 + other_unwanted))


@zlpr.hessian_diagonal
def _(logits, targets):
    return where(targets > 0, _curvatures(-logits, targets > 0), _curvatures(logits, targets <= 0))


def _curvatures(x, counted):
    """p (1 - p) of the share p that an entry has in 1 + the sum of exp(x)."""
    _, below, others = _exponentials(x, counted)
    share = below / (1 + others)
    return share * where(share > 1 / 2, others / (1 + others), 1 - share)
