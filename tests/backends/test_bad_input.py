"""Bad input to any function is refused in one sentence that names the argument, its value and the mend."""

import math
import warnings

import numpy as np
import pytest

import nonlin as nl
from nonlin.primitives import exp, maximum, row_max, row_sum, where

ALL = [nl.get(name) for name in nl.activations()]
PARAMETRISED = [(f, name) for f in ALL for name in f.parameters]
ALONG_AN_AXIS = [f for f in ALL if f.kind != "elementwise"]


@pytest.fixture(autouse=True)
def nothing_warns():
    """A refusal comes alone, without a storm of warnings."""
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        yield


def _refused(call, error=(TypeError, nl.InputError)):
    """The one sentence with which a call is refused."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert 20 < len(message) < 250
    assert type(caught.value) in (TypeError, nl.InputError)
    return message


def _input(function, x):
    """The arguments of a call: x, and for a random function a sample of its shape."""
    random = function.kind in ("row", "pooled") and len(function.inputs) > 1
    return (x, np.full(np.shape(x), 0.5)) if random else (x,)


def _id(value):
    return getattr(value, "name", None) or str(value)


NO_NUMBERS = {
    "complex": (np.array([1j, 2.0]), "got an array of complex128; take its .real part"),
    "object": (np.array([1.0, None]), "got an array of object; convert it with .astype(float)"),
    "text": (np.array(["a", "b"]), "got an array of <U1; convert it with .astype(float)"),
    "bytes": (np.array([b"a", b"b"]), "got an array of |S1"),
    "date": (np.array(["2020-01-01"] * 2, "M8[D]"), "got an array of datetime64[D]; subtract a date"),
    "duration": (np.array([1, 2], "m8[s]"), "got an array of timedelta64[s]; divide it by a unit"),
    "structure": (np.zeros(2, [("a", float)]), "got an array of [('a', '<f8')]"),
    "none": (None, "got None; give an array of numbers"),
    "word": ("relu", "got 'relu'; give an array of numbers"),
    "dictionary": ({"a": 1}, "got {'a': 1}; give an array of numbers"),
    "missing": ([1.0, None], "got [1.0, None]; give an array of numbers"),
    "ragged": ([[1.0, 2.0], [3.0]], "got lists of different lengths: [[1.0, 2.0], [3.0]]; make them equally long"),
    "too large": ([10**400, 1], "give an array of numbers"),
}


@pytest.mark.parametrize("case", NO_NUMBERS)
@pytest.mark.parametrize("function", ALL, ids=_id)
def test_what_is_no_array_of_real_numbers_is_refused(function, case):
    x, message = NO_NUMBERS[case]
    others = (np.full(2, 0.5),) * (len(_input(function, np.ones(2))) - 1)
    told = _refused(lambda: function(x, *others))
    assert message in told
    assert told.startswith(function.name)
    if function.kind == "elementwise":
        assert message in _refused(lambda: function.derivative(x))
        assert message in _refused(lambda: function.value_and_derivative(x))


@pytest.mark.skipif(np.dtype(np.longdouble) == np.dtype(float), reason="long double is double here")
@pytest.mark.parametrize("function", [nl.relu, nl.leaky_relu, nl.softmax, nl.swiglu], ids=_id)
def test_long_doubles_are_not_rounded_silently(function):
    assert "float128; convert it with .astype(float)" in _refused(lambda: function(np.ones(2, np.longdouble)))


def _outside(known):
    """Values that a parameter must not have."""
    values = [math.nan, math.inf, -math.inf]
    values += [known.low - 1, math.nextafter(known.low, -math.inf)] if math.isfinite(known.low) else []
    values += [known.high + 1] if math.isfinite(known.high) else []
    values += [known.above, known.above - 1] if math.isfinite(known.above) else []
    return list(map(float, values))


@pytest.mark.parametrize(("function", "name"), PARAMETRISED, ids=_id)
def test_parameters_outside_their_range_are_refused_alone_and_in_arrays(function, name):
    known, x = function.parameters[name], np.ones((2, 2))
    for wrong in _outside(known):
        for given in (wrong, np.float32(wrong) if np.isnan(wrong) else np.float64(wrong), np.array(wrong)):
            told = _refused(lambda given=given: function(*_input(function, x), **{name: given}), nl.InputError)
            assert name in told
            assert f"must be {known.interval}, got " in told
            assert f"{float(wrong)!r}" in told
        if function.kind in ("elementwise", "gated", "concatenated"):
            several = np.array([known.default, wrong])[: 1 if function.kind == "gated" else 2]
            several = several if function.kind != "gated" else np.array([wrong])
            told = _refused(lambda several=several: function(x, **{name: several}), nl.InputError)
            assert f"got {float(wrong)!r} at position {several.size - 1}" in told


@pytest.mark.parametrize(("function", "name"), PARAMETRISED, ids=_id)
@pytest.mark.parametrize("wrong", ["0.2", None, 1j, [[1.0], [1.0, 2.0]], np.array([None]), {}], ids=str)
def test_parameters_that_are_no_numbers_are_refused(function, name, wrong):
    told = _refused(lambda: function(*_input(function, np.ones(2)), **{name: wrong}), nl.InputError)
    assert f"{name} of {function.name} must be a number" in told


@pytest.mark.parametrize("function", ALL, ids=_id)
def test_unknown_parameters_get_the_nearest_one(function):
    told = _refused(lambda: function(*_input(function, np.ones(2)), no_such_parameter=1.0), nl.InputError)
    assert f"{function.name} has no parameter 'no_such_parameter'" in told
    for name in function.parameters:
        told = _refused(lambda name=name: function(*_input(function, np.ones(2)), **{f"{name}s": 1.0}))
        assert "did you mean" in told


def test_the_first_wrong_entry_is_named():
    slopes = np.array([[0.1, 0.2], [np.nan, np.inf]])
    assert "got nan at position 1, 0" in _refused(lambda: nl.leaky_relu(np.ones((2, 2)), negative_slope=slopes))
    masked = np.ma.masked_array([0.1, 0.2], [True, False])
    assert "masked" in _refused(lambda: nl.leaky_relu(np.ones(2), negative_slope=masked))


def test_parameters_that_do_not_broadcast_are_refused():
    told = _refused(lambda: nl.leaky_relu(np.ones(3), negative_slope=np.ones(2)), nl.InputError)
    assert "must broadcast to one shape, got (3,) and (2,)" in told


@pytest.mark.parametrize("function", ALL, ids=_id)
def test_an_output_that_cannot_take_the_result_is_refused(function):
    given = _input(function, np.ones((2, 6)))
    shape = function(*given).shape
    read_only = np.empty(shape)
    read_only.flags.writeable = False
    for out, message in (
        (np.empty((3, 7)), f"must have the result's shape {shape}, got (3, 7)"),
        (np.empty(shape, int), "must hold floating-point numbers, got an array of int64"),
        (read_only, "must be writeable"),
        (np.empty(shape).tolist(), "must be a NumPy array to write to, got [["),
        ("here", "must be a NumPy array to write to, got 'here'"),
    ):
        told = _refused(lambda out=out: function(*given, out=out))
        assert f"out of {function.name} {message}" in told


def test_ufunc_options_are_told_in_our_words():
    x = np.ones(2)
    for function in (nl.relu, nl.leaky_relu):
        assert "dtype of" in _refused(lambda f=function: f(x, dtype=int))
        assert "dtype of" in _refused(lambda f=function: f(x, dtype="float17"))
        assert "casting must be one of" in _refused(lambda f=function: f(x, casting="loose"))
        assert "'out' tuple" in _refused(lambda f=function: f(x, out=(np.empty(2), np.empty(2))))


@pytest.mark.parametrize("function", ALONG_AN_AXIS, ids=_id)
def test_an_axis_that_is_none_is_refused(function):
    given = _input(function, np.ones((2, 6)))
    for axis, message in (
        (2, "axis must be between -2 and 1 for an array of shape (2, 6), got 2"),
        (-3, "axis must be between -2 and 1"),
        (1.0, "axis must be a whole number, got 1.0"),
        (None, "axis must be a whole number, got None"),
        ("rows", "axis must be a whole number, got 'rows'"),
        ((0, 1), "axis must be a whole number, got (0, 1)"),
    ):
        assert message in _refused(lambda axis=axis: function(*given, axis=axis), nl.InputError)
    assert "at least one axis" in _refused(lambda: function(*_input(function, np.float64(1.0))), nl.InputError)


@pytest.mark.parametrize("function", [f for f in ALL if f.kind == "gated"], ids=_id)
def test_an_odd_number_of_entries_has_no_halves(function):
    for call in (function, function.derivative):
        told = _refused(lambda call=call: call(np.ones((2, 3))), nl.InputError)
        assert "splits axis 1 in two, which needs an even length, got 3" in told
        assert "axis 0" in _refused(lambda call=call: call(np.ones((3, 2)), axis=0), nl.InputError)
    told = _refused(lambda: function(np.ones(2), np.ones(3)), nl.InputError)
    assert "must broadcast to one shape, got (2,) and (3,)" in told
    assert "got an array of complex128" in _refused(lambda: function(np.ones(2), np.ones(2, complex)))


@pytest.mark.parametrize("function", [f for f in ALL if f.kind == "pooled"], ids=_id)
def test_groups_must_fill_the_axis(function):
    assert "multiple of 4 entries, got 6" in _refused(lambda: function(np.ones(6), pieces=4), nl.InputError)
    for pieces in (0, -1, 1.5, "2", None):
        told = _refused(lambda pieces=pieces: function(np.ones(6), pieces=pieces), nl.InputError)
        assert "must be a whole number of at least 1, got" in told
    assert "cotangent of the shape (3,)" in _refused(lambda: function.vjp(np.ones(6), np.ones(6)), nl.InputError)


@pytest.mark.parametrize("function", [f for f in ALL if f.kind == "row"], ids=_id)
def test_a_cotangent_has_the_shape_of_the_result(function):
    given = _input(function, np.ones((2, 3)))
    for shape in ((3,), (2, 1), (3, 2)):
        told = _refused(lambda shape=shape: function.vjp(*given, np.ones(shape)), nl.InputError)
        assert f"cotangent of the shape (2, 3) of the result, got {shape}" in told
    assert "needs real numbers, got None" in _refused(lambda: function.vjp(*given, None))


@pytest.mark.parametrize("function", ALONG_AN_AXIS, ids=_id)
def test_masked_arrays_would_lose_their_mask(function):
    masked = np.ma.masked_array(np.ones(6), [True] + [False] * 5)
    assert "fill it with .filled() first" in _refused(lambda: function(*_input(function, masked)), nl.InputError)


def test_kinds_that_the_library_may_lack_refuse_the_same():
    @nl.activation(kind=nl.Row, parameters={"temperature": nl.Parameter(1.0, above=0)})
    def noisy(x, sample, *, temperature=1.0):
        return exp((x + sample) / temperature) / row_sum(exp((x + sample) / temperature))

    @nl.activation(kind=nl.Pooled)
    def largest(x):
        return row_max(x)

    @nl.activation(kind=nl.Concatenated)
    def both(x):
        return maximum(x, 0), where(x < 0, -x, 0)

    x = np.ones((2, 6))
    assert "sample of noisy must broadcast to the shape (2, 6) of x, got (5,)" in _refused(lambda: noisy(x, np.ones(5)))
    assert "noisy takes x, sample here, got 1" in _refused(lambda: noisy(x))
    told = _refused(lambda: noisy(x, x, temperature=0))
    assert "temperature must be larger than 0, got 0" in told
    assert "must be a single number, got an array of shape (6,)" in _refused(
        lambda: noisy(x, x, temperature=np.ones(6))
    )
    assert "pools groups of 4" in _refused(lambda: largest(x, pieces=4))
    assert "must have the result's shape (2, 12)" in _refused(lambda: both(x, out=np.empty((2, 6))))
    assert "got an array of complex128" in _refused(lambda: both(np.ones(2, complex)))
