"""Losses of real predictions."""

from ..definition import loss_definition

__all__ = ["mse"]


@loss_definition(
    tasks=("regression",),
    convex=True,
    proper="mean",
    aliases=("mean_squared_error", "squared_error", "l2_loss", "mseloss", "mse_loss"),
    reference="Legendre 1805; Gauss 1809",
    same_as={
        "torch": "nn.functional.mse_loss",
        "keras": "losses.mean_squared_error",
        "sklearn": "metrics.mean_squared_error",
        "optax": "squared_error",
    },
)
def mse(predictions, targets):
    """The squared error, averaged over all entries."""
    return (predictions - targets) ** 2


@mse.gradient
def _(predictions, targets):
    return 2 * (predictions - targets)


@mse.hessian_diagonal
def _(predictions, targets):
    return 2
