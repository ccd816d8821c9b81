"""Margin losses of scores.

Targets of two classes are -1 and 1. Exactly at the margin, binary losses have the slope of the side with a loss, as
PyTorch's hinge_embedding_loss and scikit-learn have it; a zero score is a mistake of the perceptron.
"""

from ..definition import Parameter, RowLoss, loss_definition
from ..definition.primitives import exp, is_row_argmax, maximum, row_max, row_sum, where
from .formulas import lost_in_sum, power, row_length, sum_of_three, unless_nan

__all__ = [
    "categorical_hinge",
    "crammer_singer",
    "exponential",
    "hinge",
    "modified_huber",
    "multi_margin",
    "multiclass_perceptron",
    "perceptron",
    "squared_hinge",
    "zero_one",
]


@loss_definition(
    tasks=("classification",),
    domains={"targets": "sign"},
    convex=True,
    lipschitz=1.0,
    aliases=("hinge_loss",),
    reference="Cortes & Vapnik 1995, doi:10.1007/BF00994018",
    same_as={"keras": "losses.hinge", "optax": "hinge_loss", "sklearn": "metrics.hinge_loss"},
)
def hinge(predictions, targets):
    """How far the score on the target's side falls short of a margin of 1."""
    return maximum(1 - targets * predictions, 0)


@hinge.gradient
def _(predictions, targets):
    return where(targets * predictions > 1, 0, -targets)


@hinge.hessian_diagonal
def _(predictions, targets):
    return 0


@loss_definition(
    tasks=("classification",),
    domains={"targets": "sign"},
    convex=True,
    proper="mean",
    aliases=("squared_hinge_loss",),
    reference="Chang, Hsieh & Lin 2008, JMLR 9:1369",
    same_as={"keras": "losses.squared_hinge", "sklearn": "linear_model.SGDClassifier(loss='squared_hinge')"},
)
def squared_hinge(predictions, targets):
    """The square of how far the score on the target's side falls short of a margin of 1."""
    return maximum(1 - targets * predictions, 0) ** 2


@squared_hinge.gradient
def _(predictions, targets):
    return -2 * targets * maximum(1 - targets * predictions, 0)


@squared_hinge.hessian_diagonal
def _(predictions, targets):
    return where(targets * predictions < 1, 2, 0)


@loss_definition(
    tasks=("classification",),
    domains={"targets": "sign"},
    convex=True,
    proper="mean",
    lipschitz=4.0,
    aliases=("modified_huber_loss",),
    reference="Zhang 2004, doi:10.1145/1015330.1015332",
    same_as={"sklearn": "linear_model.SGDClassifier(loss='modified_huber')"},
)
def modified_huber(predictions, targets):
    """The squared hinge, but a straight line where the score is wrong by more than 1."""
    score = targets * predictions
    return where(score < -1, -4 * score, maximum(1 - score, 0) ** 2)


@modified_huber.gradient
def _(predictions, targets):
    score = targets * predictions
    return where(score < -1, -4 * targets, -2 * targets * maximum(1 - score, 0))


@modified_huber.hessian_diagonal
def _(predictions, targets):
    score = targets * predictions
    return where(score < -1, 0, where(score < 1, 2, 0))


@loss_definition(
    tasks=("classification",),
    domains={"targets": "sign"},
    convex=True,
    aliases=("exponential_loss", "exponentialloss", "adaboost"),
    reference="Freund & Schapire 1997, doi:10.1006/jcss.1997.1504; "
    "Friedman, Hastie & Tibshirani 2000, doi:10.1214/aos/1016218223",
    same_as={"sklearn": "ensemble.GradientBoostingClassifier(loss='exponential')"},
)
def exponential(predictions, targets):
    """exp of minus the score on the target's side, which AdaBoost minimises."""
    return exp(-(targets * predictions))


@exponential.gradient
def _(predictions, targets):
    return -targets * exp(-(targets * predictions))


@exponential.hessian_diagonal
def _(predictions, targets):
    return exp(-(targets * predictions))


@loss_definition(
    tasks=("classification",),
    domains={"targets": "sign"},
    convex=True,
    lipschitz=1.0,
    aliases=("perceptron_loss",),
    reference="Rosenblatt 1958, doi:10.1037/h0042519",
    same_as={"optax": "perceptron_loss", "sklearn": "linear_model.SGDClassifier(loss='perceptron')"},
)
def perceptron(predictions, targets):
    """The size of a score on the wrong side, 0 on the right one."""
    return maximum(-(targets * predictions), 0)


@perceptron.gradient
def _(predictions, targets):
    return where(targets * predictions > 0, 0, -targets)


@perceptron.hessian_diagonal
def _(predictions, targets):
    return 0


@loss_definition(
    domains={"targets": "sign"},
    lipschitz=0.0,
    aliases=("zero_one_loss", "misclassification"),
    reference="scikit-learn's metrics.zero_one_loss",
    same_as={"sklearn": "metrics.zero_one_loss (of labels; here of scores)"},
)
def zero_one(predictions, targets):
    """1 for a score on the wrong side or of 0, else 0: the share of mistakes. Its slope, 0, teaches nothing."""
    return where(targets * predictions > 0, 0, 1)


@zero_one.gradient
def _(predictions, targets):
    return 0


@zero_one.hessian_diagonal
def _(predictions, targets):
    return 0


def _own_score(predictions, targets):
    """The score of the right class, or the mean score under a distribution; classes without weight may be masked."""
    return row_sum(where(targets > 0, targets * predictions, 0))


def _others(predictions, targets):
    """The scores of the wrong classes, and 0 for the right one."""
    return where(targets < 1, (1 - targets) * predictions, 0)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    convex=True,
    lipschitz=1.0,
    aliases=("categoricalhinge",),
    reference="Keras, losses.CategoricalHinge",
    same_as={"keras": "losses.categorical_hinge"},
)
def categorical_hinge(predictions, targets):
    """How far the score of the right class is from 1 above the best other one, or above 0 if that is more.

    That zero is Keras' and shows where all other scores are negative; `crammer_singer` is without it.
    """
    return maximum(sum_of_three(row_max(_others(predictions, targets)), -_own_score(predictions, targets), 1), 0)


@categorical_hinge.gradient
def _(predictions, targets):
    others = _others(predictions, targets)
    missing = sum_of_three(row_max(others), -_own_score(predictions, targets), 1)
    return unless_nan(missing, where(missing < 0, 0, where(is_row_argmax(others), 1 - 2 * targets, -targets)))


@categorical_hinge.hessian_diagonal
def _(predictions, targets):
    return 0


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    convex=True,
    lipschitz=1.0,
    aliases=("multiclass_hinge", "multiclass_hinge_loss"),
    reference="Crammer & Singer 2001, JMLR 2:265",
    same_as={"optax": "multiclass_hinge_loss", "sklearn": "metrics.hinge_loss (three classes or more)"},
)
def crammer_singer(predictions, targets):
    """How far the score of the right class is from 1 above the best other one."""
    return row_max(sum_of_three(predictions, -_own_score(predictions, targets), 1 - targets))


@crammer_singer.gradient
def _(predictions, targets):
    needed = predictions + (1 - targets)
    lost = lost_in_sum(predictions, 1 - targets)  # from -1 to 1; decides among sums that are equal once rounded
    best = is_row_argmax(where(needed < row_max(needed), -2, lost))
    return unless_nan(row_max(needed), where(best, 1 - targets, -targets))


@crammer_singer.hessian_diagonal
def _(predictions, targets):
    return 0


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    convex=True,
    lipschitz=1.0,
    aliases=("multi_margin_loss", "multimarginloss", "weston_watkins"),
    reference="Weston & Watkins 1999, ESANN 219-224",
    same_as={"torch": "nn.functional.multi_margin_loss"},
    parameters={
        "p": Parameter(1.0, low=1, text="the power of what is missing to the margin"),
        "margin": Parameter(1.0, text="by which the right class should lead"),
    },
)
def multi_margin(predictions, targets, *, p=1.0, margin=1.0):
    """What the right class misses to lead each other one by a margin, to a power, summed over the number of classes."""
    return row_sum((1 - targets) * power(_missing(predictions, targets, margin), p)) / row_length(targets)


def _missing(predictions, targets, margin):
    """What the right class misses to lead each class by the margin."""
    return maximum(sum_of_three(predictions, -_own_score(predictions, targets), margin), 0)


@multi_margin.gradient
def _(predictions, targets, *, p=1.0, margin=1.0):
    missing = _missing(predictions, targets, margin)
    slopes = where(missing > 0, (1 - targets) * p * power(missing, p - 1), 0) / row_length(targets)
    return unless_nan(row_max(predictions), slopes - targets * row_sum(slopes))


@multi_margin.hessian_diagonal
def _(predictions, targets, *, p=1.0, margin=1.0):
    missing = _missing(predictions, targets, margin)
    curvatures = where(missing > 0, (1 - targets) * p * (p - 1) * power(missing, p - 2), 0) / row_length(targets)
    return (1 - 2 * targets) * curvatures + targets**2 * row_sum(curvatures)


@loss_definition(
    kind=RowLoss,
    tasks=("classification",),
    domains={"targets": "probability"},
    distributions=("targets",),
    convex=True,
    lipschitz=1.0,
    aliases=("multiclass_perceptron_loss",),
    reference="Crammer & Singer 2003, JMLR 3:951",
    same_as={"optax": "multiclass_perceptron_loss"},
)
def multiclass_perceptron(predictions, targets):
    """How far the score of the right class is below the best one."""
    return row_max(predictions - _own_score(predictions, targets))


@multiclass_perceptron.gradient
def _(predictions, targets):
    return unless_nan(row_max(predictions), where(is_row_argmax(predictions), 1 - targets, -targets))


@multiclass_perceptron.hessian_diagonal
def _(predictions, targets):
    return 0
