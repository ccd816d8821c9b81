"""The loss functions under one short name: `nonlin.loss.cross_entropy(logits, targets)`."""

from .losses import *  # noqa: F403
from .losses import __all__ as __all__
