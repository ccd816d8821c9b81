"""The PyTorch backend: definitions as functions of tensors, with the derivatives that the definitions declare."""

try:
    import torch
    from torch import Tensor, nn
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("PyTorch is not installed: pip install 'nonlin[torch]'") from missing

__all__ = ["Tensor", "nn", "torch"]
