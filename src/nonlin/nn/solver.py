"""The solver of a training: its settings, and the record that the compiled loop works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonlin.nn import updates
from nonlin.nn.calls import fields
from nonlin.nn.schedules import CODES

# What the solver computes with. Those from `rate` on change: a training can stop and go on.
SOLVER = fields(
    "",
    "alpha loss_share first_rate power slower tolerance patience "
    "a b c beta_1 beta_2 beta_c decay clip "  # a, b, c: see nonlin.nn.updates
    "schedule steps_in_all warmup "
    "rate steps examples_seen best_loss milestone training_milestone stale settled",
)
PROGRESS = SOLVER.names[SOLVER.names.index("rate") :]  # type: ignore[index, union-attr]


@dataclass(frozen=True, kw_only=True)
class Solver:
    """How the parameters are updated and when to stop, in scikit-learn's words."""

    name: str = "adam"
    alpha: float = 1e-4
    loss_share: float = 1.0  # of the loss as it is reported; the gradient is that of the whole
    learning_rate: str = "constant"
    learning_rate_init: float = 1e-3
    power_t: float = 0.5
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    gradient_clip_norm: float | None = None
    warmup_steps: int = 0
    steps_in_all: int = 1
    tol: float = 1e-4
    n_iter_no_change: float = 10
    best_loss: float = np.inf
    examples_seen: float = 0
    stale: float = 0  # epochs without an improvement so far

    def pack(self) -> np.ndarray:
        """The record that the compiled loop works on."""
        solver = np.zeros(1, SOLVER)
        sgd = self.name in ("sgd", "nesterov")
        slower = {"adaptive": 5.0 if sgd else 0.0, "plateau": 10.0}  # scikit-learn's and PyTorch's
        values = {
            "alpha": self.alpha,
            "loss_share": self.loss_share,
            "first_rate": self.learning_rate_init,
            "rate": self.learning_rate_init,
            "decay": self.weight_decay,
            "clip": self.gradient_clip_norm or 0.0,
            "power": self.power_t if sgd and self.learning_rate == "invscaling" else 0.0,
            "slower": slower.get(self.learning_rate, 0.0),
            "schedule": CODES.get(self.learning_rate, 0),
            "steps_in_all": self.steps_in_all,
            "warmup": self.warmup_steps,
            "tolerance": self.tol,
            "patience": self.n_iter_no_change,
            "best_loss": self.best_loss,
            "milestone": self.best_loss,
            "examples_seen": self.examples_seen,
            "stale": self.stale,
        }
        numbers = ("momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon")
        settings = updates.settings(self.name, **{name: getattr(self, name) for name in numbers})
        for name, value in (values | settings._asdict()).items():
            solver[name] = value
        return solver
