"""Early stopping by the score on held-out examples: stop when it improves no more, go back to where it was best.

That by the loss on them (`scoring="loss"`) is compiled: `nonlin.nn.loop.improves_no_more`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nonlin.nn.training import Training


class EarlyStopping:
    """Watches a training through its score on held-out examples, as scikit-learn's networks do.

    `score` takes the outputs and targets of the held-out examples; greater is better.
    """

    def __init__(
        self,
        inputs: np.ndarray,
        targets: np.ndarray,
        score: Callable[[np.ndarray, np.ndarray], float],
        tolerance: float,
        patience: float,
    ):
        self._inputs, self._targets, self._score = inputs, targets, score
        self._tolerance, self._patience = tolerance, patience
        self._stale = 0
        self._best_parameters: np.ndarray | None = None
        self.scores: list[float] = []
        self.best = -np.inf

    def improves_no_more(self, training: Training) -> bool:
        """Score the network as it is now; True once too many epochs have brought too little."""
        network = training.network
        outputs = network.outputs(self._inputs)
        score = float(self._score(outputs, self._targets))
        self.scores.append(score)
        self._stale = self._stale + 1 if score < self.best + self._tolerance else 0
        if score > self.best:
            self.best, self._best_parameters = score, network.memory.copy()
        if self._stale <= self._patience:
            return False
        self._stale = 0
        return not training.slow_down()

    def restore_best(self, training: Training) -> None:
        """Give the network the parameters that scored best."""
        if self._best_parameters is not None:
            training.network.memory[:] = self._best_parameters
