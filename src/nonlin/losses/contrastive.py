"""Losses of embeddings and their labels: each is compared with all others by cosine similarity."""

from ..activations.exponentials import softplus_from
from ..definition import Parameter, SimilarityLoss, loss_definition
from ..definition.primitives import exp, log, log1p, maximum, minimum, row_max, row_sum, where

__all__ = ["circle", "info_nce"]


def _log_sum_exp(x, chosen):
    """The log of the sum of exp(x) over the chosen entries; minus infinity where there are none."""
    largest = row_max(where(chosen > 0, x, 0 - row_max(0 - x)))  # of the chosen, or the smallest of all
    return largest + log(row_sum(where(chosen > 0, exp(minimum(x - largest, 0)), 0)))


def _share(x, total):
    """The share of exp(x) in a sum whose log is the total; at most 1 for what is no part of the sum."""
    return exp(minimum(x - total, 0))


def _softplus(x):
    """The activation, of reductions of a row."""
    return softplus_from(x, exp(-abs(x)))


def _sigmoid(x):
    """The activation, of reductions of a row."""
    e = exp(-abs(x))
    return where(x > 0, 1, e) / (1 + e)


@loss_definition(
    kind=SimilarityLoss,
    mean_over="pairs",
    aliases=("infonce", "nt_xent", "ntxent", "ntxentloss"),
    reference="van den Oord et al. 2018, arXiv:1807.03748; Chen et al. 2020, arXiv:2002.05709 (NT-Xent)",
    same_as={"optax": "losses.ntxent"},
    parameters={"temperature": Parameter(0.07, above=0, text="divides the similarities: a low one heeds the nearest")},
)
def info_nce(similarities, positives, *, temperature=0.07):
    """Minus the log of the softmax of a positive's similarity among the negatives' and its own, for each pair.

    The mean is over all pairs of one label, in both orders; an embedding that is alone with its label is in none.
    """
    z = similarities / temperature
    rivals = row_sum(where(positives > 0, 0, exp(z)))
    return row_sum(where(positives > 0, log1p(rivals / exp(z)), 0))


@info_nce.kernel
def _(similarities, positives, *, temperature=0.07):
    z = similarities / temperature
    return row_sum(where(positives > 0, _softplus(_log_sum_exp(z, 1 - positives) - z), 0))


@info_nce.gradient
def _(similarities, positives, *, temperature=0.07):
    z = similarities / temperature
    rivals = _log_sum_exp(z, 1 - positives)
    pull = _sigmoid(rivals - z)
    push = row_sum(where(positives > 0, pull, 0)) * _share(z, rivals)
    return where(positives > 0, 0 - pull, push) / temperature


def _positive_logit(s, gamma, margin):
    return 0 - gamma * maximum(1 + margin - s, 0) * (s - (1 - margin))


def _negative_logit(s, gamma, margin):
    return gamma * maximum(s + margin, 0) * (s - margin)


@loss_definition(
    kind=SimilarityLoss,
    aliases=("circle_loss", "circleloss"),
    reference="Sun et al. 2020, arXiv:2002.10857",
    same_as={"keras": "losses.Circle (of normalised embeddings)"},
    parameters={
        "gamma": Parameter(80.0, above=0, text="the scale of the similarities"),
        "margin": Parameter(0.4, low=0, high=1, text="how far from 1 and 0 similarities may be"),
    },
)
def circle(similarities, positives, *, gamma=80.0, margin=0.4):
    """The softplus of how far dissimilar positives and similar negatives are off their margins, by their weights.

    The mean is over the embeddings that share their label with another one (Keras: over all, 0 for the others). The
    gradient is that of this formula, as in Keras; the paper's holds the weights of the similarities constant.
    """
    pulled = row_sum(where(positives > 0, exp(_positive_logit(similarities, gamma, margin)), 0))
    pushed = row_sum(where(positives > 0, 0, exp(_negative_logit(similarities, gamma, margin))))
    return log1p(pulled * pushed)


@circle.kernel
def _(similarities, positives, *, gamma=80.0, margin=0.4):
    pulled = _log_sum_exp(_positive_logit(similarities, gamma, margin), positives)
    pushed = _log_sum_exp(_negative_logit(similarities, gamma, margin), 1 - positives)
    return _softplus(pulled + pushed)


@circle.gradient
def _(similarities, positives, *, gamma=80.0, margin=0.4):
    s = similarities
    positive, negative = _positive_logit(s, gamma, margin), _negative_logit(s, gamma, margin)
    pulled, pushed = _log_sum_exp(positive, positives), _log_sum_exp(negative, 1 - positives)
    pull = where(s < 1 + margin, 2 * gamma * (s - 1), 0) * _share(positive, pulled)
    push = where(s > 0 - margin, 2 * gamma * s, 0) * _share(negative, pushed)
    return _sigmoid(pulled + pushed) * where(positives > 0, pull, push)
