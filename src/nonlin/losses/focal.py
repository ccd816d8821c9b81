"""Cross-entropies that weigh easy and hard examples differently."""

__all__: list[str] = []
