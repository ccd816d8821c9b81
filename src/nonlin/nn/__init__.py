"""Small networks trained by backpropagation on the CPU: scikit-learn's estimators with any activation and loss."""

from nonlin.nn.classifier import MLPClassifier
from nonlin.nn.divergence import DivergedError
from nonlin.nn.loggers import MLflowLogger, TensorBoardLogger
from nonlin.nn.regressor import MLPRegressor
from nonlin.nn.watching import Callback, Epoch

__all__ = [
    "Callback",
    "DivergedError",
    "Epoch",
    "MLPClassifier",
    "MLPRegressor",
    "MLflowLogger",
    "TensorBoardLogger",
]
