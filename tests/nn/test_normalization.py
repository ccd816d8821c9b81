"""Layer and batch normalization against the papers' formulas, and against PyTorch with its own gradients."""

import ctypes

import numpy as np
import pytest

from nonlin.nn.normalization import backward_kernel, fixed_kernel, forward_kernel
from nonlin.nn.vectors import lanes, padded

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
SHAPES = [(1, 5), (2, 1), (3, 16), (37, 100), (200, 129), (7, 600)]  # of rows and columns: parts of vectors, strips
EPSILON, MOMENTUM = 1e-5, 0.1
FORWARD = ctypes.CFUNCTYPE(None, *9 * [ctypes.c_int64], *2 * [ctypes.c_double])
BACKWARD = ctypes.CFUNCTYPE(None, *8 * [ctypes.c_int64])

every_kind = pytest.mark.parametrize("kind", ["layer", "batch"])
every_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def tolerance(dtype):
    return 1e-12 if dtype == np.float64 else 2e-5


def close(actual, expected, dtype):
    np.testing.assert_allclose(actual, expected, rtol=tolerance(dtype), atol=tolerance(dtype))


class Block:
    """A kernel's buffers, with a strip of padding besides the necessary one, and what the kernels make of them."""

    def __init__(self, z, gamma, dtype, mean=0.0, variance=1.0):
        (self.rows, self.width), self.dtype = z.shape, dtype
        self.stride = padded(self.width, dtype) + lanes(dtype)
        self.z, self.gamma = self._padded(z), self._padded(gamma)
        self.mean, self.variance = (self._padded(np.zeros(self.width) + number) for number in (mean, variance))
        self.normalized, self.gamma_gradient = np.zeros_like(self.z), np.full_like(self.gamma, 9)
        self.deviations = np.zeros(max(self.rows, self.stride), dtype)

    def _padded(self, array):
        block = np.zeros((*array.shape[:-1], self.stride), self.dtype)
        block[..., : self.width] = array
        return block

    def forward(self, kernel, epsilon=EPSILON):
        buffers = (self.z, self.gamma, self.normalized, self.deviations, self.mean, self.variance)
        addresses = (buffer.ctypes.data for buffer in buffers)
        FORWARD(kernel)(*addresses, self.rows, self.width, self.stride, epsilon, MOMENTUM)
        assert not self.z[:, self.width :].any()
        assert not self.normalized[:, self.width :].any()
        return self.z[:, : self.width]

    def backward(self, kernel, errors):
        block = self._padded(errors)
        buffers = (block, self.gamma, self.gamma_gradient, self.normalized, self.deviations)
        BACKWARD(kernel)(*(buffer.ctypes.data for buffer in buffers), self.rows, self.width, self.stride)
        assert not block[:, self.width :].any()
        assert not self.gamma_gradient[self.width :].any()
        return block[:, : self.width], self.gamma_gradient[: self.width]


def standardized(z, axis):
    """Ba et al. 2016, equation 4 (axis 1), and Ioffe and Szegedy 2015, algorithm 1 (axis 0)."""
    return (z - z.mean(axis, keepdims=True)) / np.sqrt(z.var(axis, keepdims=True) + EPSILON)


@every_shape
@every_dtype
@every_kind
def test_values_are_the_papers(kind, dtype, shape):
    z, gamma = (3 * normal(0, *shape) + 1).astype(dtype), normal(1, shape[1]).astype(dtype)
    block = Block(z, gamma, dtype)
    expected = standardized(z.astype(float), 1 if kind == "layer" else 0)
    close(block.forward(forward_kernel(kind, dtype)), gamma.astype(float) * expected, dtype)
    close(block.normalized[:, : shape[1]], expected, dtype)


@every_dtype
@pytest.mark.parametrize("kernel", [forward_kernel, fixed_kernel])
def test_a_row_has_the_same_bits_in_whatever_block_it_is_normalized(kernel, dtype):
    z, gamma = normal(0, 11, 37), normal(1, 37)
    whole = Block(z, gamma, dtype).forward(kernel("layer", dtype))
    for row in range(11):
        alone = Block(z[row : row + 1], gamma, dtype).forward(kernel("layer", dtype))
        np.testing.assert_array_equal(alone[0], whole[row])


@every_shape
@every_dtype
def test_layer_normalization_predicts_as_it_trains_and_leaves_the_statistics(dtype, shape):
    z, gamma = normal(0, *shape), normal(1, shape[1])
    trained, predicted = Block(z, gamma, dtype, 2.0, 3.0), Block(z, gamma, dtype, 2.0, 3.0)
    expected = trained.forward(forward_kernel("layer", dtype))
    np.testing.assert_array_equal(predicted.forward(fixed_kernel("layer", dtype)), expected)
    assert set(trained.mean) == {0, 2}
    assert set(trained.variance) == {0, 3}


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)  # PyTorch refuses a batch of one row
@every_dtype
@every_kind
def test_gradients_are_pytorchs(torch, kind, dtype, shape):
    z, gamma, errors = 3 * normal(0, *shape) + 1, normal(1, shape[1]), normal(2, *shape)
    module = torch.nn.LayerNorm(shape[1]) if kind == "layer" else torch.nn.BatchNorm1d(shape[1])
    module = module.to(torch.float64)
    module.weight.data = torch.tensor(gamma)
    inputs = torch.tensor(z, requires_grad=True)
    outputs = module(inputs)
    outputs.backward(torch.tensor(errors))
    block = Block(z, gamma, dtype)
    close(block.forward(forward_kernel(kind, dtype)), outputs.detach(), dtype)
    gradient, gamma_gradient = block.backward(backward_kernel(kind, dtype), errors)
    scale = max(1.0, abs(inputs.grad).max().item())  # where the rows hardly differ, errors grow with the gradients
    close(gradient / scale, inputs.grad / scale, dtype)
    close(gamma_gradient / np.sqrt(shape[0]), module.weight.grad / np.sqrt(shape[0]), dtype)
    if kind == "batch":
        close(block.mean[: shape[1]], module.running_mean, dtype)
        close(block.variance[: shape[1]], module.running_var, dtype)


@every_dtype
@every_kind
def test_gradients_are_those_of_the_values_by_complex_steps(kind, dtype):
    z, gamma, errors = normal(0, 6, 21), normal(1, 21), normal(2, 6, 21)
    axis, expected = (1 if kind == "layer" else 0), np.zeros_like(z)
    for place in np.ndindex(z.shape):
        moved = z.astype(complex)
        moved[place] += 1e-30j
        centred = moved - moved.mean(axis, keepdims=True)
        values = centred / np.sqrt((centred**2).mean(axis, keepdims=True) + EPSILON)
        expected[place] = np.sum(errors * gamma * values).imag / 1e-30
    block = Block(z, gamma, dtype)
    block.forward(forward_kernel(kind, dtype))
    gradient, gamma_gradient = block.backward(backward_kernel(kind, dtype), errors)
    close(gradient, expected, dtype)
    close(gamma_gradient, np.sum(errors * standardized(z, axis), axis=0), dtype)


@every_shape
@every_dtype
def test_batch_normalization_predicts_with_the_running_statistics(dtype, shape):
    z, gamma, mean, variance = normal(0, *shape), normal(1, shape[1]), normal(2, shape[1]), normal(3, shape[1]) ** 2
    block = Block(z, gamma, dtype, mean, variance)
    before = block.mean.copy(), block.variance.copy()
    scale = 1 / np.sqrt(block.variance[: shape[1]].astype(float) + EPSILON)
    actual = block.forward(fixed_kernel("batch", dtype)) / scale
    close(actual, gamma * (z - mean), dtype)
    np.testing.assert_array_equal((block.mean, block.variance), before)


@every_dtype
def test_the_running_variance_is_without_bias_and_that_of_one_row_unknown(dtype):
    z, gamma = normal(0, 5, 9), np.ones(9)
    block = Block(z, gamma, dtype)
    block.forward(forward_kernel("batch", dtype))
    close(block.mean[:9], 0.1 * z.mean(axis=0), dtype)
    close(block.variance[:9], 0.9 + 0.1 * z.var(axis=0, ddof=1), dtype)
    block = Block(z[:1], gamma, dtype)
    assert not block.forward(forward_kernel("batch", dtype)).any()
    np.testing.assert_array_equal(block.variance[:9], 1)


@every_dtype
@every_kind
def test_statistics_hold_far_from_zero_and_over_many_rows(kind, dtype):
    """Variances from a single pass are wrong from the first digit on here, and one sum over 100,000 rows is off."""
    far = 1000.0 if dtype == np.float32 else 1e9
    z = (normal(0, *((100_000, 3) if kind == "batch" else (3, 5000))) + far).astype(dtype)
    block = Block(z, np.ones(z.shape[1]), dtype)
    actual = block.forward(forward_kernel(kind, dtype))
    expected = standardized(z.astype(np.longdouble), 1 if kind == "layer" else 0).astype(float)
    rounding = 4 * far * np.finfo(dtype).eps  # of a mean that is off by as much as a single number
    np.testing.assert_allclose(actual, expected, rtol=tolerance(dtype), atol=rounding)


@every_dtype
def test_columns_that_do_not_vary_become_zero_whatever_their_size(dtype):
    """The rounding of a sum over many large rows makes their mean square deviation less than the mean's own square."""
    z = np.tile(np.geomspace(1e-3, 1e12, 200), (5001, 1))
    block = Block(z, np.ones(200), dtype)
    assert np.all(abs(block.forward(forward_kernel("batch", dtype))) < 1e-3)
    assert np.all(block.variance >= 0)
