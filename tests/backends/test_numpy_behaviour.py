"""Every kind of function behaves on arrays as NumPy's own do: outputs, layouts, axes, labels and lazy arrays."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import nonlin as nl
from nonlin.backends.numpy.ufuncs import ufunc
from nonlin.primitives import exp, maximum, row_max, row_sum, where

ELEMENTWISE = [name for name in nl.activations() if nl.get(name).kind == "elementwise"]
ROWS = [name for name in nl.activations() if nl.get(name).kind == "row" and nl.get(name).inputs == ("x",)]
GATED = [name for name in nl.activations() if nl.get(name).kind == "gated"]
FLOATS = [np.float16, np.float32, np.float64]


@pytest.fixture
def pooled():
    """The largest of each group of neighbours; its gradient goes to the first of the largest."""

    @nl.activation(kind=nl.Pooled)
    def largest(x):
        return row_max(x)

    @largest.vjp
    def _(x, cotangent):
        return where(x < row_max(x), 0, cotangent)

    return largest


@pytest.fixture
def concatenated():
    """The positive part of x and the positive part of minus x."""

    @nl.activation(kind=nl.Concatenated)
    def both(x, *, slope=1.0):
        return maximum(x, 0), maximum(-slope * x, 0)

    @both.derivative
    def _(x, *, slope=1.0):
        return where(x > 0, 1, 0), where(slope * x < 0, -slope, 0)

    return both


@pytest.fixture
def sampled():
    """Softmax of x plus a sample."""

    @nl.activation(kind=nl.Row)
    def noisy(x, sample, *, temperature=1.0):
        e = exp((x + sample) / temperature)
        return e / row_sum(e)

    @noisy.vjp
    def _(x, sample, cotangent, *, temperature=1.0):
        return 0 * x + 0 * sample + cotangent / temperature

    return noisy


def _numbers(shape=(4, 6), dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(0, 2, shape).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_every_elementwise_function_is_a_ufunc_of_any_layout(name, dtype):
    function, x = nl.get(name), _numbers((6, 8), dtype)
    expected = function(x)
    assert expected.dtype == dtype
    out = np.full_like(x, 7)
    assert function(x, out=out) is out
    np.testing.assert_array_equal(out, expected)
    function(x[::2, ::-3], out=out[::2, ::-3])
    np.testing.assert_array_equal(function(x[::2, ::-3]), expected[::2, ::-3])
    np.testing.assert_array_equal(function(x.T), expected.T)
    np.testing.assert_array_equal(function(x.astype(x.dtype.newbyteorder())), expected)
    np.testing.assert_array_equal(function(np.broadcast_to(x[0], (3, 8))), np.broadcast_to(expected[0], (3, 8)))
    assert function(x[0, 0]) == expected[0, 0]
    assert function(np.empty((0, 3), dtype)).shape == (0, 3)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_where_leaves_the_rest_alone_and_casting_is_numpys(name):
    function, x = nl.get(name), _numbers((5,))
    kept = np.array([True, False, True, True, False])
    out = np.full(5, 7.0)
    function(x, out=out, where=kept)
    np.testing.assert_array_equal(out, np.where(kept, function(x), 7.0))
    assert function(x, dtype=np.float32, casting="same_kind").dtype == np.float32
    assert function(x.astype(np.float32), dtype=np.float64).dtype == np.float64
    single = np.empty(5, np.float32)
    np.testing.assert_array_equal(function(x, out=single), function(x).astype(np.float32))
    with pytest.raises(TypeError):
        function(x, out=single, casting="safe")


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_both_parts_take_an_output_each(name):
    function, x = nl.get(name), _numbers((7,))
    value, derivative = np.empty(7), np.empty(7)
    returned = function.value_and_derivative(x, out=(value, derivative))
    assert returned[0] is value
    np.testing.assert_array_equal(value, function(x))
    np.testing.assert_array_equal(derivative, function.derivative(x))


@pytest.mark.parametrize("name", [name for name in ELEMENTWISE if nl.get(name).parameters])
def test_arrays_of_parameters_broadcast(name):
    function, x = nl.get(name), _numbers((3, 1))
    for parameter, known in function.parameters.items():
        values = np.array([known.default, known.default])
        expected = np.repeat(function(x), 2, axis=1)
        np.testing.assert_array_equal(function(x, **{parameter: values}), expected)
        np.testing.assert_array_equal(function(x, **{parameter: list(values)}), expected)
        if known.learnable:
            slopes = function.derivative(x, with_respect_to=parameter, **{parameter: values})
            one = function.derivative(x, with_respect_to=parameter)
            np.testing.assert_array_equal(slopes, np.repeat(one, 2, axis=1))


def test_the_derivative_of_a_parameter_is_one_per_entry():
    @nl.activation(parameters={"weight": nl.Parameter(0.25, learnable=True)})
    def sloped(x, *, weight=0.25):
        return where(x > 0, x, weight * x)

    @sloped.derivative(with_respect_to="weight")
    def _(x, *, weight=0.25):
        return where(x > 0, 0, x)

    x, weight = np.array([[-2.0, 3.0], [-4.0, -5.0]]), np.array([0.1, 0.2])
    np.testing.assert_array_equal(sloped.derivative(x, with_respect_to="weight", weight=weight), [[-2, 0], [-4, -5]])
    np.testing.assert_array_equal(sloped(x, weight=weight), [[-0.2, 3], [-0.4, -1]])


def test_subclasses_are_kept_as_by_numpys_functions():
    masked = np.ma.masked_array([1.0, -2.0], [True, False])
    assert nl.relu(masked).mask.tolist() == np.exp(masked).mask.tolist() == [True, False]

    class Measured(np.ndarray):
        """An array of its own kind."""

    x = np.array([1.0, -2.0]).view(Measured)
    assert type(nl.relu(x)) is type(nl.leaky_relu(x)) is Measured
    assert type(nl.relu(x, subok=False)) is np.ndarray


def test_a_corrected_formula_is_used_at_once_without_options_too():
    @nl.activation()
    def scaled(x, *, by=2.0):
        return by * x

    assert scaled(np.ones(2)).tolist() == [2, 2]

    @scaled.kernel
    def _(x, *, by=2.0):
        return by * x + x

    assert scaled(np.ones(2)).tolist() == [3, 3]


# --- functions along an axis ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3, np.int64(1)])
@pytest.mark.parametrize("name", ROWS)
def test_rows_run_along_any_axis_of_any_layout(name, axis, dtype):
    function, x = nl.get(name), _numbers((3, 4, 5), dtype)
    moved = np.moveaxis(x, axis, -1)
    expected = np.moveaxis(np.array([[function(row) for row in plane] for plane in moved]), -1, axis)
    for same in (x, np.asfortranarray(x), x.astype(x.dtype.newbyteorder()), x[::-1][::-1]):
        result = function(same, axis=axis)
        assert result.dtype == dtype
        assert result.dtype.isnative
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_written_to_an_output(name):
    function, x = nl.get(name), _numbers((3, 4))
    expected = function(x, axis=0)
    memory = np.zeros((3, 8))
    strided = memory[:, ::2]
    assert function(x, axis=0, out=strided) is strided
    np.testing.assert_array_equal(strided, expected)
    assert not memory[:, 1::2].any()
    single = np.empty((3, 4), np.float32)
    assert function(x, axis=0, out=(single,)) is single
    np.testing.assert_array_equal(single, expected.astype(np.float32))
    assert function(x, axis=0, out=x) is x
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("name", ROWS)
def test_products_with_the_jacobian_are_those_of_the_rows(name):
    function, x, cotangent = nl.get(name), _numbers((3, 4)), _numbers((3, 4), seed=1)
    expected = np.transpose([function.vjp(x[:, i], cotangent[:, i]) for i in range(4)])
    np.testing.assert_array_equal(function.vjp(x, cotangent, axis=0), expected)
    np.testing.assert_array_equal(function.vjp(x, cotangent, axis=0, out=np.empty((3, 4))), expected)


def test_empty_rows_and_no_rows():
    for shape in ((0, 3), (3, 0), (0,)):
        for name in ROWS:
            assert nl.get(name)(np.empty(shape, np.float32)).shape == shape
    assert nl.swiglu(np.empty((0, 4))).shape == (0, 2)
    assert nl.swiglu.derivative(np.empty((4, 0)), axis=0).shape == (4, 0)


def test_a_sample_is_broadcast(sampled):
    x, sample = _numbers((2, 3)), _numbers((3,), seed=1)
    np.testing.assert_array_equal(sampled(x, sample), sampled(x, np.stack([sample, sample])))
    np.testing.assert_allclose(sampled(x, sample, temperature=2.0), nl.softmax((x + sample) / 2), rtol=1e-14)
    np.testing.assert_array_equal(sampled(x, sample[:2, None], axis=0), sampled(x.T, sample[:2], axis=1).T)
    np.testing.assert_array_equal(sampled.vjp(x, 0.0, np.ones((2, 3)), temperature=4.0), np.full((2, 3), 0.25))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", GATED)
def test_halves_of_any_axis_are_gate_and_value(name, axis):
    function, x = nl.get(name), _numbers((4, 6))
    first, second = np.split(x, 2, axis)
    halves = (first, second) if function.gate == "first" else (second, first)
    expected = function(*halves)
    np.testing.assert_array_equal(function(x, axis=axis), expected)
    out = np.empty(expected.shape, np.float32)
    assert function(x, axis=axis, out=out) is out
    np.testing.assert_array_equal(out, expected.astype(np.float32))
    partial = function.derivative(*halves)
    wanted = np.concatenate(partial if function.gate == "first" else partial[::-1], axis)
    np.testing.assert_array_equal(function.derivative(x, axis=axis), wanted)
    np.testing.assert_array_equal(function.derivative(x.copy(), axis=axis, out=x), wanted)
    assert function(x.astype(np.float32), axis=axis).dtype == np.float32


def test_a_gate_and_a_value_broadcast_and_take_numpys_options():
    gate, value, out = _numbers((3, 1)), _numbers((1, 4)), np.zeros((3, 4))
    assert nl.swiglu(gate, value, out=out, where=gate > 0) is out
    np.testing.assert_allclose(out, np.where(gate > 0, nl.silu(gate) * value, 0), rtol=1e-15)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("axis", "pieces"), [(0, 2), (1, 3), (-1, 6), (1, 1)])
def test_groups_of_neighbours_are_pooled(pooled, axis, pieces, dtype):
    x = _numbers((4, 6), dtype)
    rows = np.moveaxis(x, axis, -1)
    expected = np.moveaxis(rows.reshape(rows.shape[0], -1, pieces).max(-1), -1, axis)
    result = pooled(x, axis=axis, pieces=pieces)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, expected)
    out = np.empty(expected.shape)
    assert pooled(x, axis=axis, pieces=pieces, out=out) is out
    np.testing.assert_array_equal(out, expected)
    cotangent = np.arange(expected.size, dtype=dtype).reshape(expected.shape)
    spread = np.repeat(cotangent, pieces, axis)
    wanted = np.where(x == np.repeat(expected, pieces, axis), spread, 0)
    np.testing.assert_array_equal(pooled.vjp(x, cotangent, axis=axis, pieces=pieces), wanted)
    assert pooled(np.empty((0, 6), dtype), pieces=3).shape == (0, 2)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_results_are_laid_one_after_another(concatenated, axis):
    x = _numbers((4, 6), np.float32)
    expected = np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis)
    result = concatenated(x, axis=axis)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)
    out = np.empty(expected.shape)
    assert concatenated(x, axis=axis, out=out) is out
    np.testing.assert_array_equal(out, expected)
    slopes = np.concatenate([x > 0, np.where(x < 0, -1, 0)], axis)
    np.testing.assert_array_equal(concatenated.derivative(x, axis=axis), slopes)
    doubled = concatenated(x, axis=axis, slope=np.full(6, 2.0))
    assert doubled.dtype == np.float64
    np.testing.assert_allclose(doubled, np.concatenate([np.maximum(x, 0), np.maximum(-2.0 * x, 0)], axis))


# --- labelled and lazy arrays -----------------------------------------------------------------------------------------


def test_pandas_rows_are_the_rows_of_a_frame(pooled, concatenated):
    pandas = pytest.importorskip("pandas")
    x = _numbers((3, 4))
    frame = pandas.DataFrame(x, index=list("abc"), columns=list("wxyz"))
    result = nl.softmax(frame)
    assert isinstance(result, pandas.DataFrame)
    assert result.index.equals(frame.index)
    assert result.columns.equals(frame.columns)
    np.testing.assert_array_equal(result, nl.softmax(x))
    np.testing.assert_array_equal(nl.softmax(frame, axis=0), nl.softmax(x, axis=0))
    np.testing.assert_array_equal(nl.softmax.vjp(frame, frame), nl.softmax.vjp(x, x))
    series = pandas.Series([1.0, 2.0, 3.0, 4.0], index=list("abcd"), name="logits")
    assert nl.softmax(series).name == "logits"
    assert nl.softmax(series).index.tolist() == list("abcd")
    for function in (nl.swiglu, pooled, concatenated):
        shorter = function(frame)
        assert shorter.index.equals(frame.index)
        assert shorter.columns.tolist() == list(range(shorter.shape[1]))  # what the labels meant is gone
        np.testing.assert_array_equal(shorter, function(x))
        assert isinstance(function(series), pandas.Series)
    assert nl.swiglu.derivative(frame).columns.equals(frame.columns)


def test_pandas_missing_numbers_are_nan_and_labels_must_agree():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series([1.0, None, 2.0], dtype="Float64")
    assert np.isnan(nl.softmax(series)).all()
    mixed = pandas.DataFrame({"a": pandas.array([1, 2], "Int64"), "b": [0.5, 1.5]})
    np.testing.assert_array_equal(nl.softmax(mixed), nl.softmax(np.array([[1, 0.5], [2, 1.5]])))
    with pytest.raises(TypeError, match="softmax needs real numbers, got an array of object"):
        nl.softmax(pandas.DataFrame({"a": ["x", "y"], "b": [1, 2]}))
    a, b = pandas.Series([1.0, 2.0], index=["a", "b"]), pandas.Series([1.0, 2.0], index=["b", "a"])
    with pytest.raises(nl.InputError, match="different labels"):
        nl.softmax.vjp(a, b)


def test_xarray_keeps_names_and_coordinates(concatenated):
    xarray = pytest.importorskip("xarray")
    x = _numbers((3, 4))
    coordinates = {"row": list("abc"), "column": range(4)}
    data = xarray.DataArray(x, coordinates, ("row", "column"), name="logits", attrs={"unit": "nat"})
    for function in (nl.softmax, nl.gelu):
        result = function(data)
        assert result.dims == data.dims
        assert result.coords.equals(data.coords)
        np.testing.assert_array_equal(result, function(x))
    assert nl.softmax(data).attrs == {"unit": "nat"}
    np.testing.assert_array_equal(nl.softmax(data, axis=0), nl.softmax(x, axis=0))
    np.testing.assert_array_equal(nl.softmax.vjp(data, data.T), nl.softmax.vjp(x, x))  # by name, not by place
    for function in (nl.swiglu, concatenated):
        changed = function(data)
        assert changed.dims == data.dims
        assert list(changed.coords) == ["row"]
        np.testing.assert_array_equal(changed, function(x))
    lazy = nl.softmax(data.chunk({"row": 2, "column": 2}))
    assert lazy.chunks is not None
    np.testing.assert_array_equal(lazy, nl.softmax(x))
    both = nl.gelu.value_and_derivative(data.chunk({"row": 2}))
    np.testing.assert_array_equal(both[1], nl.gelu.derivative(x))


@pytest.mark.parametrize("axis", [0, 1, np.int64(-1)])
def test_dask_rows_may_cross_chunks(axis, pooled, concatenated, sampled):
    dask_array = pytest.importorskip("dask.array")
    x = _numbers((6, 12), np.float32)
    lazy = dask_array.from_array(x, chunks=(2, 5))
    for function in (nl.softmax, nl.swiglu, nl.swiglu.derivative, pooled, concatenated, concatenated.derivative):
        result = function(lazy, axis=axis)
        expected = function(x, axis=axis)
        assert isinstance(result, dask_array.Array)
        assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(result.compute(), expected)
    np.testing.assert_array_equal(nl.softmax.vjp(lazy, x, axis=axis), nl.softmax.vjp(x, x, axis=axis))
    cotangent = pooled(x, axis=axis)
    np.testing.assert_array_equal(pooled.vjp(lazy, cotangent, axis=axis), pooled.vjp(x, cotangent, axis=axis))
    np.testing.assert_array_equal(sampled(lazy, x[0], axis=axis), sampled(x, x[0], axis=axis))


def test_dask_elementwise_functions_can_be_sent_to_other_machines():
    dask_array = pytest.importorskip("dask.array")
    x = _numbers((6, 4))
    lazy = dask_array.from_array(x, chunks=(2, 4))
    slopes = np.array([0.1, 0.2, 0.3, 0.4])
    for result, expected in (
        (nl.silu(lazy), nl.silu(x)),
        (nl.leaky_relu(lazy, negative_slope=slopes), nl.leaky_relu(x, negative_slope=slopes)),
        (nl.leaky_relu.derivative(lazy, negative_slope=0.5), nl.leaky_relu.derivative(x, negative_slope=0.5)),
        (nl.gelu.value_and_derivative(lazy)[1], nl.gelu.derivative(x)),
        (nl.swiglu(lazy, lazy), nl.swiglu(x, x)),
        (nl.softmax(lazy), nl.softmax(x)),
    ):
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(result)).compute(), expected)


@pytest.mark.parametrize("chunks", [(3, 1), (1, 4), (6, 3)])
def test_parameters_that_are_arrays_are_cut_as_a_dask_array_is(chunks):
    dask_array = pytest.importorskip("dask.array")
    xarray = pytest.importorskip("xarray")
    x = _numbers((6, 4))
    lazy = dask_array.from_array(x, chunks=chunks)
    whole = np.random.default_rng(0).uniform(0.1, 0.9, (6, 4))
    for weight in (whole[0], whole[:, :1], whole, whole[0].tolist(), dask_array.from_array(whole, chunks=(4, 2))):
        numbers = np.asarray(weight)
        for result, expected in (
            (nl.prelu(lazy, weight=weight), nl.prelu(x, weight=numbers)),
            (nl.prelu(xarray.DataArray(lazy), weight=weight).data, nl.prelu(x, weight=numbers)),
            (nl.prelu.derivative(lazy, weight=weight), nl.prelu.derivative(x, weight=numbers)),
            (
                nl.prelu.derivative(lazy, with_respect_to="weight", weight=weight),
                nl.prelu.derivative(x, with_respect_to="weight", weight=numbers),
            ),
            (nl.prelu.value_and_derivative(lazy, weight=weight)[1], nl.prelu.derivative(x, weight=numbers)),
            (nl.rrelu(lazy, sample=weight), nl.rrelu(x, sample=numbers)),
        ):
            assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
            np.testing.assert_array_equal(result.compute(), expected)
    wider = nl.prelu(lazy, weight=whole[:, None])
    assert wider.shape == (6, 6, 4)
    np.testing.assert_array_equal(wider.compute(), nl.prelu(x, weight=whole[:, None]))


def test_what_is_wrong_with_a_lazy_array_is_told_before_it_is_computed(pooled):
    dask_array = pytest.importorskip("dask.array")
    lazy = dask_array.ones((4, 3), chunks=2)
    for call, message in (
        (lambda: nl.swiglu(lazy), "even length, got 3"),
        (lambda: nl.softmax(lazy, axis=2), "axis must be between -2 and 1"),
        (lambda: pooled(lazy), "multiple of 2"),
        (lambda: nl.softmax(lazy[lazy > 0]), "compute_chunk_sizes"),
        (lambda: nl.softmax(lazy, out=np.empty((4, 3))), "out="),
        (lambda: nl.prelu(lazy, weight=np.ones(2)), r"must broadcast to one shape, got \(4, 3\) and \(2,\)"),
    ):
        with pytest.raises(nl.InputError, match=message):
            call()


# --- floating-point flags ---------------------------------------------------------------------------------------------

EXTREME = [-np.inf, -1e300, -750.0, -1.0, -1e-320, -0.0, 0.0, 1e-320, 1.0, 750.0, 1e300, np.inf, np.nan]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", nl.activations())
def test_nothing_warns_for_any_input(name, dtype):
    function = nl.get(name)
    with np.errstate(all="ignore"):
        x = np.array([*EXTREME, 2.0, 3.0, 4.0], dtype)  # 16 numbers: one vector and no rest
    sample = (np.full_like(x, 0.5),) * (len(function.inputs) - 1 if function.kind == "row" else 0)
    with np.errstate(all="raise"):
        for part in (x, x[:5], x[::2]):
            parts = (part, *(s[: part.size] for s in sample))
            if function.kind in ("gated", "pooled"):
                parts = (part[: part.size // 2 * 2],)
            value = function(*parts)
            if hasattr(function, "vjp"):
                function.vjp(*parts, value)
            elif function.kind == "elementwise":
                function.value_and_derivative(*parts)
            else:
                function.derivative(*parts)


@given(arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_the_short_way_of_a_plain_array_is_the_ufunc(x):
    for function in (nl.gelu, nl.leaky_relu):
        defaults = [known.default for known in function.parameters.values()]
        np.testing.assert_array_equal(function(x), ufunc(function, "value")(x, *defaults))
