"""The definitions of loss functions, a file per theme."""

from . import classification, regression
from .classification import *
from .regression import *

__all__: list[str] = []
__all__ += classification.__all__
__all__ += regression.__all__
