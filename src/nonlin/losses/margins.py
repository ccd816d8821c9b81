"""Margin losses of scores."""

__all__: list[str] = []
