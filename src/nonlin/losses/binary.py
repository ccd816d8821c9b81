"""Binary classification: losses of one logit or one probability."""

from ..activations import sigmoid
from ..definition import loss_definition
from ..definition.primitives import exp, log1p, where

__all__ = ["binary_cross_entropy"]


@loss_definition(
    tasks=("classification",),
    domains={"targets": "probability"},
    output="sigmoid",
    convex=True,
    lipschitz=1.0,
    proper="probability",
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
