"""How far predicted and true regions overlap."""

__all__: list[str] = []
