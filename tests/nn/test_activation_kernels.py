"""The kernel of a hidden layer: f(z + bias) and its derivatives, in place, against the exact array functions."""

import ctypes
from types import FunctionType, SimpleNamespace

import numpy as np
import pytest

import nonlin as nl
from nonlin.definition import registry
from nonlin.nn import MLPClassifier
from nonlin.nn.definitions import activation_kernel, largest_slope
from nonlin.signature import learnable_names

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
ELEMENTWISE = [name for name in nl.activations() if nl.get(name).kind == "elementwise"]
LEARNABLE = [name for name in ELEMENTWISE if learnable_names(nl.get(name))]
KINDS = [ctypes.c_void_p] * 3 + [ctypes.c_int64] * 3 + [ctypes.c_void_p] * 2 + [ctypes.c_int64]


def layer(name, z, bias, theta=(), **parameters):
    """A kernel's results for a block of z's; the last columns of the stride and all that is beyond are NaN before."""
    rows, width = z.shape
    stride, gap = width + 3, 5
    block = rows * stride + gap
    values, slopes = (np.full((rows, stride), np.nan, z.dtype) for _ in range(2))
    values[:, :width] = z
    theta, theta_slopes = np.array(theta, z.dtype), np.full(len(theta) * block, np.nan, z.dtype)
    kernel = ctypes.CFUNCTYPE(None, *KINDS)(activation_kernel(nl.get(name), z.dtype, parameters))
    before, after = (
        [array.ctypes.data for array in group] for group in ((values, bias, slopes), (theta, theta_slopes))
    )
    kernel(*before, rows, width, stride, *after, block)
    blocks = theta_slopes.reshape(len(theta), block)
    assert np.isnan(blocks[:, rows * stride :]).all()
    thetas = blocks[:, : rows * stride].reshape(len(theta), rows, stride)
    return SimpleNamespace(values=values, slopes=slopes, theta_slopes=thetas, width=width)


def block_of(seed, dtype, shape=(7, 37)):
    rng = np.random.default_rng(seed)
    return (3 * rng.standard_normal(shape)).astype(dtype), rng.standard_normal(shape[1]).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_kernel_gives_value_and_derivatives_and_leaves_padding_alone(name, dtype):
    z, bias = block_of(0, dtype)
    record, x = nl.get(name), (z + bias).astype(np.float64)
    theta = {name: record.parameters[name].default for name in learnable_names(record)}
    got = layer(name, z, bias, tuple(theta.values()))
    expected = [record(x), record.derivative(x)]
    expected += [record.derivative(x, with_respect_to=parameter) for parameter in theta]
    tolerance = 32 * np.finfo(dtype).eps
    for found, exact in zip((got.values, got.slopes, *got.theta_slopes), expected, strict=True):
        np.testing.assert_allclose(found[:, : got.width], exact, rtol=tolerance, atol=tolerance)
        assert np.isnan(found[:, got.width :]).all()


@pytest.mark.parametrize("name", LEARNABLE)
def test_learnable_parameters_are_read_when_the_kernel_runs(name):
    z, bias = block_of(1, np.dtype(np.float64))
    record, x = nl.get(name), z + bias
    theta = {name: 1.25 * record.parameters[name].default + 0.1 for name in learnable_names(record)}
    got = layer(name, z, bias, tuple(theta.values()))
    np.testing.assert_allclose(got.values[:, : got.width], record(x, **theta), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(got.slopes[:, : got.width], record.derivative(x, **theta), rtol=1e-13, atol=1e-13)
    for parameter, found in zip(theta, got.theta_slopes, strict=True):
        exact = record.derivative(x, with_respect_to=parameter, **theta)
        np.testing.assert_allclose(found[:, : got.width], exact, rtol=1e-13, atol=1e-13)


def test_a_kernel_with_other_learnable_parameters_is_the_same_code():
    addresses = {activation_kernel(nl.get("prelu"), DTYPES[0], {"weight": weight}) for weight in (0.1, 0.2)}
    assert len(addresses) == 1


def test_rrelu_trains_with_the_mean_of_its_slopes_unless_it_is_given_a_sample():
    z, bias = block_of(2, np.dtype(np.float64))
    x = z + bias
    for given, slope in [({}, (1 / 8 + 1 / 3) / 2), ({"sample": 0.25}, 1 / 8 + (1 / 3 - 1 / 8) / 4)]:
        got = layer("rrelu", z, bias, **given)
        np.testing.assert_allclose(got.values[:, : got.width], np.where(x > 0, x, slope * x), rtol=1e-15)


def test_largest_slope_is_that_of_the_given_learnable_parameters():
    address = activation_kernel(nl.get("prelu"), DTYPES[1], {})
    assert largest_slope(address, DTYPES[1], (0.25,)) == 1
    assert largest_slope(address, DTYPES[1], (-3.0,)) == 3


def identity(x):
    """x itself."""
    return x


def unknown(x):
    """A function of nobody's."""
    return softexponential(x)  # noqa: F821


def of_numpy(x):
    """A function of arrays."""
    return np.tanh(x)


def branching(x):
    """A branch of Python's."""
    if x > 0:
        return x
    return 0


@pytest.mark.parametrize(
    ("formula", "reason", "line"),
    [
        (unknown, "name 'softexponential' is not defined", "return softexponential(x)"),
        (of_numpy, "does not support ufuncs", "return np.tanh(x)"),
        (branching, "choose with where(condition, a, b), not with if", "if x > 0:"),
    ],
)
@pytest.mark.parametrize("part", ["definition", "derivative"])
def test_fit_says_which_line_of_ones_own_formula_is_wrong_and_why(formula, reason, line, part):
    value, slope = (formula, identity) if part == "definition" else (identity, formula)
    record = nl.activation(range=(0, 1), monotone=True)(FunctionType(value.__code__, value.__globals__, "wrong"))
    record.derivative(slope)
    place = f"(line {formula.__code__.co_firstlineno + 2} of test_activation_kernels.py: {line}"
    try:
        with pytest.raises(nl.InputError) as raised:
            MLPClassifier((4,), record).fit(np.arange(20.0).reshape(10, 2), np.arange(10) % 2)
    finally:
        registry.activations.remove("wrong")
    for words in (f"the {part} of wrong is no formula", reason, place, "use arithmetic"):
        assert words in str(raised.value)
