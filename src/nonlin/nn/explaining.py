"""Every number on the way through a network and back, by name: for teaching, and for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from nonlin.nn import loop
from nonlin.nn.network import Network
from nonlin.nn.training import Training


class Step(NamedTuple):
    """An intermediate result: how it came about, and the number or array."""

    formula: str
    value: Any


class Trace(Mapping[str, Any]):
    """Intermediate results by name, in the order in which they are computed; printed, a table of formulas and shapes.

    Layers are counted from 1; a name ends in the number of its layer. Arrays of a layer have the shape (examples,
    units), its weights (units before, units).

    >>> trace = Trace()
    >>> trace.add("inputs", "x", np.zeros((2, 3)))
    >>> print(trace)
    name    formula  shape
    inputs  x        (2, 3)
    """

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}

    def add(self, name: str, formula: str, value: Any) -> None:
        """Append a copy of a result."""
        self.steps[name] = Step(formula, value if np.isscalar(value) else np.array(value))

    def __getitem__(self, name: str) -> Any:
        return self.steps[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        rows = [("name", "formula", "shape")]
        rows += [(name, step.formula, str(np.shape(step.value) or "number")) for name, step in self.steps.items()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    __repr__ = __str__


def forward_trace(network: Network, X: np.ndarray, output: Any, step: int = loop.FIXED) -> Trace:
    """The way of examples `X`, (examples, features), through a network to what its output activation makes of them.

    The examples must fit into the network's batch. `step` is the number of a training step, whose units are dropped
    and whose batches are normalized, or `FIXED` for a prediction.
    """
    trace, rows = Trace(), len(X)
    network.inputs[: X.size] = X.ravel()
    trace.add("inputs", "x", X)
    for i, layer in enumerate(network.layers, start=1):
        before = f"activations_{i - 1}" if i > 1 else "inputs"
        normalized, last = bool(layer["normalize"]), i == len(network.layers)
        values, bias = network.values[i - 1][:rows], network.intercepts[i - 1]
        loop.weighted_sums(layer, rows)
        if not normalized:
            trace.add(f"weighted_sums_{i}", f"{before} W_{i} + b_{i}", values + bias)
        else:
            trace.add(f"weighted_sums_{i}", f"{before} W_{i}", values)
            loop.normalize(layer, rows, step)
            kind = network.architecture.hidden[i - 1].normalization
            trace.add(f"normalized_{i}", f"{kind}_norm(weighted_sums_{i}) * gamma_{i} + b_{i}", values + bias)
        loop.activate(layer, rows, step)
        if not last:
            hidden = network.architecture.hidden[i - 1]
            dropped = ", some dropped" if hidden.dropout and step != loop.FIXED else ""
            argument = f"{'normalized' if normalized else 'weighted_sums'}_{i}"
            trace.add(f"activations_{i}", f"{hidden.activation.name}({argument}){dropped}", values)
    trace.add("outputs", f"{output.name}(weighted_sums_{len(network.layers)})", output(network.values[-1][:rows]))
    return trace


def backward_trace(training: Training, output: Any) -> Trace:
    """The same for the data of a training, one batch of them, then back: loss, errors, gradients, update.

    An error is the derivative of the summed loss by a weighted sum; gradients are those of the mean loss with its L2
    penalty, updates what the solver's next step adds to weights and biases.
    """
    network, rows = training.network, training.examples
    training.fill_batch(0, rows)
    trace = forward_trace(network, training.data.inputs, output, step=0)
    loss, weight = training.error_of_batch(rows)
    penalty = 0.5 * training.alpha * sum(float(np.vdot(coef, coef)) for coef in network.coefs)
    trace.add("loss", "mean loss + alpha / 2 sum(W^2) / n", (loss + penalty) / weight)
    for i in range(len(network.layers), 0, -1):
        loop.error_of_sums(network.layers[i - 1], rows)
        loop.weight_gradient(network.layers[i - 1], rows)
        source = "dL/d outputs" if i == len(network.layers) else f"errors_{i + 1} W_{i + 1}'"
        kind = network.architecture.hidden[i - 1].normalization if i < len(network.layers) else None
        path = f"f'_{i} and {kind}_norm" if kind else f"f'_{i}"
        trace.add(f"errors_{i}", f"{source} through {path}", network.errors[i - 1][:rows])
        if i > 1:
            loop.pass_back(network.layers[i - 1], rows)
    _add_gradients(trace, network, training.alpha, weight)
    before = network.parameters.copy()
    training.update_by_batch(weight)
    updates = network.views(network.parameters - before)
    for i, (weights, biases) in enumerate(zip(updates.coefs, updates.intercepts, strict=True), start=1):
        trace.add(f"weight_update_{i}", f"W_{i} after the step - before", weights)
        trace.add(f"bias_update_{i}", f"b_{i} after the step - before", biases)
    return trace


def _add_gradients(trace: Trace, network: Network, alpha: float, weight: float) -> None:
    """The gradient of the mean loss by everything that is learnt."""
    gradients, hidden = network.views(network.gradients), network.architecture.hidden
    for i, coef in enumerate(network.coefs, start=1):
        before = f"activations_{i - 1}" if i > 1 else "inputs"
        of_weights = (gradients.coefs[i - 1] + alpha * coef) / weight
        trace.add(f"weight_gradient_{i}", f"({before}' errors_{i} + alpha W_{i}) / n", of_weights)
        trace.add(f"bias_gradient_{i}", f"sum of dL/d(sum + b_{i}) / n", gradients.intercepts[i - 1] / weight)
        if i == len(network.coefs):
            continue
        if len(gradients.gammas[i - 1]):
            trace.add(f"gamma_gradient_{i}", f"dL/d gamma_{i} / n", gradients.gammas[i - 1] / weight)
        for name, slope in zip(hidden[i - 1].learnable, gradients.thetas[i - 1], strict=True):
            own = f"{hidden[i - 1].activation.name}_{name}"
            trace.add(f"{own}_gradient_{i}", f"sum of errors df/d{name} / n", float(slope) / weight)
