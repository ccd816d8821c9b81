"""Starting weights and biases by the name of a rule: one draw a layer, which each rule scales in its own way.

The draw of a layer follows from the seed and the layer's number alone: it is the same for every activation and every
rule of one distribution. What an activation learns starts from its parameters, not from a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from nonlin.definition.records import made_from_definitions
from nonlin.errors import InputError, unknown
from nonlin.facts.edge_of_chaos import EdgeOfChaos, edge_of_chaos
from nonlin.nn.definitions import gain
from nonlin.nn.randomness import generator

LAST = 0.1  # of the scale of the last layer: a network that starts from small outputs has nothing to unlearn

Drawn = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Layer:
    """A layer whose weights, shape (inputs, outputs), are to be drawn; the last layer of a network is linear.

    `activation` is the record of its activation. That of the last layer is None, and `before` the one ahead of it.
    """

    seed: int
    number: int
    inputs: int
    outputs: int
    activation: Any
    parameters: Mapping[str, float]
    before: Any = None

    @property
    def gain(self) -> float:
        """The scale that keeps the signal's size through the activation: 1 / rms(f(x)), x ~ N(0, 1)."""
        return 1.0 if self.activation is None else gain(self.activation, self.parameters)

    def normal(self, scale: float) -> np.ndarray:
        """Weights N(0, scale^2)."""
        return base_weights(self.seed, self.number, (self.inputs, self.outputs)) * scale

    def uniform(self, bound: float) -> np.ndarray:
        """Weights between -bound and bound."""
        return generator(self.seed, "weights", self.number).uniform(-1, 1, (self.inputs, self.outputs)) * bound

    def uniform_biases(self, bound: float) -> np.ndarray:
        """Biases between -bound and bound."""
        return generator(self.seed, "biases", self.number).uniform(-1, 1, self.outputs) * bound

    def normal_biases(self, scale: float) -> np.ndarray:
        """Biases N(0, scale^2)."""
        return generator(self.seed, "biases", self.number).standard_normal(self.outputs) * scale

    def without_biases(self, weights: np.ndarray) -> Drawn:
        """The weights with biases of zero."""
        return weights, np.zeros(self.outputs)


def base_weights(seed: int, layer: int, shape: tuple[int, int]) -> np.ndarray:
    """The standard normal draw of a layer's weights, the same for every activation."""
    return generator(seed, "weights", layer).standard_normal(shape)


def _auto(layer: Layer) -> Drawn:
    """N(0, (gain / sqrt(fan))^2), fan being the mean of inputs and outputs, the last layer's N(0, 0.1^2 / inputs).

    With the gain a layer's outputs are as large as its inputs (He et al. 2015, arXiv:1502.01852, for any activation).
    The mean of inputs and outputs weighs the signal against the gradient on its way back (Glorot and Bengio 2010):
    between layers of equal width it is the inputs, while a few inputs into a wide layer do not start as a rough
    function that fits noise.
    """
    if layer.activation is None:
        return layer.without_biases(layer.normal(LAST / np.sqrt(layer.inputs)))
    return layer.without_biases(layer.normal(layer.gain / np.sqrt((layer.inputs + layer.outputs) / 2)))


def _he_normal(layer: Layer) -> Drawn:
    """N(0, gain^2 / inputs): He et al. 2015, arXiv:1502.01852; for relu N(0, 2 / inputs)."""
    return layer.without_biases(layer.normal(layer.gain / np.sqrt(layer.inputs)))


def _he_uniform(layer: Layer) -> Drawn:
    """U(-b, b), b = gain sqrt(3 / inputs): the same variance."""
    return layer.without_biases(layer.uniform(layer.gain * np.sqrt(3 / layer.inputs)))


def _glorot_normal(layer: Layer) -> Drawn:
    """N(0, 2 / (inputs + outputs)): Glorot and Bengio 2010, the variance of their uniform weights."""
    return layer.without_biases(layer.normal(np.sqrt(2 / (layer.inputs + layer.outputs))))


def _glorot_uniform(layer: Layer) -> Drawn:
    """U(-b, b), b = sqrt(6 / (inputs + outputs)): Glorot and Bengio 2010."""
    return layer.without_biases(layer.uniform(np.sqrt(6 / (layer.inputs + layer.outputs))))


def _sklearn(layer: Layer) -> Drawn:
    """U(-b, b) for weights and biases, b = sqrt(6 / (inputs + outputs)), with 2 for 6 where sigmoid is the activation.

    scikit-learn's rule; as there, the last layer goes by the activation of those before it.
    """
    logistic = getattr(layer.activation or layer.before, "name", "") == "sigmoid"
    bound = np.sqrt((2 if logistic else 6) / (layer.inputs + layer.outputs))
    return layer.uniform(bound), layer.uniform_biases(bound)


def _lecun_normal(layer: Layer) -> Drawn:
    """N(0, 1 / inputs): LeCun, Bottou, Orr and Müller 1998; selu asks for it."""
    return layer.without_biases(layer.normal(1 / np.sqrt(layer.inputs)))


def _lecun_uniform(layer: Layer) -> Drawn:
    """U(-b, b), b = sqrt(3 / inputs): the same variance."""
    return layer.without_biases(layer.uniform(np.sqrt(3 / layer.inputs)))


def _orthogonal(layer: Layer) -> Drawn:
    """The gain times a random matrix whose shorter side is orthonormal: Saxe, McClelland and Ganguli 2013.

    arXiv:1312.6120. The QR decomposition of a normal draw, with signs that make it uniform (Mezzadri 2007,
    arXiv:math-ph/0609050).
    """
    draw = layer.normal(1.0)
    tall = draw if layer.inputs >= layer.outputs else draw.T
    q, r = np.linalg.qr(tall)
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
    return layer.without_biases(layer.gain * (q if tall is draw else q.T))


def _critical(layer: Layer) -> Drawn:
    """Weights N(0, sigma_w^2 / inputs), biases N(0, sigma_b^2) on the edge of chaos: Schoenholz et al. 2017.

    arXiv:1611.01232. The last layer has N(0, 1 / inputs), as it is linear.
    """
    if layer.activation is None:
        return _lecun_normal(layer)
    point = critical_point(layer.activation, tuple(layer.parameters.items()))
    return layer.normal(point.sigma_w / np.sqrt(layer.inputs)), layer.normal_biases(point.sigma_b)


def _torch(layer: Layer) -> Drawn:
    """U(-b, b) for weights and biases, b = 1 / sqrt(inputs): what PyTorch's `nn.Linear` starts with."""
    bound = 1 / np.sqrt(layer.inputs)
    return layer.uniform(bound), layer.uniform_biases(bound)


RULES: dict[str, Callable[[Layer], Drawn]] = {
    "auto": _auto,
    "he_normal": _he_normal,
    "he_uniform": _he_uniform,
    "glorot_normal": _glorot_normal,
    "glorot_uniform": _glorot_uniform,
    "sklearn": _sklearn,
    "lecun_normal": _lecun_normal,
    "lecun_uniform": _lecun_uniform,
    "orthogonal": _orthogonal,
    "critical": _critical,
    "torch": _torch,
}

_BIASES = [round(0.1 * i, 1) for i in range(11)]  # sigma_b that are looked at


@cache
def critical_point(activation: Any, parameters: tuple[tuple[str, float], ...]) -> EdgeOfChaos:
    """The edge of chaos at the least sigma_b, in steps of 0.1, with a variance that layers neither lose nor let grow.

    For relu that is sigma_b = 0; tanh forgets any variance there, and gelu's grows away below sigma_b = 0.42. Where no
    sigma_b up to 1 gives one, it is the edge at sigma_b = 0.

    >>> import nonlin as nl
    >>> critical_point(nl.relu, ()).sigma_b, critical_point(nl.tanh, ()).sigma_b, critical_point(nl.gelu, ()).sigma_b
    (0.0, 0.1, 0.5)
    """
    for sigma_b in _BIASES:
        try:
            point = edge_of_chaos(activation, sigma_b, **dict(parameters))
        except InputError:
            continue
        if point.variance > 0 and point.slope < 1 + 1e-9:
            return point
    return edge_of_chaos(activation, 0.0, **dict(parameters))


made_from_definitions.append(critical_point.cache_clear)


def check_initialization(name: Any) -> str:
    """The name of a rule; raises `InputError` for any other.

    >>> check_initialization("orthogonl")
    Traceback (most recent call last):
    nonlin.errors.InputError: unknown initialization 'orthogonl'; did you mean 'orthogonal'?
    """
    if not isinstance(name, str) or name not in RULES:
        raise unknown("initialization", name, RULES)
    return name


def initial_parameters(
    name: str, seed: int, sizes: Sequence[int], activations: Sequence[tuple[Any, Mapping[str, float]]]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The weights, shapes (inputs, outputs), and biases, (outputs,), that rule `name` gives layers of these sizes.

    `activations` holds a record with its parameters for each hidden layer. A layer is scaled for its own activation.

    >>> import nonlin as nl
    >>> weights, biases = initial_parameters("he_normal", 0, (4, 8, 3), [(nl.relu, {})])
    >>> [w.shape for w in weights], [b.shape for b in biases]
    ([(4, 8), (8, 3)], [(8,), (3,)])
    """
    rule = RULES[check_initialization(name)]
    shapes = [*pairwise(sizes)]
    layers = [Layer(seed, i, *shapes[i], *activation) for i, activation in enumerate(activations)]
    before = activations[-1][0] if activations else None
    layers.append(Layer(seed, len(layers), *shapes[-1], activation=None, parameters={}, before=before))
    weights, biases = zip(*map(rule, layers), strict=True)
    return list(weights), list(biases)
