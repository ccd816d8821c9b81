"""Losses of sequences that are not aligned."""

from ..definition import Parameter, loss_definition
from .algorithm import AlgorithmLoss

__all__ = ["ctc"]


@loss_definition(
    kind=AlgorithmLoss,
    output="softmax",
    lipschitz=1.0,
    aliases=("ctc_loss", "ctcloss", "connectionist_temporal_classification"),
    reference="Graves, Fernández, Gomez & Schmidhuber 2006, doi:10.1145/1143844.1143891",
    same_as={"torch": "nn.functional.ctc_loss (of log_softmax)", "optax": "ctc_loss", "tensorflow": "nn.ctc_loss"},
    parameters={
        "blank": Parameter(0, low=0, text="the class that stands for no label"),
        "zero_infinity": Parameter(0, low=0, high=1, text="1: a sequence that cannot be aligned costs nothing"),
    },
)
def ctc(logits, targets, input_lengths, target_lengths, *, blank=0, zero_infinity=0):
    """Minus the log of the probability of all alignments of a sequence of labels with longer frames.

    An alignment gives each frame a label or the blank, in the order of the labels; equal neighbours have a blank
    between them. The probability of a class in a frame is its softmax. All is computed in float64, with
    logarithms of probabilities.

    Parameters
    ----------
    logits : array of shape (frames, sequences, classes), as in PyTorch, which takes their log_softmax
    targets : integers of shape (sequences, longest), of which the target length of each counts, or one after another
    input_lengths : integers, the frames of each sequence; those behind have a gradient of 0
    target_lengths : integers, the labels of each sequence
    blank : int, default 0
        The class that stands for no label.
    zero_infinity : 0 (default) or 1
        A sequence of more labels than its frames can hold has an infinite loss, or with 1 a loss of 0. Its gradient
        is 0 in both cases (PyTorch: NaN, and 0).
    reduction : "mean" (default), "sum" or "none"
        The mean divides the loss of each sequence by the number of its labels first, by 1 if it has none, as in
        PyTorch.
    sample_weight : a weight for each sequence

    Returns
    -------
    A number, or for `reduction="none"` one for each sequence, in the dtype of the logits.

    Raises
    ------
    InputError
        For lengths and labels out of range; the message names the first one.

    Examples
    --------
    >>> import numpy as np, nonlin as nl
    >>> logits = np.zeros((3, 1, 2))  # three frames, one sequence, the blank and one label
    >>> float(nl.loss.ctc(logits, [[1]], [3], [1]).round(6))  # 6 of 8 paths are the label: log(8 / 6)
    0.287682
    """
