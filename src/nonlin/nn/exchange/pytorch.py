"""Fitted networks as PyTorch modules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from nonlin.nn.stack import Activate, Dense, Flatten, Normalize, Opposites, Shares, stack_of

if TYPE_CHECKING:
    from nonlin.backends.torch import nn


def to_torch(model: Any, *, logits: bool = False) -> nn.Sequential:
    """A fitted network as `torch.nn.Sequential`, in the precision of its weights.

    The result maps a tensor (examples, features) to what `predict_proba` or `predict` of a regressor gives, or, where
    a classifier has no probabilities, to its outputs. Activations are PyTorch's own modules where it has them; others
    are computed by the definition's formulas, with its derivatives and with learnable parameters as parameters. The
    module is in evaluation mode: call `.train()` before training it further.

    Parameters
    ----------
    model : MLPClassifier or MLPRegressor
        Fitted, ours or scikit-learn's.
    logits : bool, default False
        Leave out what follows the last linear layer, which PyTorch's losses such as `CrossEntropyLoss` expect.

    Raises
    ------
    NotFittedError
        For a model that is not fitted.
    ModuleNotFoundError
        Where PyTorch is not installed; it names the command that installs it.

    Examples
    --------
    >>> import torch
    >>> from nonlin.nn import MLPClassifier
    >>> from nonlin.nn.exchange import to_torch
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> model = MLPClassifier((16,), "gelu", learning_rate_init=0.05, random_state=0, max_iter=500).fit(X, y)
    >>> to_torch(model)(torch.tensor(X, dtype=torch.float64)).argmax(1)
    tensor([0, 1, 1, 0])
    """
    from nonlin.backends.torch import layers, torch
    from nonlin.backends.torch.module import module

    stack = stack_of(model)
    made: dict[type, Callable[..., torch.nn.Module]] = {
        Dense: layers.linear,
        Normalize: layers.normalization,
        Activate: module,
        Opposites: layers.Opposites,
        Shares: layers.Shares,
        Flatten: partial(torch.nn.Flatten, 0),
    }
    parts = stack.layers if logits else stack.layers + stack.ending
    return torch.nn.Sequential(*(made[type(part)](*part) for part in parts)).to(getattr(torch, stack.dtype.name)).eval()
