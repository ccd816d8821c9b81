"""The memory of a network: one flat vector of parameters, one of gradients, the blocks of a batch, and their addresses.

Widths are padded to whole vectors with zeros, and zeros they stay: a padded column has no weights, hence no value,
no error and no gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from nonlin.nn import loop, passes
from nonlin.nn.products import product_kernel
from nonlin.nn.vectors import padded


def record(integers: str, numbers: str = "") -> np.dtype:
    """A structured dtype with fields of int64 (addresses too) and float64, named by two lists of words."""
    names = [(name, np.int64) for name in integers.split()] + [(name, np.float64) for name in numbers.split()]
    return np.dtype(names, align=True)


# A layer as the compiled loop sees it: sizes (`stride` is the padded width), buffers, kernels.
LAYER = record(
    "fan_in in_stride width stride "
    "inputs values slopes errors input_errors "
    "weights biases weight_gradient bias_gradient turned largest "
    "product activation slope transpose count_dead",
    "dead_below",
)


def aligned_zeros(count: int, dtype: np.dtype) -> np.ndarray:
    """`count` zeros that begin at a cache line, which vector loads then never straddle."""
    line = 64
    memory = np.zeros(count * dtype.itemsize + line, np.uint8)
    skip = -memory.ctypes.data % line
    return memory[skip : skip + count * dtype.itemsize].view(dtype)


class Network:
    """A stack of dense layers `sizes[0]` -> `sizes[1]` -> ..., with room for a batch of `rows` examples.

    `parameters` and `gradients` are flat vectors: first the weights of all layers, then all biases. `coefs` and
    `intercepts` are views of the parameters.
    """

    def __init__(self, sizes: Sequence[int], dtype: np.dtype, rows: int, activation: int):
        self.sizes, self.dtype, self.rows = tuple(sizes), dtype, rows
        self.strides = (sizes[0], *(padded(size, dtype) for size in sizes[1:]))
        self.weight_count = sum(before * after for before, after in pairwise(self.strides))
        self.bias_count = sum(self.strides[1:])
        self.parameters = aligned_zeros(self.weight_count + self.bias_count, dtype)
        self.gradients = aligned_zeros(self.weight_count + self.bias_count, dtype)
        self.inputs = aligned_zeros(rows * sizes[0], dtype)
        self.layers = np.zeros(len(sizes) - 1, LAYER)
        self._buffers: list[np.ndarray] = []  # held so that the addresses in `layers` stay good
        self.coefs, self.intercepts = self._views(self.parameters)
        self.coef_gradients, self.intercept_gradients = self._views(self.gradients)
        for i in range(len(self.layers)):
            self._place_layer(i)
        self._choose_kernels(activation)

    def _views(self, vector: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The weight matrices and bias vectors inside a flat vector, without their padding."""
        coefs, intercepts, weights, biases = [], [], 0, self.weight_count
        for i, (before, after) in enumerate(pairwise(self.strides)):
            matrix = vector[weights : weights + before * after].reshape(before, after)
            coefs.append(matrix[: self.sizes[i], : self.sizes[i + 1]])
            intercepts.append(vector[biases : biases + self.sizes[i + 1]])
            weights, biases = weights + before * after, biases + after
        return coefs, intercepts

    def _place_layer(self, i: int) -> None:
        """Write the sizes and addresses of layer `i`, whose input is the output of layer `i - 1`."""
        layer, before, last = self.layers[i], self.layers[i - 1], i == len(self.layers) - 1
        block = self.rows * self.strides[i + 1]
        layer["fan_in"], layer["width"] = self.sizes[i : i + 2]
        layer["in_stride"], layer["stride"] = self.strides[i : i + 2]
        layer["inputs"] = before["values"] if i else self.inputs.ctypes.data
        layer["input_errors"] = before["errors"] if i else 0
        layer["values"] = self._buffer(block)
        layer["errors"] = layer["values"] if last else self._buffer(block)  # the loss is taken in place
        layer["slopes"] = self._buffer(block, fill=1 if last else 0)  # the last layer is linear
        layer["largest"] = self._buffer(self.strides[i + 1])
        layer["turned"] = self._buffer(self.strides[i] * self.strides[i + 1] if i else 0)
        layer["weights"], layer["biases"] = self.coefs[i].ctypes.data, self.intercepts[i].ctypes.data
        layer["weight_gradient"] = self.coef_gradients[i].ctypes.data
        layer["bias_gradient"] = self.intercept_gradients[i].ctypes.data

    def _buffer(self, count: int, fill: float = 0) -> int:
        buffer = aligned_zeros(count, self.dtype)
        if fill:
            buffer[:] = fill
        self._buffers.append(buffer)
        return buffer.ctypes.data

    def _choose_kernels(self, activation: int) -> None:
        layers, dtype = self.layers, self.dtype
        layers["product"] = [product_kernel(dtype, before * after) for before, after in pairwise(self.strides)]
        layers["activation"] = activation
        layers["activation"][-1] = passes.bias_kernel(dtype)
        layers["slope"] = passes.slope_kernel(dtype)
        layers["transpose"] = passes.transpose_kernel(dtype)
        layers["count_dead"] = passes.dead_kernel(dtype)

    def assign(self, coefs: Sequence[np.ndarray], intercepts: Sequence[np.ndarray]) -> None:
        """Copy weights and biases, of shapes (fan_in, width) and (width,), into the network."""
        for mine, given in zip((*self.coefs, *self.intercepts), (*coefs, *intercepts), strict=True):
            mine[...] = given


_PREDICTION_ROWS = 256  # a block's values stay in the cache from layer to layer


def predict(
    activation: int, coefs: Sequence[np.ndarray], intercepts: Sequence[np.ndarray], X: np.ndarray
) -> np.ndarray:
    """The last layer's z, shape (examples, outputs), in the dtype of `X`, a contiguous array (examples, features)."""
    sizes = (len(coefs[0]), *(coef.shape[1] for coef in coefs))
    network = Network(sizes, X.dtype, min(_PREDICTION_ROWS, len(X)), activation)
    network.assign(coefs, intercepts)
    outputs = np.zeros((len(X), network.strides[-1]), X.dtype)
    network.layers["inputs"][0] = X.ctypes.data
    network.layers["values"][-1] = outputs.ctypes.data
    line = X.dtype.itemsize
    loop.predict(network.layers, len(X), network.rows, line * sizes[0], line * network.strides[-1])
    return outputs[:, : sizes[-1]]
