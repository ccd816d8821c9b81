"""The mechanism: a formula is defined once, and everything else is derived from it."""

from .activation import Activation, Elementwise, Gated, Row, activation
from .loss import ElementwiseLoss, Loss, RowLoss, loss_definition
from .records import Definition, Parameter

__all__ = [
    "Activation",
    "Definition",
    "Elementwise",
    "ElementwiseLoss",
    "Gated",
    "Loss",
    "Parameter",
    "Row",
    "RowLoss",
    "activation",
    "loss_definition",
]
