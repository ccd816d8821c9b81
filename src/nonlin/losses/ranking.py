"""Losses of the order of classes."""

from ..definition import loss_definition
from .algorithm import AlgorithmLoss

__all__ = ["multilabel_margin"]


@loss_definition(
    kind=AlgorithmLoss,
    domains={"targets": "binary"},
    convex=True,
    lipschitz=1.0,
    aliases=("multilabel_margin_loss", "multilabelmarginloss"),
    reference="Crammer & Singer 2003, Journal of Machine Learning Research 3:1025",
    same_as={"torch": "nn.functional.multilabel_margin_loss (targets as rows of 0 and 1)"},
)
def multilabel_margin(logits, targets):
    """The hinge loss 1 - a + b of each right class's logit a with each wrong one's b, summed, over the classes.

    Parameters
    ----------
    logits : array with at least one axis, the classes along the last
    targets : 0 and 1, shaped like the logits; PyTorch takes the indices of the right classes, ended by -1, instead
    reduction : "mean" (default, over the rows), "sum" or "none"
    sample_weight : a weight for each row

    Returns
    -------
    A number, or for `reduction="none"` one for each row, in the dtype of the logits. A row whose classes are all right
    or all wrong costs nothing.

    Raises
    ------
    InputError
        For targets other than 0 and 1; the message names the first one.

    Examples
    --------
    >>> import nonlin as nl
    >>> float(nl.loss.multilabel_margin([[0.1, 0.2, 0.4, 0.8]], [[1, 0, 0, 1]]).round(6))
    0.85
    """
