"""Every registered activation, held to 50-digit arithmetic and to other libraries."""

import mpmath
import numpy as np
import pytest
from scipy import special

import nonlin as nl
from nonlin.definition import Elementwise
from nonlin.testing import check_activation, exact_values, representative_points

RECORDS = {name: nl.get(name) for name in nl.activations()}
ELEMENTWISE = [name for name, record in RECORDS.items() if isinstance(record, Elementwise)]
OTHERS = [name for name in RECORDS if name not in ELEMENTWISE]
DTYPES = ["float16", "float32", "float64"]


@pytest.mark.parametrize("name", RECORDS)
def test_definition(name):
    """Source rules, derivative, facts, limits, and the error in ULP: of elementwise ones more in test_every_float."""
    check_activation(RECORDS[name], points=200 if name in ELEMENTWISE else 600)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_definition_at_many_points(name):
    check_activation(RECORDS[name], points=6000)


@pytest.mark.parametrize("name", RECORDS)
def test_the_example_in_its_documentation_runs(name):
    example = RECORDS[name].__doc__.rpartition(">>> ")[2]
    assert example.startswith(f"nl.{name}(")
    assert np.isfinite(eval(example, {"nl": nl})).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_stays_nan(name, dtype):
    x = np.array([np.nan, 1.0], dtype)
    for result in (RECORDS[name](x), RECORDS[name].derivative(x)):
        assert np.isnan(result[0])
        assert not np.isnan(result[1])


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_zero_keeps_the_sign_of_its_side(name):
    """f(-0.0) is -0.0 where f is negative just left of 0; relu and its kin are zero there and may have either."""
    beside = exact_values(RECORDS[name], "definition", [-1e-30, 1e-30])
    signed = [value != 0 for value in beside]
    for dtype in DTYPES:
        result = RECORDS[name](np.array([-0.0, 0.0], dtype))
        np.testing.assert_array_equal(np.signbit(result)[signed], [value < 0 for value in beside[signed]])


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
    "prelu": (-np.inf, np.inf, 0.25, 1),
    "rrelu": (-np.inf, np.inf, (1 / 8 + 1 / 3) / 2, 1),
    "relu6": (0, 6, 0, 0),
    "relu_squared": (0, np.inf, 0, np.inf),
    "star_relu": (-0.4472, np.inf, 0, np.inf),
    "shifted_relu": (-1, np.inf, 0, 1),
    "thresholded_relu": (0, np.inf, 0, 1),
    "threshold": (0, np.inf, 0, 1),
    "logsigmoid": (-np.inf, 0, 1, 0),
    "softsign": (-1, 1, 0, 0),
    "arctan": (-np.pi / 2, np.pi / 2, 0, 0),
    "isru": (-1, 1, 0, 0),
    "laplace": (0, 1, 0, 0),
    "celu": (-1, np.inf, 0, 1),
    "exponential": (0, np.inf, 0, np.inf),
    "squareplus": (0, np.inf, 0, 1),
    "sqrtsoftplus": (0, np.inf, 0, 0),
    "isrlu": (-1, np.inf, 0, 1),
    "bent_identity": (-np.inf, np.inf, 0.5, 1.5),
    "xielu": (np.inf, np.inf, 0.5 - 0.8, np.inf),
    "gaussian": (0, 0, 0, 0),
    "elish": (0, np.inf, 0, 1),
    "hardshrink": (-np.inf, np.inf, 1, 1),
    "shrink": (-np.inf, np.inf, 1, 1),
    "softshrink": (-np.inf, np.inf, 1, 1),
    "tanhshrink": (-np.inf, np.inf, 1, 1),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LIMITS)
def test_infinities_give_the_limits_in_the_books(name, dtype):
    record, (low, high, slope_low, slope_high) = RECORDS[name], LIMITS[name]
    x = np.array([-np.inf, np.inf], dtype)
    np.testing.assert_array_equal(record(x), np.array([low, high], dtype))
    np.testing.assert_array_equal(record.derivative(x), np.array([slope_low, slope_high], dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_infinities_give_what_is_approached_far_out(name, dtype):
    """The results at infinity lie as near to the exact ones at 1e300 as the format can tell, or both are infinite."""
    record, ends = RECORDS[name], np.array([-1, 1])
    for function, part in ((record, "definition"), (record.derivative, "derivative")):
        got = function((ends * np.inf).astype(dtype))
        exact = exact_values(record, part, ends * 1e300)
        far = np.array([float(number if abs(number) < 1e100 else mpmath.sign(number) * mpmath.inf) for number in exact])
        far[[nowhere(record, part, side) for side in ends]] = np.nan
        np.testing.assert_allclose(got, far.astype(dtype), rtol=np.finfo(dtype).eps, atol=1e-100)


def nowhere(record, part, side):
    """Whether there is no limit, for sines: they go up and down however far out."""
    steps = np.diff(exact_values(record, part, side * np.linspace(1e8, 1e8 + 20, 41)))
    return {-1, 1} <= {int(mpmath.sign(step)) for step in steps}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_finite_inputs_give_numbers_and_infinity_only_beyond_the_largest(name, dtype):
    record, x = RECORDS[name], representative_points(dtype, 20000)
    for function, part in ((record, "definition"), (record.derivative, "derivative")):
        result = function(x)
        assert not np.isnan(result).any()
        infinite = np.flatnonzero(np.isinf(result))
        first = infinite[np.argsort(np.abs(x[infinite]))[:10]]
        assert (np.abs(exact_values(record, part, x[first])) > np.finfo(dtype).max).all()


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
