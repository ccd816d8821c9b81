"""What an estimator has learnt: where a training starts from, and the attributes that it leaves to go on from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nonlin.nn.network import EPSILON, Network

_LEFT = (  # by a training, in the estimator
    "coefs_", "loss_", "loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_", "history_",
    "records_", "t_", "n_iter_", "activation_parameters_", "normalizations_", "_solver_state", "_stale",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """The parameters of a network, and what was learnt with them before."""

    coefs: list[np.ndarray]
    intercepts: list[np.ndarray]
    normalizations: list[dict[str, Any]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    history: dict[str, np.ndarray] | None = None
    best_loss: float = np.inf
    best_score: float = -np.inf
    stale: int = 0
    examples_seen: int = 0
    solver: tuple[str, dict[str, Any]] | None = None  # the name, and what it has in mind

    @classmethod
    def of(cls, estimator: Any) -> Learnt:
        """Where the training of an estimator was left, or weights that were assigned."""
        known = vars(estimator)
        history = known.get("history_")
        same_layers = history and history.get("gradient_norm", np.zeros((0, 0))).shape[1] == len(estimator.coefs_)
        best_loss, best_score = known.get("best_loss_"), known.get("best_validation_score_")
        return cls(
            coefs=estimator.coefs_,
            intercepts=estimator.intercepts_,
            normalizations=known.get("normalizations_", []),
            losses=known.get("loss_curve_") or [],
            scores=known.get("validation_scores_") or [],
            history=history if same_layers else None,
            best_loss=np.inf if best_loss is None else best_loss,
            best_score=-np.inf if best_score is None else best_score,
            stale=known.get("_stale", 0),
            examples_seen=known.get("t_", 0),
            solver=known.get("_solver_state"),
        )

    def place(self, network: Network) -> None:
        """Give the network these parameters."""
        network.assign(self.coefs, self.intercepts)
        arrays = zip(network.gammas, network.means, network.variances, strict=True)
        for saved, (gamma, mean, variance) in zip(self.normalizations, arrays, strict=False):
            gamma[:] = saved["gamma"]
            if saved["kind"] == "batch":
                mean[:], variance[:] = saved["mean"], saved["variance"]

    def continued(self, history: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """New records behind those from before, where those are of the same kinds."""
        if not self.history or self.history.keys() != history.keys():
            return history
        return {name: np.concatenate([self.history[name], array]) for name, array in history.items()}


def keep(estimator: Any, network: Network) -> None:
    """Let an estimator have the parameters of a network."""
    estimator.coefs_ = [coef.copy() for coef in network.coefs]
    estimator.intercepts_ = [intercept.copy() for intercept in network.intercepts]
    layers = zip(network.architecture.hidden, network.thetas, strict=True)
    estimator.activation_parameters_ = [
        {**layer.parameters, **dict(zip(layer.learnable, theta.tolist(), strict=True))} for layer, theta in layers
    ]
    estimator.normalizations_ = _normalizations(network)


def _normalizations(network: Network) -> list[dict[str, Any]]:
    """What the hidden layers' normalizations have learnt, an entry a layer; none without normalization."""
    found = []
    parts = zip(network.architecture.hidden, network.gammas, network.means, network.variances, strict=True)
    for layer, gamma, *statistics in parts:
        if layer.normalization:
            mean, variance = (part.copy() if layer.normalization == "batch" else None for part in statistics)
            kept = {"kind": layer.normalization, "gamma": gamma.copy(), "epsilon": EPSILON}
            found.append(kept | {"mean": mean, "variance": variance})
    return found


def forget(estimator: Any) -> None:
    """Take from an estimator what an earlier training left."""
    for name in _LEFT:
        vars(estimator).pop(name, None)
