"""Losses of embeddings and their labels."""

__all__: list[str] = []
