"""Trainings that went wrong: where, and by what most likely."""

from __future__ import annotations

import numpy as np

from nonlin.nn.network import Network


class DivergedError(ArithmeticError, ValueError):
    """The loss or a weight became infinite or NaN during training; a ValueError too, as scikit-learn's is."""


def check_finite(network: Network, solver: np.void, targets: np.ndarray, epoch: int, loss: float) -> None:
    """Raise `DivergedError` where the loss of this epoch or a weight is not finite; `solver` is the loop's record."""
    sick = [i + 1 for i, coef in enumerate(network.coefs) if not np.isfinite(coef).all()]
    if np.isfinite(loss) and not sick:
        return
    where = f"the weights of layer {sick[0]} are no longer finite" if sick else f"the loss became {loss}"
    loud = [i + 1 for i, block in enumerate(network.values) if not np.isfinite(block).all()]
    if loud and not sick:
        where = f"layer {loud[0]} gave values that are not finite"
    step = int(solver["steps"]) + (not sick)
    rate, inputs, outputs = solver["first_rate"], _largest(network.inputs), _largest(targets)
    size, what, mend = max(
        (inputs, "inputs", "put a StandardScaler in front"),
        (outputs, "targets", "put a TransformedTargetRegressor around"),
    )
    raise DivergedError(
        f"training diverged at step {step}, epoch {epoch}: {where}. The likeliest causes: "
        f"the learning rate is too large (learning_rate_init={rate:g}; try a tenth); "
        f"the {what} are not standardised (the largest here is {size:.3g}; {mend}); "
        "the errors grow from layer to layer (set gradient_clip_norm=1 or normalization='layer')"
    )


def _largest(array: np.ndarray) -> float:
    return float(np.abs(array).max(initial=0))
