"""What both estimators can be set to: every parameter once, with its default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nonlin.nn.randomness import RandomState


@dataclass(eq=False, repr=False, kw_only=True)
class Parameters:
    """The parameters by keyword; an estimator adds those by place and its own.

    Up to `max_fun` they are scikit-learn's. What each means, `MLPClassifier` says.
    """

    solver: str = "adam"
    alpha: float = 0.0001
    batch_size: int | str = "auto"
    learning_rate: str = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    random_state: RandomState = None
    tol: float = 1e-4
    verbose: bool | int = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: float = 10
    max_fun: int = 15000
    loss_parameters: Mapping[str, float] | None = None
    activation_parameters: Mapping[str, float] | Sequence[Mapping[str, float]] | None = None
    scoring: str | None = None
    dtype: str | None = None
    initialization: str = "auto"
    normalization: str | None = None
    dropout: float | Sequence[float] = 0.0
    weight_decay: float | None = None
    gradient_clip_norm: float | None = None
    warmup_steps: int = 0
    record: Any = None
