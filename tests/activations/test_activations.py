"""Every registered activation, held to 50-digit arithmetic and to other libraries."""

import mpmath
import numpy as np
import pytest
from scipy import special

import nonlin as nl
from nonlin.definition import Elementwise
from nonlin.testing import check_activation, exact_values, representative_points, ulp_error

ELEMENTWISE = [name for name in nl.activations() if isinstance(nl.get(name), Elementwise)]


@pytest.mark.parametrize("name", nl.activations())
def test_definition(name):
    """Source rules, derivative, facts, limits, and the error in ULP of value and derivative."""
    check_activation(nl.get(name), points=600)


@pytest.mark.slow
@pytest.mark.parametrize("name", nl.activations())
def test_definition_at_many_points(name):
    check_activation(nl.get(name), points=6000)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_stays_nan(name, dtype):
    x = np.array([np.nan, 1.0], dtype)
    for result in (nl.get(name)(x), nl.get(name).derivative(x)):
        assert np.isnan(result[0])
        assert not np.isnan(result[1])


@pytest.mark.parametrize("name", [n for n in ELEMENTWISE if n not in ("step", "sigmoid", "softplus", "relu")])
def test_zero_keeps_its_sign(name):
    for dtype in ("float16", "float32", "float64"):
        result = nl.get(name)(np.array([-0.0, 0.0], dtype))
        assert list(np.signbit(result)) == [True, False]
        assert not result.any()


LIMITS = {  # value at -inf and inf, derivative at -inf and inf
    "identity": (-np.inf, np.inf, 1, 1),
    "step": (0, 1, 0, 0),
    "sigmoid": (0, 1, 0, 0),
    "tanh": (-1, 1, 0, 0),
    "relu": (0, np.inf, 0, 1),
    "leaky_relu": (-np.inf, np.inf, 0.01, 1),
    "elu": (-1, np.inf, 0, 1),
    "selu": (-1.7580993408473768, np.inf, 0, 1.0507009873554805),
    "gelu": (0, np.inf, 0, 1),
    "silu": (0, np.inf, 0, 1),
    "mish": (0, np.inf, 0, 1),
    "softplus": (0, np.inf, 0, 1),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_infinities_give_the_limits(name):
    record, (low, high, slope_low, slope_high) = nl.get(name), LIMITS[name]
    x = np.array([-np.inf, np.inf])
    np.testing.assert_array_equal(record(x), [low, high])
    np.testing.assert_array_equal(record.derivative(x), [slope_low, slope_high])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_no_finite_input_gives_nan(name, dtype):
    x = representative_points(dtype, 20000)
    x = x[np.abs(x) < np.finfo(dtype).max / 2]  # selu's slope is above 1: the largest numbers overflow, rightly
    assert np.isfinite(nl.get(name)(x)).all()
    assert np.isfinite(nl.get(name).derivative(x)).all()


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_float16_is_rounded_once(name):
    """Every finite half-precision input: the nearest half-precision number to the exact result."""
    x = np.arange(65536, dtype=np.uint16).view(np.float16)
    x = x[np.isfinite(x)][::37]
    record = nl.get(name)
    assert ulp_error(record(x), exact_values(record, "definition", x)).max() <= 0.5
    assert ulp_error(record.derivative(x), exact_values(record, "derivative", x)).max() <= 0.5


def test_agreement_with_scipy():
    x = np.linspace(-40, 40, 4001)
    np.testing.assert_allclose(nl.sigmoid(x), special.expit(x), rtol=4e-16)
    np.testing.assert_allclose(nl.softplus(x), special.softplus(x), rtol=1e-15)
    np.testing.assert_allclose(nl.gelu(x[x > -10]), (x * special.ndtr(x))[x > -10], rtol=2e-14)


def test_gradients_survive_where_textbook_forms_lose_them():
    """s (1 - s) in float32 is 0 from x = 16.64 (torch, jax); 1 - tanh(x)^2 from 9.01."""
    assert nl.sigmoid.derivative(np.float32(17)) == pytest.approx(4.1399374e-08, rel=1e-7)
    assert nl.tanh.derivative(np.float32(10)) == pytest.approx(float(mpmath.sech(10) ** 2), rel=1e-7)
    assert nl.elu.derivative(np.float32(-20)) == pytest.approx(np.exp(-20.0), rel=1e-7)
    assert nl.gelu(np.float32(-5.5)) == pytest.approx(-1.0444e-07, rel=1e-3)


def test_softmax_of_the_textbook_rows():
    x = [[2.0, 1.0, 0.1], [0.5, 2.0, 1.0], [0.2, 1.0, 3.0]]
    expected = [[0.6590, 0.2424, 0.0986], [0.1402, 0.6285, 0.2312], [0.0508, 0.1131, 0.8360]]
    np.testing.assert_allclose(nl.softmax(x), expected, atol=5e-5)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_along_any_axis_agrees_with_scipy(axis, dtype):
    x = np.random.default_rng(0).normal(0, 9, (5, 17, 23)).astype(dtype)
    bound = {"float32": 2e-7, "float64": 1e-13}[dtype]  # SciPy's own float64 error reaches 4e-15 here
    np.testing.assert_allclose(nl.softmax(x, axis=axis), special.softmax(x.astype(float), axis=axis), rtol=bound)
    expected = special.log_softmax(x.astype(float), axis=axis)
    np.testing.assert_allclose(nl.log_softmax(x, axis=axis), expected, rtol=bound, atol=1e-15)


def test_softmax_of_unusual_rows():
    inf = np.inf
    x = np.array([[-inf, -inf], [inf, 1], [np.nan, 1], [-inf, 0], [1e38, -1e38]], np.float32)
    np.testing.assert_array_equal(nl.softmax(x), [[0.5, 0.5], [1, 0], [np.nan, np.nan], [0, 1], [1, 0]])


def test_log_softmax_keeps_what_softmax_rounds_away():
    got = nl.log_softmax(np.array([50.0, 0.0], np.float32))
    np.testing.assert_allclose(got, [-1.9287498e-22, -50], rtol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_vector_jacobian_products_against_differences(name):
    random = np.random.default_rng(1)
    x, cotangent = random.normal(size=(2, 4, 6))
    record, step = nl.get(name), 1e-6
    numerical = np.empty_like(x)
    for i in range(6):
        shift = np.eye(6)[i] * step
        numerical[:, i] = ((record(x + shift) - record(x - shift)) * cotangent).sum(1) / (2 * step)
    np.testing.assert_allclose(record.vjp(x, cotangent), numerical, atol=1e-8)


def test_swiglu_gates_with_the_first_half():
    """LLaMA: silu(first) * second."""
    x = np.random.default_rng(2).normal(size=(3, 8))
    first, second = x[:, :4], x[:, 4:]
    np.testing.assert_allclose(nl.swiglu(x), first * special.expit(first) * second, rtol=1e-14)
    assert nl.swiglu(x.T, axis=0).shape == (4, 3)


def test_swiglu_derivative_against_differences():
    x = np.random.default_rng(3).normal(size=8)
    got = nl.swiglu.derivative(x)
    for i in range(8):
        shift = np.eye(8)[i] * 1e-6
        expected = ((nl.swiglu(x + shift) - nl.swiglu(x - shift)) / 2e-6)[i % 4]
        assert got[i] == pytest.approx(expected, abs=1e-8)


def test_an_odd_axis_cannot_be_gated():
    with pytest.raises(nl.InputError, match="even length, got 3"):
        nl.swiglu(np.ones(3))


def test_a_missing_axis_is_named():
    with pytest.raises(nl.InputError, match="axis must be between -2 and 1"):
        nl.softmax(np.ones((2, 2)), axis=2)


def test_slope_zero_at_minus_infinity_is_relu():
    assert nl.leaky_relu(-np.inf, negative_slope=0.0) == 0


def test_parameters_agree_with_torchs_meaning():
    x = np.linspace(-3, 3, 13)
    np.testing.assert_allclose(nl.leaky_relu(x, negative_slope=0.2), np.where(x > 0, x, 0.2 * x), rtol=1e-15)
    np.testing.assert_allclose(nl.elu(x, alpha=2.0), np.where(x > 0, x, 2 * np.expm1(x)), rtol=1e-15)
