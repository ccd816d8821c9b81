"""Small networks trained by backpropagation on the CPU: scikit-learn's estimators with any activation and loss."""

from nonlin.nn.estimators import MLPClassifier, MLPRegressor
from nonlin.nn.training import DivergedError

__all__ = ["DivergedError", "MLPClassifier", "MLPRegressor"]
