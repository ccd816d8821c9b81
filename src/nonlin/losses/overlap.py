"""How far predicted and true regions overlap.

Predictions are probabilities. The whole batch is one region unless an axis is given, as in Keras, which adds 1e-7 to
the denominator only; optax' dice_loss takes logits, sums over each class by itself and has a smooth of 1. Regions that
are both empty overlap perfectly: their loss is 0 and so is its gradient.
"""

from ..definition import Parameter, RowLoss, loss_definition
from ..definition.primitives import row_sum
from .formulas import or_one

__all__ = ["dice", "tversky"]

_SMOOTH = Parameter(0.0, low=0, text="added to the overlap and to what it is divided by")


@loss_definition(
    kind=RowLoss,
    over_all=True,
    lipschitz=2.0,
    domains={"predictions": "probability", "targets": "probability"},
    aliases=("dice_loss", "soft_dice", "f1_loss"),
    reference="Dice 1945, doi:10.2307/1932409; Milletari, Navab & Ahmadi 2016, arXiv:1606.04797",
    parameters={"smooth": _SMOOTH},
    same_as={"keras": "losses.dice (but for its epsilon)"},
)
def dice(predictions, targets, *, smooth=0.0):
    """What regions do not share over what they hold together: 1 minus twice the overlap over the sum of sizes."""
    apart = row_sum(predictions * (1 - targets) + targets * (1 - predictions))
    return apart / or_one(row_sum(predictions + targets) + smooth)


@dice.gradient
def _(predictions, targets, *, smooth=0.0):
    size = or_one(row_sum(predictions + targets) + smooth)
    shared = (2 * row_sum(predictions * targets) + smooth) / size
    return (shared - 2 * targets) / size


@dice.hessian_diagonal
def _(predictions, targets, *, smooth=0.0):
    size = or_one(row_sum(predictions + targets) + smooth)
    shared = (2 * row_sum(predictions * targets) + smooth) / size
    return -2 * (shared - 2 * targets) / size / size


@loss_definition(
    kind=RowLoss,
    over_all=True,
    lipschitz=2.0,
    domains={"predictions": "probability", "targets": "probability"},
    aliases=("tversky_loss",),
    reference="Tversky 1977, doi:10.1037/0033-295X.84.4.327; Salehi, Erdogmus & Gholipour 2017, arXiv:1706.05721",
    parameters={
        "alpha": Parameter(0.5, low=0, text="the weight of false positives"),
        "beta": Parameter(0.5, low=0, text="the weight of false negatives"),
        "smooth": _SMOOTH,
    },
    same_as={"keras": "losses.tversky (but for its epsilon)"},
)
def tversky(predictions, targets, *, alpha=0.5, beta=0.5, smooth=0.0):
    """The weighted size of what regions do not share over that and their overlap; with the default weights, dice."""
    overlap, apart = _overlap(predictions, targets, alpha, beta, smooth)
    return apart / or_one(overlap + apart)


def _overlap(predictions, targets, alpha, beta, smooth):
    """The size of the overlap, smoothed, and the weighted size of what is in only one of the regions."""
    apart = row_sum(alpha * (predictions * (1 - targets)) + beta * (targets * (1 - predictions)))
    return row_sum(predictions * targets) + smooth, apart


@tversky.gradient
def _(predictions, targets, *, alpha=0.5, beta=0.5, smooth=0.0):
    overlap, apart = _overlap(predictions, targets, alpha, beta, smooth)
    size = or_one(overlap + apart)
    shared = row_sum(predictions / size * targets) + smooth / size  # tiny numbers divided before they are multiplied
    in_one = alpha * (1 - targets) - beta * targets  # how an entry moves what is in only one of the regions
    return (in_one * shared - targets * (apart / size)) / size
