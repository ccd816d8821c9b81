"""Losses of distances, and of pairs and triplets of vectors.

Distances are taken in units of the largest entry, so that no power of an entry overflows or is lost, and nothing is
added to them: PyTorch's 1e-6 in every difference, and 1e-12 in every squared length, are missing here. Where two points
are the same their distance has the subgradient 0. Exactly at a margin gradients are PyTorch's, those of a loss.
"""

from ..definition import Parameter, RowLoss, loss_definition
from ..definition.primitives import maximum, row_max, row_sum, where
from .cosine import cosine_bend, cosine_distance, cosine_similarity, cosine_slope, direction
from .formulas import unless_nan

__all__ = ["cosine_embedding", "hinge_embedding", "margin_ranking", "triplet"]


@loss_definition(
    domains={"targets": "sign"},
    convex=True,
    lipschitz=1.0,
    aliases=("margin_ranking_loss", "marginrankingloss"),
    reference="Herbrich, Graepel & Obermayer 1999, doi:10.1049/cp:19991091",
    same_as={"torch": "nn.functional.margin_ranking_loss"},
    parameters={"margin": Parameter(0.0, text="by which the higher one should lead")},
)
def margin_ranking(first, second, targets, *, margin=0.0):
    """What the first number misses to lead the second by a margin where the target is 1, or to trail it where -1."""
    return maximum(margin - targets * (first - second), 0)


@margin_ranking.gradient
def _(first, second, targets, *, margin=0.0):
    return where(margin - targets * (first - second) < 0, 0, -targets)


@margin_ranking.gradient(with_respect_to="second")
def _(first, second, targets, *, margin=0.0):
    return where(margin - targets * (first - second) < 0, 0, targets)


@margin_ranking.hessian_diagonal
def _(first, second, targets, *, margin=0.0):
    return 0


@loss_definition(
    domains={"targets": "sign"},
    convex=True,
    lipschitz=1.0,
    aliases=("hinge_embedding_loss", "hingeembeddingloss"),
    reference="PyTorch, nn.HingeEmbeddingLoss",
    same_as={"torch": "nn.functional.hinge_embedding_loss"},
    parameters={"margin": Parameter(1.0, text="how far apart those that differ should be")},
)
def hinge_embedding(distances, targets, *, margin=1.0):
    """The distance of those that belong together (1), and what it misses to a margin of those that do not (-1)."""
    return where(targets > 0, distances, maximum(margin - distances, 0))


@hinge_embedding.gradient
def _(distances, targets, *, margin=1.0):
    return where(targets > 0, 1, where(distances > margin, 0, -1))


@hinge_embedding.hessian_diagonal
def _(distances, targets, *, margin=1.0):
    return 0


@loss_definition(
    kind=RowLoss,
    domains={"targets": "sign"},
    aliases=("cosine_embedding_loss", "cosineembeddingloss"),
    reference="PyTorch, nn.CosineEmbeddingLoss",
    same_as={"torch": "nn.functional.cosine_embedding_loss"},
    parameters={"margin": Parameter(0.0, low=-1, high=1, text="the cosine that those that differ may have")},
)
def cosine_embedding(first, second, targets, *, margin=0.0):
    """1 minus the cosine of rows that belong together (1), and its excess over a margin of those that do not (-1).

    Targets are a number for each row.
    """
    together = cosine_distance(first, second)
    return maximum(where(row_sum(targets) > 0, together, _excess(first, second, margin)), 0)


def _excess(first, second, margin):
    """By how much the cosine exceeds the margin."""
    apart, cosine = cosine_distance(first, second), -cosine_similarity(first, second)
    return where(cosine > 1 / 2, (1 - margin) - apart, cosine - margin)


def _cosine_embedding_part(first, second, targets, margin, together):
    """A derivative, given that of 1 minus the cosine, which is the derivative for those that belong together."""
    excess = _excess(first, second, margin)
    return unless_nan(excess, where(row_sum(targets) > 0, together, where(excess < 0, 0, -together)))


@cosine_embedding.gradient
def _(first, second, targets, *, margin=0.0):
    return _cosine_embedding_part(first, second, targets, margin, cosine_slope(first, second))


@cosine_embedding.gradient(with_respect_to="second")
def _(first, second, targets, *, margin=0.0):
    return _cosine_embedding_part(first, second, targets, margin, cosine_slope(second, first))


@cosine_embedding.hessian_diagonal
def _(first, second, targets, *, margin=0.0):
    return _cosine_embedding_part(first, second, targets, margin, cosine_bend(first, second))


def _distance(x, y):
    """The Euclidean distance of two rows."""
    return row_sum((x - y) * direction(x - y))


def _farther(x, y, z):
    """By how much y is farther from x than z is: the difference of squares over the sum, as distances may cancel."""
    both = _distance(x, y) + _distance(x, z)
    return row_sum((z - y) * (((x - y) + (x - z)) / where(both > 0, both, 1)))


def _farther_slope(x, y, z):
    """The gradient of `_farther` with respect to x: the difference of directions, which may cancel."""
    to_y, to_z = _distance(x, y), _distance(x, z)
    nearer = direction(x - where(to_y < to_z, y, z))
    larger = maximum(to_y, to_z)
    return ((z - y) - nearer * _farther(x, y, z)) / where(larger > 0, larger, 1)


def _in_range(anchors, positives, negatives, margin):
    """The points and the margin times a factor with which sums of distances are within float64, and the factor."""
    largest = row_max(maximum(maximum(abs(anchors), abs(positives)), abs(negatives)))
    scale = where(largest > 2.0**900, 2.0**-40, 1)
    return scale * anchors, scale * positives, scale * negatives, scale * margin, scale


def _missing(anchors, positives, negatives, margin, swap):
    """What the positive misses to be nearer than the negative by the margin; and 1 if swapped, 0 if not."""
    swapped = where(swap > 0, where(_farther(negatives, positives, anchors) < 0, 1, 0), 0)
    from_anchor, from_positive = _farther(anchors, positives, negatives), _farther(positives, anchors, negatives)
    return where(swapped > 0, from_positive, from_anchor) + margin, swapped


@loss_definition(
    kind=RowLoss,
    lipschitz=2.0,
    aliases=("triplet_margin", "triplet_margin_loss", "tripletmarginloss", "triplet_loss"),
    reference="Weinberger & Saul 2009, JMLR 10:207; Schroff, Kalenichenko & Philbin 2015, arXiv:1503.03832; "
    "swap: Balntas, Riba, Ponsa & Mikolajczyk 2016, doi:10.5244/C.30.119",
    same_as={"torch": "nn.functional.triplet_margin_loss(eps=0)", "optax": "triplet_margin_loss(eps=0)"},
    parameters={
        "margin": Parameter(1.0, text="by which the positive should be nearer than the negative"),
        "swap": Parameter(0.0, low=0, high=1, text="1 to take the negative's distance to the positive if that is less"),
    },
)
def triplet(anchors, positives, negatives, *, margin=1.0, swap=0.0):
    """What a positive misses to be nearer to its anchor than a negative is, by a margin; distances are Euclidean."""
    anchors, positives, negatives, margin, scale = _in_range(anchors, positives, negatives, margin)
    missing, _ = _missing(anchors, positives, negatives, margin, swap)
    return maximum(missing, 0) / scale


@triplet.gradient
def _(anchors, positives, negatives, *, margin=1.0, swap=0.0):
    anchors, positives, negatives, margin, _ = _in_range(anchors, positives, negatives, margin)
    missing, swapped = _missing(anchors, positives, negatives, margin, swap)
    slope = where(swapped > 0, direction(anchors - positives), _farther_slope(anchors, positives, negatives))
    return where(missing < 0, 0, slope)


@triplet.gradient(with_respect_to="positives")
def _(anchors, positives, negatives, *, margin=1.0, swap=0.0):
    anchors, positives, negatives, margin, _ = _in_range(anchors, positives, negatives, margin)
    missing, swapped = _missing(anchors, positives, negatives, margin, swap)
    slope = where(swapped > 0, _farther_slope(positives, anchors, negatives), direction(positives - anchors))
    return where(missing < 0, 0, slope)


@triplet.gradient(with_respect_to="negatives")
def _(anchors, positives, negatives, *, margin=1.0, swap=0.0):
    anchors, positives, negatives, margin, _ = _in_range(anchors, positives, negatives, margin)
    missing, swapped = _missing(anchors, positives, negatives, margin, swap)
    return where(missing < 0, 0, direction(where(swapped > 0, positives, anchors) - negatives))
