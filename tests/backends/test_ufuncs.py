"""What an elementwise function is to NumPy and to the libraries that follow its ufunc protocol."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import nonlin as nl
from nonlin.backends.numpy import functions
from nonlin.backends.numpy.ufunc_loops import GRAIN

UFUNC = functions.ufunc(nl.silu, "value")
LARGE = 4 * GRAIN  # elements that are shared between cores


def test_it_is_a_real_ufunc():
    assert isinstance(UFUNC, np.ufunc)
    assert UFUNC.types == ["e->e", "f->f", "d->d"]


def test_out_and_where():
    x = np.array([-1.0, 2.0, 3.0])
    out = np.full(3, 7.0)
    assert nl.relu(x, out=out, where=[True, False, True]) is out
    np.testing.assert_array_equal(out, [0, 7, 3])
    nl.relu.derivative(x, out=x)
    np.testing.assert_array_equal(x, [0, 1, 1])


@pytest.mark.parametrize(
    "dtype", [np.bool_, np.int8, np.uint8, np.int16, np.int32, np.int64, np.float16, np.float32, float]
)
def test_dtypes_follow_numpys_own_ufuncs(dtype):
    x = np.ones(3, dtype)
    assert nl.gelu(x).dtype == np.exp(x).dtype
    assert nl.leaky_relu(x).dtype == np.exp(x).dtype
    assert nl.softmax(x).dtype == np.exp(x).dtype


def test_an_array_parameter_takes_part_in_promotion_and_broadcasting():
    x = np.full((2, 3), -1, np.float32)
    slopes = np.array([0.1, 0.2, 0.3], np.float32)
    got = nl.leaky_relu(x, negative_slope=slopes)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, -np.broadcast_to(slopes, (2, 3)))
    assert nl.leaky_relu(x, negative_slope=slopes.astype(float)).dtype == np.float64


@pytest.mark.parametrize("value", [1, 1.5, np.float32(1.5), np.array(1.5)])
def test_scalars_give_scalars(value):
    assert np.ndim(nl.tanh(value)) == 0
    assert not isinstance(nl.tanh(value), np.ndarray)


@pytest.mark.parametrize("x", [np.array([1j]), np.array(["a"]), np.array([object()])])
def test_other_dtypes_are_refused(x):
    with pytest.raises(TypeError):
        nl.tanh(x)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["gelu", "leaky_relu", "mish"])
def test_layout_does_not_change_a_bit(name, dtype):
    record = nl.get(name)
    x = np.random.default_rng(0).normal(0, 4, (60, 50)).astype(dtype)
    expected = record(x)
    for view, same in ((x.T, expected.T), (x[::3, ::-2], expected[::3, ::-2]), (x[:, 1:], expected[:, 1:])):
        np.testing.assert_array_equal(record(view), same)
    for i in range(0, 3000, 97):
        assert record(x.flat[i]) == expected.flat[i]


def test_read_only_and_empty_arrays():
    x = np.ones(4)
    x.flags.writeable = False
    assert nl.elu(x).tolist() == [1] * 4
    assert nl.elu(np.ones((0, 3))).shape == (0, 3)
    assert nl.softmax(np.ones((0, 3))).shape == (0, 3)


def test_large_arrays_are_the_same_in_pieces():
    x = np.random.default_rng(1).normal(size=LARGE + 13).astype(np.float32)
    np.testing.assert_array_equal(nl.silu(x), UFUNC(x))
    np.testing.assert_array_equal(nl.leaky_relu(x), np.where(x > 0, x, (x * np.full(1, 0.01)).astype(np.float32)))
    value, derivative = nl.silu.value_and_derivative(x)
    np.testing.assert_array_equal(value, UFUNC(x))
    np.testing.assert_array_equal(derivative, nl.silu.derivative(x))


def test_large_arrays_of_any_layout_and_with_out():
    x = np.random.default_rng(2).normal(size=(700, 800)).astype(np.float32)
    expected = UFUNC(x)
    out = np.empty_like(x)
    assert nl.silu(x, out=out) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(nl.silu(x.T), expected.T)
    np.testing.assert_array_equal(nl.silu(x[:, :-3]), expected[:, :-3])
    swapped = nl.silu(x.astype(">f4"))
    np.testing.assert_array_equal(swapped, expected)
    assert swapped.dtype.isnative


def test_a_large_output_that_overlaps_its_input():
    """As for NumPy's own ufuncs, the result is that of the input before the call."""
    for shift in (1, LARGE // 2):
        memory = np.random.default_rng(3).normal(size=2 * LARGE).astype(np.float32)
        x, out = memory[:LARGE], memory[shift : shift + LARGE]
        expected = UFUNC(x.copy())
        nl.silu(x, out=out)
        np.testing.assert_array_equal(out, expected)
    whole = np.random.default_rng(4).normal(size=LARGE)
    expected = UFUNC(whole)
    np.testing.assert_array_equal(nl.silu(whole, out=whole), expected)


def test_dtype_is_honoured_with_and_without_parameters():
    x = np.ones(3, int)
    assert nl.gelu(x, dtype=np.float32).dtype == np.float32
    assert nl.leaky_relu(x, dtype=np.float32, negative_slope=0.2).dtype == np.float32


@pytest.mark.parametrize(("x", "dtype"), [(1.5, "float32"), (np.float16(1.5), "float32"), (np.ones(2, int), "float64")])
def test_scalars_promote_with_array_parameters(x, dtype):
    assert nl.leaky_relu(x, negative_slope=np.array([0.1], np.float32)).dtype == dtype


def test_a_series_with_an_array_parameter():
    pandas = pytest.importorskip("pandas")
    slopes = np.array([0.1, 0.2])
    assert nl.leaky_relu(pandas.Series([-1.0, -1.0]), negative_slope=slopes).tolist() == [-0.1, -0.2]
    assert nl.leaky_relu(pandas.Series([-1.0], dtype="Float64")).tolist() == [-0.01]


def test_two_arrays_are_a_gate_and_a_value():
    gate, value = np.linspace(-2, 2, 6).reshape(2, 3), np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(nl.swiglu(gate, value), nl.swiglu(np.concatenate([gate, value], axis=1)))
    by_gate, by_value = nl.swiglu.derivative(gate, value)
    np.testing.assert_array_equal(by_value, nl.silu(gate))
    np.testing.assert_allclose(by_gate, nl.silu.derivative(gate) * value, rtol=4e-16)  # rounded once here, twice there


def test_masked_arrays_are_not_read_through_their_mask():
    with pytest.raises(nl.InputError, match="masked"):
        nl.softmax(np.ma.masked_array([1.0, 2.0], [True, False]))


FORK = """
import os, threading
import numpy as np
import nonlin as nl
from nonlin.definition import Elementwise
from nonlin.primitives import exp

def make(k):
    def formula(x):
        return exp(-x * x * k)
    return Elementwise(formula, range=(0, 1), monotone=False, smoothness=float("inf"))

threading.Thread(target=lambda: [make(k)(1.0) for k in range(100, 130)], daemon=True).start()
np.testing.assert_allclose(nl.silu(np.ones(1 << 19)), 0.7310585786300049)
for k in range(3):
    child = os.fork()
    if child == 0:
        nl.silu(np.ones(1 << 19))
        os._exit(0 if abs(make(k)(1.0) - np.exp(-k)) < 1e-15 else 1)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_child_compiles_and_computes(tmp_path):
    environment = os.environ | {"NONLIN_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", FORK]
    result = subprocess.run(command, env=environment, timeout=60, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_first_calls_from_many_threads_agree():
    functions.ufunc.cache_clear()
    x, results = np.linspace(-3, 3, 100), []
    threads = [threading.Thread(target=lambda: results.append(nl.mish(x))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all((result == results[0]).all() for result in results)


def test_nothing_warns_for_extreme_input():
    with np.errstate(all="raise"):
        x = np.array([-np.inf, -1e308, -750, -0.0, 750, 1e308, np.inf, np.nan])
        for name in ("gelu", "silu", "softplus", "sigmoid", "elu"):
            nl.get(name)(x)
            nl.get(name).derivative(x)


def test_pandas_keeps_its_index():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series([-1.0, 2.0], index=["a", "b"])
    got = nl.relu(series)
    assert isinstance(got, pandas.Series)
    assert got.to_dict() == {"a": 0.0, "b": 2.0}
    frame = nl.leaky_relu(pandas.DataFrame({"p": [-1.0], "q": [1]}))
    assert frame.to_dict("list") == {"p": [-0.01], "q": [1.0]}


def test_xarray_keeps_its_dimensions():
    xarray = pytest.importorskip("xarray")
    got = nl.tanh(xarray.DataArray([[0.0, 1.0]], dims=("row", "column")))
    assert got.dims == ("row", "column")
    assert float(got[0, 1]) == pytest.approx(np.tanh(1))


def test_dask_stays_lazy():
    dask_array = pytest.importorskip("dask.array")
    lazy = nl.sigmoid(dask_array.zeros(10, chunks=5))
    assert isinstance(lazy, dask_array.Array)
    assert lazy.compute().tolist() == [0.5] * 10


@given(arrays.arrays(np.float32, st.integers(0, 40), elements=st.floats(width=32, allow_nan=False)))
def test_value_and_derivative_are_the_two_functions(x):
    value, derivative = nl.gelu.value_and_derivative(x)
    np.testing.assert_array_equal(value, nl.gelu(x))
    np.testing.assert_array_equal(derivative, nl.gelu.derivative(x))


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_monotone_functions_never_decrease(a, b):
    low, high = min(a, b), max(a, b)
    for name in nl.activations():
        record = nl.get(name)
        if record.kind == "elementwise" and record.monotone:
            assert record(low) <= record(high), name


@given(arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 40)), elements=st.floats(-700, 700)))
def test_softmax_is_a_distribution_that_ignores_a_shift(x):
    p = nl.softmax(x)
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-14)
    np.testing.assert_allclose(nl.softmax(x + 8.0), p, rtol=1e-12, atol=1e-300)
