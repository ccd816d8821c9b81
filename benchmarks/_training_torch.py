"""The trainings by PyTorch: eager, and each step compiled into one graph, alone or over all seeds at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import groupby, pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from _training_workloads import ACTIVATIONS, BETAS, EPSILON, RATE, Job, Workload

MODULES = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "elu": "ELU", "gelu": "GELU"}
MODULES |= {"silu": "SiLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "softplus": "Softplus"}
FUNCTIONS = {name: getattr(torch if name in ("tanh", "sigmoid") else functional, name) for name in ACTIVATIONS}
Qualities = Callable[[], list[float]]


@cache
def _tensors(workload: Workload) -> list[torch.Tensor]:
    torch.set_num_threads(1)
    X, X_test, y, _ = workload.data
    targets = torch.from_numpy(y)
    return [torch.from_numpy(X), torch.from_numpy(X_test), targets if workload.classifies else targets[:, None]]


def _predictions(outputs: torch.Tensor) -> torch.Tensor:
    return outputs.argmax(-1) if outputs.shape[-1] > 1 else outputs[..., 0]


def train_eager(workload: Workload, jobs: list[Job], fused: bool = False) -> Qualities:
    """Train in the usual loop, batches taken from a shuffled copy of an epoch's data."""
    X, X_test, y = _tensors(workload)
    models = []
    for job in jobs:
        torch.manual_seed(job.seed)
        model = _module(workload, job.activation)
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE, betas=BETAS, eps=EPSILON, fused=fused or None)
        loss = nn.CrossEntropyLoss() if workload.classifies else nn.MSELoss()
        for _ in range(workload.epochs):
            order = torch.randperm(len(X))
            for inputs, targets in zip(X[order].split(workload.batch), y[order].split(workload.batch), strict=True):
                optimizer.zero_grad()
                loss(model(inputs), targets).backward()
                optimizer.step()
        models.append(model)

    @torch.no_grad()
    def qualities() -> list[float]:
        return [workload.quality(_predictions(model(X_test))) for model in models]

    return qualities


def train_fused(workload: Workload, jobs: list[Job]) -> Qualities:
    """The same with PyTorch's fused update."""
    return train_eager(workload, jobs, fused=True)


def _module(workload: Workload, activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in pairwise(workload.widths):
        layers += [nn.Linear(before, after), getattr(nn, MODULES[activation])()]
    return nn.Sequential(*layers[:-1])


def _outputs(activation: str, parameters: list[torch.Tensor], values: torch.Tensor) -> torch.Tensor:
    for i in range(0, len(parameters), 2):
        values = torch.addmm(parameters[i + 1], values, parameters[i])
        if i < len(parameters) - 2:
            values = FUNCTIONS[activation](values)
    return values


@cache
def _step(activation: str, classifies: bool, seeds: bool) -> Callable[..., None]:
    """Forward, backward and Adam's update in one compiled graph; `seeds`: of several networks side by side."""
    loss = functional.cross_entropy if classifies else functional.mse_loss

    def loss_of(parameters: list[torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return loss(_outputs(activation, parameters, inputs), targets)

    def gradients(*arguments: Any) -> list[torch.Tensor]:
        return torch.func.grad(loss_of)(*arguments)

    slopes = torch.func.vmap(gradients) if seeds else gradients

    def step(state: list[list[torch.Tensor]], count: torch.Tensor, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        count += 1
        rate = RATE * torch.sqrt(1 - BETAS[1] ** count) / (1 - BETAS[0] ** count)
        for w, m, v, g in zip(*state, slopes(state[0], inputs, targets), strict=True):
            m.lerp_(g, 1 - BETAS[0])
            v.lerp_(g * g, 1 - BETAS[1])
            w.sub_(rate * m / (torch.sqrt(v) + EPSILON))

    return torch.compile(step, fullgraph=True, dynamic=False)


def _run(workload: Workload, job: Job, parameters: list[torch.Tensor], orders: torch.Tensor) -> Callable[[], Any]:
    """Train from `parameters` on batches of the examples `orders`, shape (epochs, steps, ..., batch)."""
    X, X_test, y = _tensors(workload)
    seeds = orders.ndim == 4
    step = _step(job.activation, workload.classifies, seeds)
    state = [parameters, *([torch.zeros_like(part) for part in parameters] for _ in range(2))]
    count = torch.zeros(())
    with torch.no_grad():
        for order in orders:
            for inputs, targets in zip(X[order], y[order], strict=True):
                step(state, count, inputs, targets)

    def predictions() -> Any:
        networks = zip(*parameters, strict=True) if seeds else [parameters]
        return [_predictions(_outputs(job.activation, list(network), X_test)) for network in networks]

    return predictions


def train_compiled(workload: Workload, jobs: list[Job]) -> Qualities:
    """Train one network after the other by compiled steps."""
    trained = []
    for job in jobs:
        parameters = [*map(torch.from_numpy, workload.parameters(job.seed))]
        trained.append(_run(workload, job, parameters, torch.from_numpy(workload.batches(job.seed))))
    return lambda: [workload.quality(predictions()[0]) for predictions in trained]


def train_compiled_seeds(workload: Workload, jobs: list[Job]) -> Qualities:
    """Train all networks of an activation side by side by compiled steps, vmapped over the seeds."""
    trained = []
    for _, group in groupby(sorted(jobs), key=lambda job: job.activation):
        alike = list(group)
        drawn = zip(*(workload.parameters(job.seed) for job in alike), strict=True)
        parameters = [torch.stack([*map(torch.from_numpy, parts)]) for parts in drawn]
        orders = torch.stack([torch.from_numpy(workload.batches(job.seed)) for job in alike], dim=2)
        trained.append(_run(workload, alike[0], parameters, orders))
    return lambda: [workload.quality(each) for predictions in trained for each in predictions()]
