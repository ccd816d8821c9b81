"""Losses of the sparse relatives of softmax."""

__all__: list[str] = []
