"""Errors relative to the size of the targets."""

__all__: list[str] = []
