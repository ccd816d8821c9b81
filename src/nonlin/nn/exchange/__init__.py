"""Fitted networks to other libraries and from them: PyTorch, ONNX, scikit-learn."""

from .onnx import to_onnx
from .pytorch import to_torch
from .scikit_learn import from_sklearn

__all__ = ["from_sklearn", "to_onnx", "to_torch"]
