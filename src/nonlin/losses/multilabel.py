"""Losses of several labels at once."""

from ..definition import RowLoss, loss_definition
from ..definition.primitives import exp, is_row_argmax, log, log1p, maximum, minimum, row_max, row_sum, where
from .algorithm import AlgorithmLoss
from .binary import binary_cross_entropy
from .formulas import row_length

__all__ = ["multilabel_margin", "multilabel_soft_margin", "zlpr"]


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
    return binary_cross_entropy.gradient(logits, targets) / row_length(targets)


@multilabel_soft_margin.hessian_diagonal
def _(logits, targets):
    return binary_cross_entropy.hessian_diagonal(logits, targets) / row_length(targets)


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


@loss_definition(
    kind=AlgorithmLoss,
    domains={"targets": "binary"},
    convex=True,
    lipschitz=1.0,
    aliases=("multilabel_margin_loss", "multilabelmarginloss"),
    reference="Crammer & Singer 2003, Journal of Machine Learning Research 3:1025",
    same_as={"torch": "nn.functional.multilabel_margin_loss (targets as rows of 0 and 1)"},
)
def multilabel_margin(logits, targets):
    """The hinge loss 1 - a + b of each right class's logit a with each wrong one's b, summed, over the classes.

    Parameters
    ----------
    logits : array with at least one axis, the classes along the last
    targets : 0 and 1, shaped like the logits; PyTorch takes the indices of the right classes, ended by -1, instead
    reduction : "mean" (default, over the rows), "sum" or "none"
    sample_weight : a weight for each row

    Returns
    -------
    A number, or for `reduction="none"` one for each row, in the dtype of the logits. A row whose classes are all right
    or all wrong costs nothing.

    Raises
    ------
    InputError
        For targets other than 0 and 1; the message names the first one.

    Examples
    --------
    >>> import nonlin as nl
    >>> float(nl.loss.multilabel_margin([[0.1, 0.2, 0.4, 0.8]], [[1, 0, 0, 1]]).round(6))
    0.85
    """
