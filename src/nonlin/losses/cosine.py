"""The angle between a row of predictions and a row of targets."""

from ..definition import RowLoss, loss_definition
from ..definition.primitives import is_row_argmax, row_max, row_sum, sqrt, where

__all__ = ["cosine_distance", "cosine_similarity"]

_SOURCE = "Salton, Wong & Yang 1975, doi:10.1145/361219.361220"


def _length(row):
    """The largest entry of a row, and the row's length in units of it; both are 1 for a row of zeros."""
    largest = row_max(abs(row))
    unit = where(largest > 0, largest, 1)
    squares = row_sum((row / unit) * (row / unit))
    return unit, sqrt(where(squares > 0, squares, 1))


def direction(row):
    """The row divided by its length: the entries' squares are taken in units of the largest one."""
    unit, length = _length(row)
    return row / unit / length


def _missing(row):
    """What a row of zeros lacks of the squared length of a direction."""
    return where(row_max(abs(row)) <= 0, 1, 0)  # nothing where it is NaN, which is to stay


def cosine_slope(predictions, targets):
    """Minus the gradient of the cosine: minus y, less its part along x, over the length, for the directions x and y.

    Where they are near, their difference takes the place of y, so that like rows give exactly 0. The largest entry of x
    has lost what remains of its own part, which is the sum of the other entries' squares.
    """
    x, y = direction(predictions), direction(targets)
    cosine = row_sum(x * y)
    is_near, side = abs(cosine) > 1 / 2, where(cosine < 0, -1, 1)
    v = where(is_near, side * x - y, -y)
    along = where(is_near, side * row_sum(v * v) / 2, -cosine)
    largest = is_row_argmax(abs(predictions))
    rest, along_rest = row_sum(where(largest, 0, x * x)), row_sum(where(largest, 0, x * v))
    slope = where(largest, rest * v - along_rest * x, v - along * x)
    return where(_missing(predictions) + _missing(targets) > 0, 0, _per_length(slope, predictions))


def cosine_bend(predictions, targets):
    """Minus the second derivative of the cosine by each entry of the predictions."""
    x, y = direction(predictions), direction(targets)
    cosine = row_sum(x * y)
    largest = is_row_argmax(abs(predictions))
    rest, cosine_rest = row_sum(where(largest, 0, x * x)), row_sum(where(largest, 0, x * y))
    bend = where(largest, 3 * (cosine * rest) - 2 * cosine_rest, cosine + x * (2 * y - 3 * (cosine * x)))
    return _per_length(_per_length(bend, predictions), predictions)


def _per_length(numbers, row):
    """Numbers over the length of a row."""
    unit, length = _length(row)
    return numbers / length / unit


def _cosine(predictions, targets):
    """The textbook's cosine, and 0 for a row of zeros."""
    squares = row_sum(predictions * predictions) * row_sum(targets * targets)
    return row_sum(predictions * targets) / sqrt(where(squares > 0, squares, 1))


@loss_definition(
    kind=RowLoss,
    tasks=("regression",),
    aliases=("cosine_similarity_loss", "cosinesimilarity"),
    reference=_SOURCE,
    same_as={"keras": "losses.cosine_similarity"},
)
def cosine_similarity(predictions, targets):
    """Minus the cosine of the angle between two rows, -1 where they point the same way; 0 for a row of zeros."""
    return 0 - _cosine(predictions, targets)


@cosine_similarity.kernel
def _(predictions, targets):
    return 0 - row_sum(direction(predictions) * direction(targets))


@cosine_similarity.gradient
def _(predictions, targets):
    return cosine_slope(predictions, targets)


@cosine_similarity.hessian_diagonal
def _(predictions, targets):
    return cosine_bend(predictions, targets)


@loss_definition(
    kind=RowLoss,
    tasks=("regression",),
    aliases=("cosine_distance_loss", "cosinedistance"),
    reference=_SOURCE,
    same_as={
        "optax": "cosine_distance",
        "scipy": "spatial.distance.cosine",
        "sklearn": "metrics.pairwise.paired_cosine_distances",
    },
)
def cosine_distance(predictions, targets):
    """1 minus the cosine of the angle between two rows, from 0 to 2; 1 for a row of zeros."""
    return 1 - _cosine(predictions, targets)


@cosine_distance.kernel
def _(predictions, targets):
    # Half the squared distance of the directions, which is no difference of nearly equal numbers.
    x, y = direction(predictions), direction(targets)
    return (row_sum((x - y) * (x - y)) + _missing(predictions) + _missing(targets)) / 2


@cosine_distance.gradient
def _(predictions, targets):
    return cosine_slope(predictions, targets)


@cosine_distance.hessian_diagonal
def _(predictions, targets):
    return cosine_bend(predictions, targets)
