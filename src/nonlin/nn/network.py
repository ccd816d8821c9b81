"""The memory of a network: one flat vector of parameters, one of gradients, the blocks of a batch, and their addresses.

Widths are padded to whole vectors with zeros, and zeros they stay: a padded column has no weights, hence no value,
no error and no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nonlin.nn import dropout, loop, normalization, passes
from nonlin.nn.architecture import Architecture
from nonlin.nn.calls import fields
from nonlin.nn.definitions import activation_kernel, largest_slope
from nonlin.nn.narrow_products import is_narrow, narrow_kernel
from nonlin.nn.products import product_kernel
from nonlin.nn.vectors import padded

DEAD_BELOW = 1e-6  # of the largest slope: a unit whose slope stays below that for every example is dead
EPSILON, MOMENTUM = 1e-5, 0.1  # of normalizations, as in PyTorch: added to a variance; of the running statistics


# A layer as the compiled loop sees it: sizes (`stride` is the padded width), buffers, kernels.
LAYER = fields(
    "fan_in in_stride width stride block "
    "inputs values slopes errors input_errors turned largest "
    "weights biases weight_gradient bias_gradient "
    "thetas theta_slopes theta_gradient theta_count "
    "gammas gamma_gradient mean variance normalized deviations "
    "masks dropout_key "
    "product back_product activation slope transpose count_dead theta_sums "
    "normalize normalize_fixed normalize_back dropout multiply",
    "dead_below keep epsilon momentum",
)


class Parameters(NamedTuple):
    """What is learnt, as views without padding; a layer without normalization or learnable activation has length 0."""

    coefs: list[np.ndarray]
    intercepts: list[np.ndarray]
    gammas: list[np.ndarray]
    thetas: list[np.ndarray]


def aligned_zeros(count: int, dtype: np.dtype) -> np.ndarray:
    """`count` zeros that begin at a cache line, which vector loads then never straddle."""
    line = 64
    memory = np.zeros(count * dtype.itemsize + line, np.uint8)
    skip = -memory.ctypes.data % line
    return memory[skip : skip + count * dtype.itemsize].view(dtype)


class Network:
    """A stack of dense layers with room for a batch of `rows` examples.

    `memory` holds the parameters (first the weights of all layers, then biases, scales of normalizations and learnable
    parameters of activations) and behind them the running statistics of batch normalizations; `gradients` has the
    order of the parameters.
    """

    def __init__(self, architecture: Architecture, dtype: np.dtype, rows: int):
        self.architecture, self.dtype, self.rows = architecture, dtype, rows
        self.sizes = sizes = architecture.sizes
        self.strides = (sizes[0], *(padded(size, dtype) for size in sizes[1:]))
        self.weight_count = sum(before * after for before, after in pairwise(self.strides))
        scaled = sum(self.strides[i + 1] for i, layer in enumerate(architecture.hidden) if layer.normalization)
        learnt = sum(padded(len(layer.learnable), dtype) for layer in architecture.hidden)
        self.other_count = sum(self.strides[1:]) + scaled + learnt
        count = self.weight_count + self.other_count
        self.memory = aligned_zeros(count + 2 * scaled, dtype)
        self.parameters, self.gradients = self.memory[:count], aligned_zeros(count, dtype)
        self.inputs = aligned_zeros(rows * sizes[0], dtype)
        self.values: list[np.ndarray] = []  # of each layer, (rows, width), for the latest batch
        self.errors: list[np.ndarray] = []  # likewise
        self._buffers: list[np.ndarray] = []  # held so that the addresses in `layers` stay good
        self.coefs, self.intercepts, self.gammas, self.thetas = self.views(self.parameters)
        self.means, self.variances = self._statistics()
        for vector in (*self.gammas, *self.variances):
            vector[:] = 1
        for theta, layer in zip(self.thetas, architecture.hidden, strict=True):
            theta[:] = [layer.parameters[name] for name in layer.learnable]
        self.layers = self._placed()

    def views(self, vector: np.ndarray) -> Parameters:
        """The parts of a vector that has the order of the parameters."""
        at, sizes = 0, self.sizes

        def take(count: int) -> np.ndarray:
            nonlocal at
            at += count
            return vector[at - count : at]

        shapes, hidden = [*pairwise(self.strides)], self.architecture.hidden
        coefs = [take(before * after).reshape(before, after) for before, after in shapes]
        coefs = [matrix[: sizes[i], : sizes[i + 1]] for i, matrix in enumerate(coefs)]
        intercepts = [take(shapes[i][1])[:width] for i, width in enumerate(sizes[1:])]
        gammas = [take(shapes[i][1])[: one.width] if one.normalization else take(0) for i, one in enumerate(hidden)]
        thetas = [take(padded(len(one.learnable), self.dtype))[: len(one.learnable)] for one in hidden]
        return Parameters(coefs, intercepts, gammas, thetas)

    def _statistics(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The running means and variances of each hidden layer, of length 0 without normalization."""
        at, found = len(self.parameters), []
        for i, layer in enumerate(self.architecture.hidden):
            stride = self.strides[i + 1] if layer.normalization else 0
            found.append([self.memory[at + k * stride :][: layer.width if stride else 0] for k in range(2)])
            at += 2 * stride
        return [mean for mean, _ in found], [variance for _, variance in found]

    def _placed(self) -> np.ndarray:
        """The sizes, addresses and kernels of all layers: written at once, which is quicker than one by one."""
        gradients, views = self.views(self.gradients), self.views(self.parameters)
        layers: list[dict[str, float]] = [dict.fromkeys(LAYER.names or (), 0) for _ in self.sizes[1:]]
        for i, layer in enumerate(layers):
            before, last = layers[i - 1], i == len(layers) - 1
            layer["fan_in"], layer["width"] = self.sizes[i : i + 2]
            layer["in_stride"], layer["stride"] = self.strides[i : i + 2]
            layer["block"] = block = self.rows * self.strides[i + 1]
            layer["inputs"] = before["values"] if i else self.inputs.ctypes.data
            layer["input_errors"] = before["errors"] if i else 0
            layer["values"] = self._buffer(block)
            self.values.append(self._block(i))
            layer["errors"] = layer["values"] if last else self._buffer(block)  # the loss is taken in place
            self.errors.append(self._block(i))
            layer["slopes"] = self._buffer(block, fill=1 if last else 0)  # the last layer is linear
            layer["largest"] = self._buffer(self.strides[i + 1])
            layer["turned"] = self._buffer(self.strides[i] * self.strides[i + 1] if i else 0)
            layer["weights"], layer["weight_gradient"] = _addresses(views.coefs[i], gradients.coefs[i])
            layer["biases"], layer["bias_gradient"] = _addresses(views.intercepts[i], gradients.intercepts[i])
            product = product_kernel(self.dtype, self.strides[i] * self.strides[i + 1])
            narrow = is_narrow(self.sizes[i + 1], self.dtype)
            layer["product"] = narrow_kernel(self.dtype, self.sizes[i + 1]) if narrow else product
            layer["back_product"] = product
            layer["activation"], layer["keep"] = passes.bias_kernel(self.dtype), 1
            layer["slope"], layer["transpose"] = passes.slope_kernel(self.dtype), passes.transpose_kernel(self.dtype)
            layer["count_dead"] = passes.dead_kernel(self.dtype)
            if not last:
                self._place_hidden(layer, i, views, gradients)
        return np.array([tuple(layer.values()) for layer in layers], LAYER)

    def _place_hidden(self, layer: dict[str, float], i: int, views: Parameters, gradients: Parameters) -> None:
        """Write what only a hidden layer has: activation, its learnable parameters, normalization, dropout."""
        hidden, block = self.architecture.hidden[i], self.rows * self.strides[i + 1]
        kernel = activation_kernel(hidden.activation, self.dtype, hidden.parameters)
        layer["activation"] = kernel
        layer["dead_below"] = DEAD_BELOW * largest_slope(kernel, self.dtype, tuple(views.thetas[i].tolist()))
        if hidden.learnable:
            layer["theta_count"], layer["theta_sums"] = len(hidden.learnable), passes.theta_kernel(self.dtype)
            layer["thetas"], layer["theta_gradient"] = _addresses(views.thetas[i], gradients.thetas[i])
            layer["theta_slopes"] = self._buffer(block * len(hidden.learnable))
        if hidden.normalization:
            layer["gammas"], layer["gamma_gradient"] = _addresses(views.gammas[i], gradients.gammas[i])
            layer["mean"], layer["variance"] = _addresses(self.means[i], self.variances[i])
            layer["normalized"] = self._buffer(block)
            layer["deviations"] = self._buffer(max(self.rows, self.strides[i + 1]))
            layer["epsilon"], layer["momentum"] = EPSILON, MOMENTUM
            layer["normalize"] = normalization.forward_kernel(hidden.normalization, self.dtype)
            layer["normalize_fixed"] = normalization.fixed_kernel(hidden.normalization, self.dtype)
            layer["normalize_back"] = normalization.backward_kernel(hidden.normalization, self.dtype)
        if hidden.dropout:
            layer["keep"], layer["masks"] = 1 - hidden.dropout, self._buffer(block)
            layer["dropout"] = dropout.dropout_kernel(self.dtype)
            layer["multiply"] = dropout.multiply_kernel(self.dtype)

    def _buffer(self, count: int, fill: float = 0) -> int:
        buffer = aligned_zeros(count, self.dtype)
        if fill:
            buffer[:] = fill
        self._buffers.append(buffer)
        return buffer.ctypes.data

    def _block(self, i: int) -> np.ndarray:
        """The latest buffer as a block of layer `i`, without padding."""
        return self._buffers[-1].reshape(self.rows, -1)[:, : self.sizes[i + 1]]

    def assign(self, coefs: Sequence[np.ndarray], intercepts: Sequence[np.ndarray]) -> None:
        """Copy weights and biases, of shapes (fan_in, width) and (width,), into the network."""
        for mine, given in zip((*self.coefs, *self.intercepts), (*coefs, *intercepts), strict=True):
            mine[...] = given

    def outputs(self, X: np.ndarray) -> np.ndarray:
        """The last layer's z, shape (examples, outputs), in the dtype of the network.

        `X` is a contiguous array (examples, features) of that dtype. The blocks of the batch are written over.
        """
        found = np.zeros((len(X), self.strides[-1]), self.dtype)
        layers, line = self.layers.copy(), self.dtype.itemsize
        layers["inputs"][0], layers["values"][-1] = X.ctypes.data, found.ctypes.data
        loop.predict(layers, len(X), self.rows, line * self.sizes[0], line * self.strides[-1])
        return found[:, : self.sizes[-1]]


def _addresses(*arrays: np.ndarray) -> list[int]:
    return [array.ctypes.data for array in arrays]
