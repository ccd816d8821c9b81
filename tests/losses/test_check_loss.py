"""`check_loss` finds what is wrong with a loss, and names where."""

import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.primitives import exp, log, log1p, row_sum, where
from nonlin.testing import check_loss


def squared(**facts):
    """A right loss but for the facts given."""
    facts = {"tasks": ("regression",), "convex": True, "proper": "mean", **facts}

    @nl.loss_definition(**facts)
    def squared_once_more(predictions, targets):
        return (predictions - targets) ** 2

    @squared_once_more.gradient
    def _(predictions, targets):
        return 2 * (predictions - targets)

    return squared_once_more


def test_a_right_loss_passes():
    check_loss(squared(), points=200)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"convex": False}, "declared as not convex, but no chord lies below it"),
        ({"lipschitz": 2.0}, "Lipschitz constant is declared as 2, but a slope of"),
        ({"proper": "median"}, "declared proper for the median, but the constant"),
        ({"tasks": ("classification",)}, "declared for classification, but its targets are real"),
    ],
)
def test_wrong_facts_are_found(facts, message):
    with pytest.raises(AssertionError, match=message):
        check_loss(squared(**facts), points=100)


def test_a_constant_that_is_merely_cautious_is_found():
    @nl.loss_definition(tasks=("classification",), domains={"targets": "sign"}, convex=True, lipschitz=2.0)
    def cautious(predictions, targets):
        return where(targets * predictions < 1, 1 - targets * predictions, 0)

    @cautious.gradient
    def _(predictions, targets):
        return where(targets * predictions < 1, -targets, 0)

    with pytest.raises(AssertionError, match="declared as 2, but no slope exceeds 1"):
        check_loss(cautious, points=100)


def test_a_dent_is_found():
    @nl.loss_definition(tasks=("regression",), convex=True)
    def dented(predictions, targets):
        return log1p((predictions - targets) ** 2)

    @dented.gradient
    def _(predictions, targets):
        return 2 * (predictions - targets) / (1 + (predictions - targets) ** 2)

    with pytest.raises(AssertionError, match="declared convex, but is not between predictions"):
        check_loss(dented, points=100)


def test_lost_digits_are_found_with_their_inputs():
    @nl.loss_definition(tasks=("classification",), domains={"targets": "sign"}, convex=True, lipschitz=1.0)
    def naive_logistic(logits, targets):
        return log(1 + exp(0 - targets * logits))

    @naive_logistic.gradient
    def _(logits, targets):
        return 0 - targets / (1 + exp(targets * logits))

    with pytest.raises(AssertionError, match=r"value in float32 is .* ULP off at logits = np.float32\(.*exact"):
        check_loss(naive_logistic, points=200)


def test_a_wrong_second_derivative_is_found():
    loss = squared()

    @loss.hessian_diagonal
    def _(predictions, targets):
        return 2 + predictions

    with pytest.raises(AssertionError, match=r"hessian_diagonal of squared_once_more at .* is 2.0 by differences"):
        check_loss(loss, points=100)


def test_nan_at_the_end_of_a_domain_is_found():
    """0 log 0 is 0, and NaN in floating point."""

    @nl.loss_definition(
        kind=nl.RowLoss,
        domains={"predictions": "probability", "targets": "probability"},
        distributions=("predictions", "targets"),
        convex=True,
    )
    def entropy_without_care(predictions, targets):
        return 0 - row_sum(targets * log(predictions))

    @entropy_without_care.gradient
    def _(predictions, targets):
        return 0 - targets / predictions

    with pytest.raises(AssertionError, match="entropy_without_care value in float32 is inf ULP off"):
        check_loss(entropy_without_care, points=200)


def test_a_wrong_slope_at_a_parameter_beside_its_default_is_found():
    @nl.loss_definition(parameters={"power": nl.Parameter(2.0, low=1, high=3)}, convex=True)
    def scaled(predictions, targets, *, power=2.0):
        return power * (predictions - targets) ** 2

    @scaled.gradient
    def _(predictions, targets, *, power=2.0):
        return 4 * (predictions - targets)

    with pytest.raises(AssertionError, match="gradient of scaled at"):
        check_loss(scaled, points=100)


def test_an_algorithm_has_no_formula_to_hold_it_to():
    with pytest.raises(InputError, match="ctc is an algorithm"):
        check_loss("ctc")


def test_a_slope_at_a_kink_that_neither_side_has_is_found():
    @nl.loss_definition(convex=True, lipschitz=1.0)
    def distance(predictions, targets):
        return abs(predictions - targets)

    @distance.gradient
    def _(predictions, targets):
        error = predictions - targets
        return where(error > 0, 1, where(error < 0, -1, 3))

    with pytest.raises(AssertionError, match=r"is 3\.0, but -1\.0 below and 1\.0 above"):
        check_loss(distance, points=100)
