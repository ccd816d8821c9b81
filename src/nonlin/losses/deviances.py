"""Likelihoods of counts, amounts and noisy numbers: Poisson, gamma, Tweedie, Gaussian."""

__all__: list[str] = []
