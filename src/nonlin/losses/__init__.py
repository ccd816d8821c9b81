"""The definitions of loss functions, a file per theme."""

from .classification import binary_cross_entropy, cross_entropy
from .regression import mse

__all__ = ["binary_cross_entropy", "cross_entropy", "mse"]
