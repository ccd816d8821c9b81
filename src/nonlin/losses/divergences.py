"""Losses of probabilities: cross-entropy, divergences, the Brier score."""

__all__: list[str] = []
