"""Losses fused with the linear layer before them."""

__all__: list[str] = []
