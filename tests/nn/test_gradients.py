"""The gradient of whole networks: every activation, loss and kind of layer against differences with 80 digits.

The networks are evaluated from the textbook formulas of the definitions in mpmath; the derivative along a random
direction, in which every part of the parameters counts the same, is that of a central difference.
"""

import mpmath
import numpy as np
import pytest
from mpmath import mp

import nonlin as nl
from nonlin.definition.expression import evaluate, parameter, symbol
from nonlin.nn import checks
from nonlin.nn.architecture import Architecture, Hidden
from nonlin.nn.definitions import loss_kernel
from nonlin.nn.network import Network
from nonlin.nn.outputs import link
from nonlin.nn.solver import Solver
from nonlin.nn.training import Data, Training
from nonlin.testing.reference import TABLE, to_exact

ELEMENTWISE = [name for name in nl.activations() if nl.get(name).kind == "elementwise"]
TASKS = ("classification", "regression")
LOSSES = [(task, name) for task in TASKS for name in nl.losses() if not checks._unfit(nl.get_loss(name), task)]
OTHER_FORMS = {  # parameters that change a formula, or what goes before it
    "asymmetric": {"clip": 0.0, "gamma_neg": 2.0},
    "binary_cross_entropy": {"label_smoothing": 0.2},
    "binary_focal": {"alpha": 0.25, "gamma": 1.5},
    "binary_focal_from_probabilities": {"alpha": 0.25, "gamma": 0.0},
    "cross_entropy": {"label_smoothing": 0.2},
    "focal": {"gamma": 0.5},
    "generalized_cross_entropy": {"q": 0.9},
    "huber": {"delta": 0.3},
    "multi_margin": {"p": 2.0, "margin": 0.5},
    "pinball": {"quantile": 0.9},
    "poisson_nll": {"log_input": 0.0, "full": 1.0},
    "smooth_l1": {"beta": 0.3},
    "tweedie": {"power": 1.2},
}
ALPHA, INPUTS, TOLERANCE = 0.3, 3, 1e-11


def targets_of(task, loss, random, rows, outputs):
    """Targets in the loss's domain, as the estimators encode them."""
    if task == "classification":
        right = np.eye(outputs, dtype=bool)[random.integers(outputs, size=rows)]
        return np.where(right, 1.0, -1.0 if loss.domain == "sign" else 0.0)
    targets = random.normal(size=(rows, outputs))
    return targets if loss.domain == "real" else np.exp(targets)


class Case:
    """A random network with random weighted examples, and its loss as a function of the flat vector of parameters."""

    def __init__(
        self,
        hidden,
        loss="mse",
        *,
        task="regression",
        outputs=2,
        rows=3,
        batch=None,
        parameters=None,
        scale=1.0,
        seed=0,
    ):
        self.loss, self.parameters, random = nl.get_loss(loss), parameters or {}, np.random.default_rng(seed)
        self.network = Network(Architecture(INPUTS, tuple(hidden), outputs), np.dtype("f8"), batch or rows)
        coefs, intercepts, gammas, _ = self.network.views(self.network.parameters)
        for coef in coefs:
            coef[:] = scale * random.normal(size=coef.shape) / np.sqrt(len(coef))
        for vector in (*intercepts, *gammas):
            vector += 0.5 * random.normal(size=vector.shape)
        targets = targets_of(task, self.loss, random, rows, outputs)
        drawn = random.normal(size=(rows, INPUTS)), targets, random.uniform(0.5, 2, rows)
        self.data = Data(*(array.astype("f4").astype("f8") for array in drawn))
        self.vector = self.network.parameters.astype("f4").astype("f8")
        self.directions = random

    def training(self, network):
        """What computes the gradient, of the network or of one like it."""
        address = loss_kernel(self.loss, network.dtype, self.parameters)
        keys = np.arange(1, len(network.architecture.hidden) + 1)
        return Training(network, self.data, Solver(alpha=ALPHA), loss=address, dropout_keys=keys)

    def gradient(self, dtype="f8"):
        """The mean loss and its gradient as the trainer computes them; the masks of what was dropped stay behind."""
        network = Network(self.network.architecture, np.dtype(dtype), self.network.rows)
        for mine, given in zip(network.views(network.parameters), self.network.views(self.vector), strict=True):
            for ours, theirs in zip(mine, given, strict=True):
                ours[...] = theirs
        loss, gradient = self.training(network).loss_and_gradient(network.parameters.copy())
        self.masks = [_masks(network, i) for i in range(len(network.architecture.hidden))]
        return loss, network.views(gradient)

    def exact_loss(self, vector):
        """The same from the textbook, in the arithmetic of mpmath."""
        coefs, intercepts, gammas, thetas = self.network.views(vector)
        given = np.ones(len(self.data.inputs)) if self.data.sample_weights is None else self.data.sample_weights
        a, targets, weights = (to_exact(array) for array in (*self.data[:2], given))
        for i, hidden in enumerate(self.network.architecture.hidden):
            z = a @ coefs[i]
            if hidden.normalization:
                z = gammas[i] * standardized(z, axis=1 if hidden.normalization == "layer" else 0)
            learnt = dict(zip(hidden.learnable, thetas[i], strict=True))
            a = formula(hidden.activation, z + intercepts[i], **{**hidden.parameters, **learnt}) * self.masks[i]
        z = a @ coefs[-1] + intercepts[-1]
        before = link(self.loss, self.parameters)
        taken = z if before is None else formula(before, z)
        total = weighted_sum(self.loss, formula(self.loss, taken, targets, **self.parameters), weights)
        penalty = ALPHA / 2 * sum(np.sum(coef * coef) for coef in coefs)
        return (total + penalty) / np.sum(weights)

    def check(self):
        """Assert that loss and gradient are the exact ones, and those of a float32 network near them."""
        loss, gradient = self.gradient()
        parts = [part for views in gradient for part in views if part.size]
        sizes = [np.linalg.norm(part) for part in parts]
        direction = np.zeros_like(self.vector)
        places = [part for views in self.network.views(direction) for part in views if part.size]
        for place, size in zip(places, sizes, strict=True):
            place[:] = self.directions.normal(size=place.shape) / max(size, 1e-3)  # smaller ones cancel to nothing
        with mp.workdps(80):
            step, start, along = mpmath.mpf(10) ** -25, to_exact(self.vector), to_exact(direction)
            above, below = (self.exact_loss(start + side * step * along) for side in (1, -1))
            slope, exact_loss = (above - below) / (2 * step), (above + below) / 2
            found = sum(np.sum(to_exact(part) * place) for part, place in zip(parts, places, strict=True))
            assert abs(loss - exact_loss) <= 1e-12 * (1 + abs(exact_loss))
            assert abs(found - slope) <= TOLERANCE * abs(slope)
        single = [part for views in self.gradient("f4")[1] for part in views if part.size]
        for rough, part, size in zip(single, parts, sizes, strict=True):
            assert np.linalg.norm(rough - part) <= 5e-5 * (size + 1e-2)


def _masks(network, i):
    """What the values of a hidden layer were multiplied by."""
    layer = network.layers[i]
    found = [buffer for buffer in network._buffers if buffer.ctypes.data == layer["masks"]]
    return to_exact(found[0].reshape(network.rows, -1)[:, : layer["width"]]) if found else 1


def formula(record, *inputs, **parameters):
    """A definition as the textbook has it, at numbers of mpmath."""
    numbers = {name: mpmath.mpf(value) for name, value in record.check_parameters(parameters).items()}
    names = [f"input {i}" for i in range(len(inputs))]
    outputs = record.trace("definition", *map(symbol, names), **{name: parameter(name) for name in numbers})
    return evaluate(outputs, TABLE, dict(zip(names, inputs, strict=True)) | numbers)[0]


def standardized(z, axis):
    """Ba et al. 2016, equation 4 (axis 1), and Ioffe and Szegedy 2015, algorithm 1 (axis 0)."""
    centred = z - np.sum(z, axis, keepdims=True) / z.shape[axis]
    variance = np.sum(centred * centred, axis, keepdims=True) / z.shape[axis]
    return centred / TABLE["sqrt"](variance + 1e-5)


def weighted_sum(loss, values, weights):
    """Of the rows' losses, each a sum over the outputs; the root of a batch's mean square counts once for each row."""
    if loss.kind == "summary":
        mean = np.sum(weights @ (values * values)) / (np.sum(weights) * values.shape[1])
        return np.sum(weights) * mpmath.sqrt(mean)
    return weights @ np.sum(values, axis=1)


def moved(record):
    """Values of an activation's parameters near the defaults."""
    near = {name: (1.25 * known.default + 0.1, 0.75 * known.default) for name, known in record.parameters.items()}
    return {
        name: next(value for value in near[name] if known.low <= value <= known.high and value > known.above)
        for name, known in record.parameters.items()
    }


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_activation(name):
    record = nl.get(name)
    defaults = {parameter: known.default for parameter, known in record.parameters.items()}
    Case([Hidden(5, record, defaults), Hidden(4, record, moved(record), "layer")]).check()


@pytest.mark.parametrize(("task", "name"), LOSSES)
def test_every_loss(task, name):
    Case([Hidden(4, nl.tanh)], name, task=task, outputs=3).check()


@pytest.mark.parametrize("name", [name for task, name in LOSSES if task == "classification"])
def test_losses_of_outputs_that_are_surely_right_or_wrong(name):
    Case([], name, task="classification", outputs=3, rows=12, scale=16).check()


@pytest.mark.parametrize(("name", "parameters"), OTHER_FORMS.items(), ids=OTHER_FORMS)
def test_losses_in_their_other_forms(name, parameters):
    task = next(task for task, known in LOSSES if known == name)
    Case([Hidden(4, nl.tanh)], name, task=task, outputs=3, parameters=parameters).check()


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_every_kind_of_layer(depth, normalization, dropout):
    functions = [(nl.gelu, {}), (nl.prelu, {"weight": 0.2}), (nl.get("swish_beta"), {"beta": 1.5})]
    hidden = [Hidden(4 + i, *function, normalization, dropout) for i, function in enumerate(functions[:depth])]
    Case(hidden, "cross_entropy", task="classification", outputs=4, rows=5).check()


@pytest.mark.parametrize("width", [1, 7, 16, 17, 33])
@pytest.mark.parametrize("normalization", [None, "layer", "batch"])
def test_widths_around_the_padding(width, normalization):
    hidden = [Hidden(width, nl.sigmoid, {}, normalization), Hidden(width, nl.mish, {}, normalization, 0.25)]
    Case(hidden, outputs=width, rows=4).check()


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("loss", ["mse", "cosine_distance"])
def test_examples_in_several_batches(loss, weighted):
    case = Case([Hidden(4, nl.prelu, {"weight": 0.2}, "layer")], loss, rows=7, batch=3)
    if not weighted:
        case.data = case.data._replace(sample_weights=None)
    case.check()


@pytest.mark.parametrize("seed", range(20))
def test_networks_drawn_by_lot(seed):
    random = np.random.default_rng(seed)
    hidden = []
    for _ in range(random.integers(1, 4)):
        record = nl.get(str(random.choice(ELEMENTWISE)))
        kind, dropout = random.choice([None, "layer", "batch"]), float(random.choice([0.0, 0.3]))
        hidden.append(Hidden(int(random.integers(3, 10)), record, moved(record), kind, dropout))
    task, loss = LOSSES[random.integers(len(LOSSES))]
    Case(hidden, loss, task=task, outputs=int(random.integers(2, 5)), rows=6, seed=seed).check()
