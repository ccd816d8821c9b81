"""Arrays of bfloat16, whose dtype NumPy knows through ml_dtypes; every number of it is in test_every_float."""

import subprocess
import sys

import numpy as np
import pytest

import nonlin as nl
from nonlin.backends.numpy.ufuncs import ufunc
from nonlin.testing.loss_points import ordinary_inputs
from nonlin.testing.ulp import every_input

ml_dtypes = pytest.importorskip("ml_dtypes")
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def rounded(doubles):
    """Doubles rounded to the nearest bfloat16, the even one of two, by whole numbers: its bits as uint16."""
    bits = np.abs(doubles).view(np.int64)
    # As a float64 with seven bits of fraction; what is below the normal numbers has fewer, of the unit 2^-133.
    exponent = np.maximum((bits >> 52) - 1023, -126)
    unit = np.ldexp(1.0, exponent - 7)
    whole, rest = np.divmod(np.abs(doubles), unit)
    whole = whole.astype(np.int64)
    up = (rest > unit / 2) | ((rest == unit / 2) & (whole % 2 == 1))
    magnitude = (exponent + 126) * 128 + whole + up
    magnitude = np.minimum(magnitude, 0x7F80)  # infinity
    return (magnitude + 0x8000 * np.signbit(doubles)).astype(np.uint16)


def test_the_judge_agrees_with_a_table():
    doubles = np.array(
        [0.0, -0.0, 1.0, 1 + 2**-8, 1 + 3 * 2**-8, -(1 + 2**-8 + 2**-40), 2.0**-133, 2.0**-134, 3.4e38, 1e39]
    )
    expected = [0, 0x8000, 0x3F80, 0x3F80, 0x3F82, 0xBF81, 1, 0, 0x7F80, 0x7F80]
    assert rounded(doubles).tolist() == expected


@pytest.mark.parametrize("name", ["relu", "gelu", "mish", "leaky_relu"])
def test_any_layout_and_length_gives_the_same_bits(name):
    record = nl.get(name)
    x = np.random.default_rng(0).normal(0, 3, (130, 67)).astype(BFLOAT16)
    expected = record(x)
    assert expected.dtype == BFLOAT16
    same = [(record(x[::3, ::-2]), expected[::3, ::-2]), (record(x.T), expected.T), (record(x[3:, 5]), expected[3:, 5])]
    same += [
        (both, record(x) if k == 0 else record.derivative(x)) for k, both in enumerate(record.value_and_derivative(x))
    ]
    for got, wanted in same:
        np.testing.assert_array_equal(got.view(np.uint16), wanted.view(np.uint16))
    assert record(x[2, 3]) == expected[2, 3]
    assert record(x[2, 3]).dtype == BFLOAT16


def test_out_where_and_dtype():
    x = np.array([-1, 0.5, 2], BFLOAT16)
    out = np.full(3, 7, BFLOAT16)
    assert nl.relu(x, out=out, where=[True, False, True]) is out
    assert out.tolist() == [0, 7, 2]
    assert nl.relu(x, out=x) is x
    assert x.tolist() == [0, 0.5, 2]
    wide = np.array([1 + 2.0**-9, -3])
    assert nl.identity(wide, out=np.empty(2, BFLOAT16)).tolist() == [1, -3]
    for dtype in (BFLOAT16, ml_dtypes.bfloat16):
        got = nl.identity(wide, dtype=dtype)
        assert got.dtype == BFLOAT16
        assert got.tolist() == [1, -3]
    assert nl.sigmoid(np.zeros(2, BFLOAT16), out=np.empty(2, np.float32)).tolist() == [0.5, 0.5]


def test_parameters_stay_doubles():
    x, slope = np.linspace(-2, -1, 100).astype(BFLOAT16), 1 - 2.0**-9 - 2.0**-12
    got = nl.leaky_relu(x, negative_slope=slope)
    assert got.dtype == BFLOAT16
    np.testing.assert_array_equal(got.view(np.uint16), rounded(x.astype(float) * slope))
    assert (got != nl.leaky_relu(x, negative_slope=float(BFLOAT16.type(slope)))).any()


@pytest.mark.parametrize(("dtype", "result"), [("float32", "float32"), ("float64", "float64"), (BFLOAT16, BFLOAT16)])
def test_array_parameters_take_part_in_promotion(dtype, result):
    slopes = np.array([0.25, 0.5]).astype(dtype)
    got = nl.leaky_relu(np.array([-1, -1], BFLOAT16), negative_slope=slopes)
    assert got.dtype == result
    assert got.tolist() == [-0.25, -0.5]


def test_other_dtypes_are_as_before():
    nl.tanh(np.ones(2, BFLOAT16))
    for dtype in (np.float16, np.float32, np.float64, np.int8, np.int64, bool):
        assert nl.tanh(np.ones(2, dtype)).dtype == np.tanh(np.ones(2, dtype)).dtype
    assert nl.swiglu(np.ones(2, BFLOAT16), np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    "record", [nl.get(n) for n in nl.activations() if nl.get(n).kind == "gated"], ids=lambda r: r.name
)
def test_gated_functions(record):
    x = np.random.default_rng(1).normal(size=(5, 8)).astype(BFLOAT16)
    for part in (record, record.derivative):
        got, exact = part(x), part(x.astype(float))
        assert got.dtype == BFLOAT16
        np.testing.assert_array_equal(got.view(np.uint16), rounded(exact))
    gate, value = (x[:, :4], x[:, 4:]) if record.gate == "first" else (x[:, 4:], x[:, :4])
    np.testing.assert_array_equal(record(gate, value), record(x))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_row_functions_are_computed_in_float32_and_rounded(name):
    record, random = nl.get(name), np.random.default_rng(2)
    x, cotangent = random.normal(0, 3, (2, 4, 6)).astype(BFLOAT16)
    for axis in (0, 1):
        got, single = record(x, axis=axis), record(x.astype(np.float32), axis=axis)
        assert got.dtype == BFLOAT16
        np.testing.assert_array_equal(got, single.astype(BFLOAT16))
    np.testing.assert_array_equal(record(x, out=np.empty_like(x)), record(x))
    got = record.vjp(x, cotangent)
    assert got.dtype == BFLOAT16
    np.testing.assert_array_equal(got, record.vjp(*(a.astype(np.float32) for a in (x, cotangent))).astype(BFLOAT16))
    assert record(np.empty((0, 3), BFLOAT16)).dtype == BFLOAT16


def test_pooled_and_concatenated_functions():
    x = np.array([[1, -2, 3, 5]], BFLOAT16)
    for got, expected in ((nl.maxout(x), [[1, 5]]), (nl.crelu(x), [[1, 0, 3, 5, 0, 2, 0, 0]])):
        assert got.dtype == BFLOAT16
        assert got.tolist() == expected


AFTERWARDS = """
import sys
import numpy as np
import nonlin as nl
from nonlin.backends.numpy.ufuncs import ufunc
from nonlin import gelu, leaky_relu
gelu(np.ones(3)), gelu(np.ones(3, "f2")), leaky_relu(np.ones(3), negative_slope=0.3)
before = ufunc(gelu, "value")
assert "ml_dtypes" not in sys.modules
import ml_dtypes
x = np.array([-1, 0.5, 2], ml_dtypes.bfloat16)
assert gelu(x).dtype == x.dtype == leaky_relu(x, negative_slope=0.3).dtype == gelu(x[0]).dtype
assert ufunc(gelu, "value") is before
"""


LOSSES = [
    (name, reduction)
    for name in nl.losses()
    for reduction in ("mean", "sum", "none")
    if nl.get_loss(name).kind in ("elementwise", "row") or (nl.get_loss(name).kind == "summary" and reduction == "mean")
]


@pytest.mark.parametrize(("name", "reduction"), LOSSES)
def test_losses_are_those_of_the_same_numbers_in_float32_rounded(name, reduction):
    loss = nl.get_loss(name)
    narrow = [x.astype(BFLOAT16) for x in ordinary_inputs(loss, (3, 4), np.float32)[: len(loss.inputs)]]
    wide = [x.astype(np.float32) for x in narrow]
    for compute in (loss, loss.gradient) if loss.has_gradient else (loss,):
        got, expected = compute(*narrow, reduction=reduction), compute(*wide, reduction=reduction)
        assert got.dtype == BFLOAT16
        np.testing.assert_array_equal(got, expected.astype(BFLOAT16))


def test_a_function_that_was_made_before_ml_dtypes_was_imported():
    result = subprocess.run([sys.executable, "-c", AFTERWARDS], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr


def test_a_list_of_bfloat16_numbers_given_first():
    """Each first meeting by itself: a new ufunc knows nothing of bfloat16 yet."""
    number = ml_dtypes.bfloat16(0.5)
    for given in ([number, number], number, np.array(number), np.array([number])):
        ufunc.cache_clear()
        assert nl.relu(given).dtype == BFLOAT16


def test_nothing_warns():
    with np.errstate(all="raise"):
        x = every_input(BFLOAT16)
        for name in ("gelu", "silu", "softplus", "elu", "sigmoid"):
            nl.get(name)(x)
