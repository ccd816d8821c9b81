"""Losses of distances and of pairs and triplets of vectors."""

__all__: list[str] = []
