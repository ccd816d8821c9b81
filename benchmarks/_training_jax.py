"""The trainings by JAX: a whole training is one compiled program, a scan over the steps, vmapped over the seeds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import groupby
from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from _training_workloads import ACTIVATIONS, BETAS, EPSILON, RATE, Job, Workload

FUNCTIONS = {name: getattr(jax.nn, name) for name in ACTIVATIONS} | {"gelu": partial(jax.nn.gelu, approximate=False)}
Qualities = Callable[[], list[float]]


def train_seeds(workload: Workload, jobs: list[Job], switch: bool = False) -> Qualities:
    """Train all networks of an activation side by side, by a program for each activation or by a `switch`."""
    data, trained = workload.data, []
    for _, group in groupby(sorted(jobs), key=lambda job: job.activation):
        alike = list(group)
        parameters = [np.stack(parts) for parts in zip(*(workload.parameters(job.seed) for job in alike), strict=True)]
        orders = np.stack([workload.batches(job.seed) for job in alike])
        which = ACTIVATIONS.index(alike[0].activation)
        program = _program(workload, None if switch else which)
        trained.append(program(which, parameters, orders, data.X, data.y, data.X_test))
    jax.block_until_ready(trained)
    return lambda: [workload.quality(each) for predictions in trained for each in predictions]


def train_switch(workload: Workload, jobs: list[Job]) -> Qualities:
    """The same, with one program that switches between the activations: compiled once, not once an activation."""
    return train_seeds(workload, jobs, switch=True)


@cache
def _program(workload: Workload, only: int | None) -> Callable[..., Any]:
    """The compiled program of a workload, for one activation or for all."""
    train = partial(_train, workload, only)
    return jax.jit(jax.vmap(train, in_axes=(None, 0, 0, None, None, None)))


def _train(workload: Workload, only: int | None, which: Any, parameters: Any, orders: Any, X: Any, y: Any, X_test: Any):
    """Train one network, and predict the test examples with it."""
    functions = [FUNCTIONS[name] for name in ACTIVATIONS]

    def act(values: Any) -> Any:
        return lax.switch(which, functions, values) if only is None else functions[only](values)

    def outputs(parameters: Any, values: Any) -> Any:
        for i in range(0, len(parameters), 2):
            values = values @ parameters[i] + parameters[i + 1]
            values = act(values) if i < len(parameters) - 2 else values
        return values

    def loss(parameters: Any, inputs: Any, targets: Any) -> Any:
        z = outputs(parameters, inputs)
        if not workload.classifies:
            return jnp.mean((z[:, 0] - targets) ** 2)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), targets[:, None], axis=1))

    def step(state: Any, batch: Any) -> Any:
        w, m, v, count = state
        count += 1
        gradient = jax.grad(loss)(w, *batch)
        m = [BETAS[0] * a + (1 - BETAS[0]) * g for a, g in zip(m, gradient, strict=True)]
        v = [BETAS[1] * a + (1 - BETAS[1]) * g * g for a, g in zip(v, gradient, strict=True)]
        rate = RATE * jnp.sqrt(1 - BETAS[1] ** count) / (1 - BETAS[0] ** count)
        w = [a - rate * b / (jnp.sqrt(c) + EPSILON) for a, b, c in zip(w, m, v, strict=True)]
        return (w, m, v, count), None

    def epoch(state: Any, order: Any) -> Any:
        return lax.scan(step, state, (X[order], y[order]))

    zeros = [jnp.zeros_like(part) for part in parameters]
    (trained, *_), _ = lax.scan(epoch, (parameters, zeros, zeros, 0.0), orders)
    z = outputs(trained, X_test)
    return jnp.argmax(z, axis=1) if workload.classifies else z[:, 0]
