"""The cross-entropy of a softmax."""

from ..activations import log_softmax, softmax
from ..definition import RowLoss, loss_definition
from ..definition.primitives import is_row_argmax, row_sum, where

__all__ = ["cross_entropy"]


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    output="softmax",
    convex=True,
    lipschitz=1.0,
    proper="probability",
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
