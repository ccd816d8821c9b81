"""Traces of a pass through a network and back, against NumPy by hand and PyTorch's own gradients."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.nn.architecture import Architecture, Hidden
from nonlin.nn.definitions import loss_kernel
from nonlin.nn.explaining import backward_trace, forward_trace
from nonlin.nn.network import Network
from nonlin.nn.solver import Solver
from nonlin.nn.training import Data, Training

ROWS, ALPHA, RATE = 6, 0.3, 0.05
FORWARD = [
    "inputs", "weighted_sums_1", "activations_1", "weighted_sums_2", "activations_2", "weighted_sums_3", "outputs",
]  # fmt: skip
BACK = ["loss", "errors_3", "errors_2", "errors_1"]
KINDS = ("weight_gradient", "bias_gradient"), ("weight_update", "bias_update")
BACKWARD = [*FORWARD, *BACK, *(f"{kind}_{i}" for pair in KINDS for i in (1, 2, 3) for kind in pair)]


def network_of(*hidden, dtype="f8"):
    """A network of 4 inputs and 3 outputs with random parameters."""
    random = np.random.default_rng(0)
    network = Network(Architecture(4, hidden, 3), np.dtype(dtype), ROWS)
    for part in network.views(network.parameters)[:3]:
        for array in part:
            array += random.normal(size=array.shape) / 2
    return network


def examples(weighted=False):
    random = np.random.default_rng(1)
    weights = random.uniform(0.5, 2, ROWS) if weighted else None
    return Data(random.normal(size=(ROWS, 4)), np.eye(3)[random.integers(3, size=ROWS)], weights)


def training_of(network, data, **settings):
    solver = Solver(**{"name": "sgd", "momentum": 0.0, "alpha": ALPHA, "learning_rate_init": RATE, **settings})
    loss = loss_kernel(nl.get_loss("cross_entropy"), network.dtype)
    return Training(network, data, solver, loss=loss, shuffle=False, dropout_keys=range(1, len(network.layers)))


def by_hand(network, data):
    """Every intermediate of a tanh network with softmax outputs and cross-entropy, as in a textbook."""
    weights, biases = [w.copy() for w in network.coefs], [b.copy() for b in network.intercepts]
    counts = np.ones(ROWS) if data.sample_weights is None else data.sample_weights
    found = {"inputs": data.inputs}
    a, values = data.inputs, [data.inputs]
    for i, (w, b) in enumerate(zip(weights, biases, strict=True), start=1):
        z = a @ w + b
        found[f"weighted_sums_{i}"] = z
        if i < 3:
            a = found[f"activations_{i}"] = np.tanh(z)
            values.append(a)
    p = found["outputs"] = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    n = counts.sum()
    penalty = ALPHA / 2 * sum((w**2).sum() for w in weights)
    found["loss"] = (penalty - counts @ np.log((p * data.targets).sum(axis=1))) / n
    error = counts[:, np.newaxis] * (p - data.targets)
    for i in (3, 2, 1):
        found[f"errors_{i}"] = error
        found[f"weight_gradient_{i}"] = (values[i - 1].T @ error + ALPHA * weights[i - 1]) / n
        found[f"bias_gradient_{i}"] = error.sum(axis=0) / n
        found[f"weight_update_{i}"] = -RATE * found[f"weight_gradient_{i}"]
        found[f"bias_update_{i}"] = -RATE * found[f"bias_gradient_{i}"]
        error = error @ weights[i - 1].T * (1 - values[i - 1] ** 2)
    return found


@pytest.mark.parametrize("weighted", [False, True])
def test_traces_of_a_tanh_network_are_those_by_hand(weighted):
    data, network = examples(weighted), network_of(Hidden(5, nl.tanh), Hidden(7, nl.tanh))
    expected = by_hand(network, data)
    forward = forward_trace(network, data.inputs, nl.softmax)
    backward = backward_trace(training_of(network, data), nl.softmax)
    assert list(forward) == FORWARD
    assert list(backward) == BACKWARD
    for trace in (forward, backward):
        for name, value in trace.items():
            assert np.shape(value) == np.shape(expected[name]), name
            np.testing.assert_allclose(value, expected[name], rtol=1e-12, atol=1e-14, err_msg=name)


def test_a_trace_prints_as_a_table_of_formulas_and_shapes():
    network = network_of(Hidden(5, nl.relu, {}, "batch", 0.5))
    lines = str(backward_trace(training_of(network, examples()), nl.softmax)).splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == ["name", "inputs", "weighted_sums_1", "normalized_1"]
    assert [" ".join(line.split()) for line in lines[3:10]] == [
        "normalized_1 batch_norm(weighted_sums_1) * gamma_1 + b_1 (6, 5)",
        "activations_1 relu(normalized_1), some dropped (6, 5)",
        "weighted_sums_2 activations_1 W_2 + b_2 (6, 3)",
        "outputs softmax(weighted_sums_2) (6, 3)",
        "loss mean loss + alpha / 2 sum(W^2) / n number",
        "errors_2 dL/d outputs through f'_2 (6, 3)",
        "errors_1 errors_2 W_2' through f'_1 and batch_norm (6, 5)",
    ]
    places = {line.index("(", line.rindex("  ")) for line in lines if line.endswith(")")}
    assert places == {lines[0].index("shape")}


def test_what_is_traced_stays_as_it_was_when_the_network_goes_on():
    network, data = network_of(Hidden(5, nl.tanh)), examples()
    first = forward_trace(network, data.inputs, nl.softmax)
    before = {name: value.copy() for name, value in first.items()}
    forward_trace(network, data.inputs + 1, nl.softmax)
    for name, value in first.items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("normalization", ["layer", "batch"])
def test_a_prediction_is_traced_without_dropout_and_a_step_with_it(normalization):
    network, data = network_of(Hidden(9, nl.tanh, {}, normalization, 0.5)), examples()
    for vector in (*network.means, *network.variances):
        vector += 0.5
    expected = network.outputs(data.inputs)
    fixed = forward_trace(network, data.inputs, nl.identity)
    np.testing.assert_array_equal(fixed["outputs"], expected)
    np.testing.assert_allclose(fixed["activations_1"], np.tanh(fixed["normalized_1"]), rtol=1e-14)
    step = forward_trace(network, data.inputs, nl.identity, step=3)
    kept = step["activations_1"] != 0
    assert 0 < np.mean(kept) < 1
    np.testing.assert_allclose(step["activations_1"][kept], 2 * np.tanh(step["normalized_1"])[kept], rtol=1e-13)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("solver", ["adam", "nesterov", "lion"])
def test_the_update_traced_is_the_step_of_a_training(solver, dtype):
    hidden = Hidden(5, nl.prelu, {"weight": 0.2}, "batch", 0.3)
    settings = {"name": solver, "gradient_clip_norm": 0.1, "weight_decay": 0.2, "momentum": 0.9}
    traced, trained = (training_of(network_of(hidden, dtype=dtype), examples(True), **settings) for _ in range(2))
    before = trained.network.parameters.copy()
    trained.run(1)
    trace = backward_trace(traced, nl.softmax)
    np.testing.assert_array_equal(traced.network.memory, trained.network.memory)
    updates = trained.network.views(trained.network.parameters - before)
    for i in (1, 2):
        np.testing.assert_array_equal(trace[f"weight_update_{i}"], updates.coefs[i - 1])
        np.testing.assert_array_equal(trace[f"bias_update_{i}"], updates.intercepts[i - 1])
    assert trace["loss"] == pytest.approx(trained.last_loss, rel=1e-6)


def test_a_regressors_loss_is_traced_as_it_is_reported():
    network, data = network_of(Hidden(5, nl.tanh)), examples()
    loss = loss_kernel(nl.get_loss("mse"), network.dtype)
    training = Training(network, data, Solver(loss_share=1 / 3, alpha=0), loss=loss)
    trace = backward_trace(training, nl.identity)
    assert trace["loss"] == pytest.approx(np.mean((trace["outputs"] - data.targets) ** 2), rel=1e-14)
    np.testing.assert_allclose(trace["errors_2"], 2 * (trace["outputs"] - data.targets), rtol=1e-14)


def test_traces_of_prelu_after_layer_normalization_are_torchs(torch):
    data = examples(weighted=True)
    hidden = [Hidden(width, nl.prelu, {"weight": 0.2}, "layer") for width in (5, 7)]
    network = network_of(*hidden)
    weights, biases, gammas, slopes = (
        [torch.tensor(array.copy(), requires_grad=True) for array in part] for part in network.views(network.parameters)
    )
    expected, a = {"inputs": torch.tensor(data.inputs)}, torch.tensor(data.inputs)
    for i in (1, 2):
        z = expected[f"weighted_sums_{i}"] = a @ weights[i - 1]
        normalized = torch.nn.functional.layer_norm(z, z.shape[1:], gammas[i - 1], biases[i - 1], eps=1e-5)
        a = torch.nn.functional.prelu(normalized, slopes[i - 1])
        expected |= {f"normalized_{i}": normalized, f"activations_{i}": a}
    z = expected["weighted_sums_3"] = a @ weights[2] + biases[2]
    expected["outputs"] = torch.softmax(z, dim=1)
    errors = [expected[f"weighted_sums_{i}"] for i in (1, 2, 3)]
    for tensor in errors:
        tensor.retain_grad()
    counts = torch.tensor(data.sample_weights)
    losses = torch.nn.functional.cross_entropy(z, torch.tensor(data.targets), reduction="none")
    total = counts @ losses + ALPHA / 2 * sum((w**2).sum() for w in weights)
    total.backward()
    n = counts.sum()
    expected["loss"] = total / n
    for i, (w, b, error) in enumerate(zip(weights, biases, errors, strict=True), start=1):
        of_layer = {"errors": error.grad, "weight_gradient": w.grad / n, "bias_gradient": b.grad / n}
        expected |= {f"{name}_{i}": value for name, value in of_layer.items()}
    for i, (gamma, slope) in enumerate(zip(gammas, slopes, strict=True), start=1):
        expected |= {f"gamma_gradient_{i}": gamma.grad / n, f"prelu_weight_gradient_{i}": slope.grad.squeeze() / n}
    trace = backward_trace(training_of(network, data), nl.softmax)
    assert {name for name in trace if "update" not in name} == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(trace[name], value.detach().numpy(), rtol=1e-11, atol=1e-13, err_msg=name)
