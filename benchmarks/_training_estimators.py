"""The trainings by estimators: nonlin's, and scikit-learn's of the same names."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from _training_workloads import BETAS, EPSILON, RATE, Job, Workload

SKLEARN_NAMES = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}  # the activations that scikit-learn has


def train_nonlin(workload: Workload, jobs: list[Job]) -> Callable[[], list[float]]:
    """Train with nonlin; the function returned gives the qualities."""
    from nonlin import nn

    return _train(nn, workload, jobs)


def train_sklearn(workload: Workload, jobs: list[Job]) -> Callable[[], list[float]]:
    """Train with scikit-learn; the function returned gives the qualities."""
    from sklearn import neural_network

    named = [job._replace(activation=SKLEARN_NAMES[job.activation]) for job in jobs]
    return _train(neural_network, workload, named)


def _train(library: Any, workload: Workload, jobs: list[Job]) -> Callable[[], list[float]]:
    warnings.simplefilter("ignore")  # nobody converges in these epochs, nor is meant to
    data = workload.data
    models = [estimator(library, workload, job, workload.epochs).fit(data.X, data.y) for job in jobs]
    return lambda: [workload.quality(model.predict(data.X_test)) for model in models]


def estimator(library: Any, workload: Workload, job: Job, epochs: int) -> Any:
    """A library's estimator, set to train for exactly so many epochs."""
    kind = library.MLPClassifier if workload.classifies else library.MLPRegressor
    return kind(
        hidden_layer_sizes=workload.widths[1:-1],
        activation=job.activation,
        batch_size=workload.batch,
        learning_rate_init=RATE,
        beta_1=BETAS[0],
        beta_2=BETAS[1],
        epsilon=EPSILON,
        alpha=0.0,
        tol=0.0,
        n_iter_no_change=10**6,
        max_iter=epochs,
        random_state=job.seed,
    )
