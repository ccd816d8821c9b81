"""The mechanism: a formula is defined once, and everything else is derived from it."""

from .activation import Activation, Concatenated, Elementwise, Gated, Pooled, Row, activation
from .loss import (
    ElementwiseLoss,
    Loss,
    RowLoss,
    SimilarityLoss,
    SummaryLoss,
    loss_definition,
)
from .records import Definition, Parameter

__all__ = [
    "Activation",
    "Concatenated",
    "Definition",
    "Elementwise",
    "ElementwiseLoss",
    "Gated",
    "Loss",
    "Parameter",
    "Pooled",
    "Row",
    "RowLoss",
    "SimilarityLoss",
    "SummaryLoss",
    "activation",
    "loss_definition",
]
