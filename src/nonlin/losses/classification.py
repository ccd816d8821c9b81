"""Losses of logits."""

from ..activations import log_softmax, sigmoid, softmax
from ..definition import RowLoss, loss_definition
from ..definition.primitives import exp, is_row_argmax, log1p, row_sum, where

__all__ = ["binary_cross_entropy", "cross_entropy"]


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domain="probability",
    output="softmax",
    aliases=("softmax_cross_entropy", "categorical_crossentropy", "crossentropyloss"),
    reference="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x; Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    same_as={
        "torch": "nn.functional.cross_entropy",
        "keras": "losses.categorical_crossentropy(from_logits=True)",
        "optax": "softmax_cross_entropy",
        "tensorflow": "nn.softmax_cross_entropy_with_logits",
    },
)
def cross_entropy(logits, targets):
    """Minus the log of the softmax probability of the right class, averaged over the rows."""
    return 0 - row_sum(where(targets > 0, targets * log_softmax(logits), 0))


@cross_entropy.gradient
def _(logits, targets):
    # p - t. Where t is near 1, (1 - t) - (1 - p) keeps what p - 1 would lose.
    p = softmax(logits)
    best = is_row_argmax(logits)
    complement = where(best, row_sum(where(best, 0, p)), 1 - p)
    return where(targets > 1 / 2, (1 - targets) - complement, p - targets)


@loss_definition(
    tasks=("classification",),
    domain="probability",
    output="sigmoid",
    aliases=("bce_with_logits", "binary_cross_entropy_with_logits", "bcewithlogitsloss", "sigmoid_cross_entropy"),
    reference="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x; Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x",
    same_as={
        "torch": "nn.functional.binary_cross_entropy_with_logits",
        "keras": "losses.binary_crossentropy(from_logits=True)",
        "optax": "sigmoid_binary_cross_entropy",
        "tensorflow": "nn.sigmoid_cross_entropy_with_logits",
    },
)
def binary_cross_entropy(logits, targets):
    """Minus the log of the sigmoid probability of the right one of two classes, averaged over all entries."""
    return log1p(exp(logits)) - targets * logits


@binary_cross_entropy.kernel
def _(logits, targets):
    wrong = where(logits > 0, 1 - targets, targets)  # the share of the target on the side the logit denies
    return where(wrong > 0, wrong * abs(logits), 0) + log1p(exp(-abs(logits)))


@binary_cross_entropy.gradient
def _(logits, targets):
    return where(logits > 0, (1 - targets) - sigmoid(-logits), sigmoid(logits) - targets)
