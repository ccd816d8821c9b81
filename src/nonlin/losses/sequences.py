"""Losses of sequences that are not aligned."""

__all__: list[str] = []
