"""The angle between a row of predictions and a row of targets."""

__all__: list[str] = []
