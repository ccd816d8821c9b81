"""Early stopping by the score on held-out examples: stop when it improves no more, go back to where it was best.

That by the loss on them (`scoring="loss"`) is compiled: `nonlin.nn.stopping`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nonlin.nn.network import Network
from nonlin.nn.training import Data, Training

Score = Callable[[np.ndarray, np.ndarray, np.ndarray | None], float]


class EarlyStopping:
    """Watches a training through its score on held-out examples, as scikit-learn's networks do.

    `score` takes the outputs, targets and weights of the held-out examples; greater is better. The `network` is as it
    scored `best`, before any epoch.
    """

    def __init__(
        self,
        network: Network,
        held: Data,
        score: Score,
        *,
        tolerance: float,
        patience: float,
        best: float = -np.inf,
        stale: int = 0,
    ):
        self._held, self._score, self._tolerance, self._patience = held, score, tolerance, patience
        self._best_memory = network.memory.copy()
        self.scores: list[float] = []
        self.best, self.stale = best, stale

    def improves_no_more(self, training: Training) -> bool:
        """Score the network as it is now; True once too many epochs have brought too little."""
        network, held = training.network, self._held
        score = float(self._score(network.outputs(held.inputs), held.targets, held.sample_weights))
        self.scores.append(score)
        self.stale = self.stale + 1 if score < self.best + self._tolerance else 0
        if score > self.best:
            self.best, self._best_memory = score, network.memory.copy()
        if self.stale <= self._patience:
            return False
        if training.slow_down():
            self.stale = 0
            return False
        return True

    def restore_best(self, network: Network) -> None:
        """Give the network the parameters that scored best."""
        network.memory[:] = self._best_memory
