"""Losses fused with the linear layer before them."""

from ..definition import Parameter, loss_definition
from .algorithm import AlgorithmLoss

__all__ = ["linear_cross_entropy"]


@loss_definition(
    kind=AlgorithmLoss,
    differentiable=("features", "weight", "bias"),
    domains={"targets": "probability"},
    output="softmax",
    convex=True,
    proper="probability",
    aliases=("linearcrossentropyloss", "fused_linear_cross_entropy"),
    reference="Wijmans et al. 2024, arXiv:2411.09009; Hsu et al. 2024, arXiv:2410.10989",
    same_as={"torch": "nn.functional.linear_cross_entropy"},
    parameters={
        "label_smoothing": Parameter(0.0, low=0, high=1, text="the share of each target spread over all classes")
    },
)
def linear_cross_entropy(features, weight, targets, bias=0, class_weights=1, *, label_smoothing=0.0):
    """The cross-entropy of features @ weight.T + bias, without ever holding the logits of all rows.

    The logits of some rows at a time, about 32 MB of them, become their gradient in place and go into the gradients
    that are asked for. The products are those of BLAS in the dtype of the arguments (float32 for 16-bit ones).

    Parameters
    ----------
    features : array of shape (..., width)
    weight : array of shape (classes, width), as in PyTorch's linear layer
    targets : class indices (integers, the shape of features without the last axis), or probabilities (..., classes)
    bias : array of shape (classes,), optional
    class_weights, label_smoothing, ignore_index, sample_weight, reduction : as for `nonlin.loss.cross_entropy`
    with_respect_to : "features" (default), "weight" or "bias", of `gradient` and `value_and_gradient`
        A tuple such as ("features", "weight", "bias") gives a tuple of gradients, all in one pass.

    Returns
    -------
    A number, or for `reduction="none"` one for each row.

    Raises
    ------
    InputError
        For shapes that do not fit and targets that are no classes; the message names the first one.

    Examples
    --------
    >>> import nonlin as nl
    >>> features, weight = [[1.0, 2.0]], [[0.5, 0.0], [0.0, 0.5], [1.0, -1.0]]
    >>> float(nl.loss.linear_cross_entropy(features, weight, [1]).round(6))  # the logits are 0.5, 1 and -1
    0.554957
    """
