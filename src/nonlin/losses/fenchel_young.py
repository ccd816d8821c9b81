"""Losses of the sparse relatives of softmax.

A Fenchel-Young loss is written here as a sum over the row of numbers that are never negative: how far the sparse
prediction is from the target, and what weight the target has on entries below the threshold. It is 0 where the two are
equal, and its gradient is their difference.
"""

from ..activations import entmax15, sparse_sigmoid, sparsemax
from ..definition import RowLoss, loss_definition
from ..definition.primitives import is_row_argmax, maximum, row_max, row_sum, row_threshold, sqrt, where

__all__ = ["binary_sparsemax", "entmax15_loss", "sparsemax_loss"]


def _below_top(x):
    """Each entry less the largest of its row."""
    return x - row_max(x)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    output="sparsemax",
    convex=True,
    lipschitz=1.0,
    proper="probability",
    aliases=("multiclass_sparsemax_loss", "sparsemaxloss"),
    reference="Martins & Astudillo 2016, arXiv:1602.02068; Blondel, Martins & Niculae 2020, arXiv:1901.02324",
    same_as={"optax": "multiclass_sparsemax_loss", "entmax": "sparsemax_loss"},
)
def sparsemax_loss(logits, targets):
    """Half the squared distance of sparsemax to the target, and the target's weight on what is below the threshold."""
    z = _below_top(logits)
    threshold = row_threshold(z, 1)
    distance = (maximum(z - threshold, 0) - targets) ** 2 / 2
    return row_sum(distance + where(targets > 0, targets * maximum(threshold - z, 0), 0))


@sparsemax_loss.gradient
def _(logits, targets):
    return sparsemax(logits) - targets


@sparsemax_loss.hessian_diagonal
def _(logits, targets):
    supported = where(sparsemax(logits) > 0, 1, 0)
    count = row_sum(supported)
    return supported * (count - 1) / count


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    output="entmax15",
    convex=True,
    lipschitz=1.0,
    proper="probability",
    aliases=("entmax15loss",),
    reference="Peters, Niculae & Martins 2019, arXiv:1905.05702; Blondel, Martins & Niculae 2020, arXiv:1901.02324",
    same_as={"entmax": "entmax15_loss"},
)
def entmax15_loss(logits, targets):
    """The divergence of 1.5-entmax from the target, and the target's weight on what is below the threshold.

    With square roots r of the prediction and s of the target, the divergence is 2/3 (r - s)^2 (r + 2 s).
    """
    z = _below_top(logits) / 2
    threshold = row_threshold(z, 2)
    r, s = maximum(z - threshold, 0), sqrt(targets)
    divergence = (r - s) ** 2 * (r + 2 * s) * 2 / 3
    return row_sum(divergence + where(targets > 0, 2 * targets * maximum(threshold - z, 0), 0))


@entmax15_loss.gradient
def _(logits, targets):
    return entmax15(logits) - targets


@entmax15_loss.hessian_diagonal
def _(logits, targets):
    r = sqrt(entmax15(logits))
    best = is_row_argmax(logits)
    others = where(best, row_sum(where(best, 0, r)), row_sum(r) - r)
    return r * others / row_sum(r)


@loss_definition(
    tasks=("classification",),
    domains={"targets": "probability"},
    output="sparse_sigmoid",
    convex=True,
    lipschitz=1.0,
    proper="probability",
    aliases=("binary_sparsemax_loss",),
    reference="Blondel, Martins & Niculae 2020, arXiv:1901.02324, section 4.4",
    same_as={"optax": "sparsemax_loss"},
)
def binary_sparsemax(logits, targets):
    """The squared distance of sparse_sigmoid to the target, and how far the logit is out on the wrong side."""
    return (
        (sparse_sigmoid(logits) - targets) ** 2
        + (1 - targets) * maximum(logits - 1, 0)
        + targets * maximum(-1 - logits, 0)
    )


@binary_sparsemax.gradient
def _(logits, targets):
    return sparse_sigmoid(logits) - targets


@binary_sparsemax.hessian_diagonal
def _(logits, targets):
    return where(abs(logits) < 1, 1 / 2, 0)
