"""Losses of several labels at once."""

__all__: list[str] = []
