"""What PyTorch's users write for each loss of single numbers and some of rows: its own function, or the expression of
the library that has it, in PyTorch's terms with this package's defaults, averaged.

Expressions that leave out what does not depend on the predictions are taken as they are: only gradients are compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

import nonlin as nl


class LossPeer(NamedTuple):
    """A mean loss of tensors in the order of our inputs, and the library that its expression is from, "" if PyTorch."""

    function: Callable[..., Any]
    source: str = ""


@cache
def loss_peers() -> dict[str, LossPeer]:
    """All of them, by our names."""
    return _own() | _of_regression() | _of_classes()


def _own() -> dict[str, LossPeer]:
    from torch.nn import functional as f

    functions = {
        "mse": f.mse_loss,
        "mae": f.l1_loss,
        "huber": f.huber_loss,
        "smooth_l1": f.smooth_l1_loss,
        "poisson_nll": f.poisson_nll_loss,
        "gaussian_nll": f.gaussian_nll_loss,
        "binary_cross_entropy": f.binary_cross_entropy_with_logits,
        "binary_cross_entropy_from_probabilities": f.binary_cross_entropy,
        "soft_margin": f.soft_margin_loss,
        "hinge_embedding": f.hinge_embedding_loss,
        "margin_ranking": f.margin_ranking_loss,
        "kl_divergence": lambda p, t: f.kl_div(p.log(), t, reduction="batchmean"),
        "kl_divergence_from_log_probabilities": lambda p, t: f.kl_div(p, t, reduction="batchmean"),
        "kl_divergence_with_log_targets": lambda p, t: f.kl_div(p, t, reduction="batchmean", log_target=True),
    }
    return {name: LossPeer(function) for name, function in functions.items()}


def _of_regression() -> dict[str, LossPeer]:
    import torch
    from torch.nn import functional as f

    return {
        "half_squared": LossPeer(lambda p, t: f.mse_loss(p, t) / 2, "optax"),
        "rmse": LossPeer(lambda p, t: f.mse_loss(p, t).sqrt(), "torchmetrics"),
        "log_cosh": LossPeer(lambda p, t: (p - t + f.softplus(-2 * (p - t)) - math.log(2)).mean(), "keras"),
        "pinball": LossPeer(lambda p, t: torch.maximum(-0.5 * (t - p), 0.5 * (t - p)).mean(), "pytorch-forecasting"),
        "epsilon_insensitive": LossPeer(lambda p, t: f.relu((p - t).abs() - 0.1).mean(), "scikit-learn"),
        "squared_epsilon_insensitive": LossPeer(lambda p, t: (f.relu((p - t).abs() - 0.1) ** 2).mean(), "scikit-learn"),
        "mape": LossPeer(lambda p, t: ((p - t).abs() / t.abs().clamp(min=1.17e-6)).mean(), "torchmetrics"),
        "smape": LossPeer(
            lambda p, t: (2 * (p - t).abs() / (p.abs() + t.abs()).clamp(min=1.17e-6)).mean(), "torchmetrics"
        ),
        "msle": LossPeer(lambda p, t: ((p.log1p() - t.log1p()) ** 2).mean(), "torchmetrics"),
        "rmsle": LossPeer(lambda p, t: ((p.log1p() - t.log1p()) ** 2).mean().sqrt(), "scikit-learn"),
        "gamma": LossPeer(lambda p, t: (p + t * torch.exp(-p)).mean(), "scikit-learn"),
        "tweedie": LossPeer(lambda p, t: (2 * torch.exp(p / 2) + 2 * t * torch.exp(-p / 2)).mean(), "scikit-learn"),
        "gaussian_nll_from_log_variance": LossPeer(
            lambda p, t, s: ((s + (p - t) ** 2 * torch.exp(-s)) / 2).mean(), "arXiv:1703.04977"
        ),
    }


def _of_classes() -> dict[str, LossPeer]:
    import torch
    from torch.nn import functional as f

    def lack(p: Any, t: Any) -> Any:
        return 1 - (p * t + (1 - p) * (1 - t))

    def focal(z: Any, t: Any) -> Any:
        cross_entropy = f.binary_cross_entropy_with_logits(z, t, reduction="none")
        return (cross_entropy * lack(torch.sigmoid(z), t) ** 2).mean()

    def poly(z: Any, t: Any) -> Any:
        cross_entropy = f.binary_cross_entropy_with_logits(z, t, reduction="none")
        return (cross_entropy + 2 * lack(torch.sigmoid(z), t)).mean()

    def asymmetric(z: Any, t: Any) -> Any:
        p = torch.sigmoid(z)
        q = (1 - p + 0.05).clamp(max=1)
        loss = t * torch.log(p.clamp(min=1e-8)) + (1 - t) * torch.log(q.clamp(min=1e-8))
        return -(loss * torch.pow(1 - p * t - q * (1 - t), t + 4 * (1 - t))).mean()

    def sparse_plus(z: Any) -> Any:
        return torch.where(z <= -1, 0.0, torch.where(z >= 1, z, (z + 1) ** 2 / 4))

    def modified_huber(s: Any) -> Any:
        return torch.where(s < -1, -4 * s, f.relu(1 - s) ** 2)

    return {
        "hinge": LossPeer(lambda p, t: f.relu(1 - t * p).mean(), "keras"),
        "squared_hinge": LossPeer(lambda p, t: (f.relu(1 - t * p) ** 2).mean(), "keras"),
        "modified_huber": LossPeer(lambda p, t: modified_huber(t * p).mean(), "scikit-learn"),
        "exponential": LossPeer(lambda p, t: torch.exp(-t * p).mean(), "scikit-learn"),
        "perceptron": LossPeer(lambda p, t: f.relu(-t * p).mean(), "optax"),
        "binary_sparsemax": LossPeer(lambda z, t: sparse_plus(torch.where(t > 0, -z, z)).mean(), "optax"),
        "binary_focal": LossPeer(focal, "torchvision"),
        "binary_focal_from_probabilities": LossPeer(
            lambda p, t: (f.binary_cross_entropy(p, t, reduction="none") * lack(p, t) ** 2).mean(), "keras"
        ),
        "binary_poly": LossPeer(poly, "timm"),
        "asymmetric": LossPeer(asymmetric, "timm"),
    }


def inputs(name: str, size: int) -> list[np.ndarray]:
    """Numbers in the domains of a loss, float32; labels where targets may be probabilities; rows of at most 1024."""
    loss, random = nl.get_loss(name), np.random.default_rng(0)
    names = [argument for argument in loss.inputs if argument not in loss.optional]
    if loss.kind == "row":
        rows = [random.standard_normal((max(1, size >> 10), min(size, 1024)), np.float32) for _ in names]
        logarithmic = [argument == "log_predictions" or name.endswith("log_targets") for argument in names]
        return [(nl.log_softmax if is_log else nl.softmax)(x) for x, is_log in zip(rows, logarithmic, strict=True)]
    arrays = [_drawn(random, loss.domains.get(x, "real"), x == "targets", size) for x in names]
    return [x.astype(np.float32) for x in arrays]


def _drawn(random: np.random.Generator, domain: str, are_targets: bool, size: int) -> np.ndarray:
    if domain == "real":
        return random.standard_normal(size, np.float32)
    if domain == "non_negative":
        return random.poisson(2, size)
    if domain in ("sign", "binary") or (domain == "probability" and are_targets):
        labels = random.integers(0, 2, size)
        return 2 * labels - 1 if domain == "sign" else labels
    low, high = {"probability": (0.01, 0.99)}.get(domain, (0.5, 2.0))
    return random.uniform(low, high, size)


def torchs(name: str, arrays: list[np.ndarray]) -> Callable[[], Any]:
    """PyTorch's forward and backward pass, which gives the gradient as a new tensor."""
    import torch

    function, (first, *others) = loss_peers()[name].function, map(torch.from_numpy, arrays)
    first.requires_grad_()

    def run() -> Any:
        first.grad = None
        function(first, *others).backward()
        return first.grad

    return run


def gradient_disagreement(name: str) -> float:
    """How far the gradient of PyTorch's form is from ours at most, relative to the largest entry."""
    arrays = inputs(name, 64)
    ours, theirs = nl.get_loss(name).gradient(*arrays), torchs(name, arrays)().numpy()
    return float(np.max(np.abs(theirs - ours)) / np.max(np.abs(ours)))
