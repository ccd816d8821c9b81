"""The fast form of float32 loops keeps its promise for users' own formulas too: 1 ULP, wherever it is used."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nonlin as nl
from nonlin.backends.numpy.fast_forms import FastForm, has_fast_form
from nonlin.backends.numpy.fast_range import near
from nonlin.backends.numpy.ufunc_loops import LEAST, LEAST_INPUT
from nonlin.backends.numpy.ufuncs import _compiled, _made
from nonlin.definition import Elementwise, Parameter
from nonlin.definition.expression import symbol
from nonlin.primitives import exp, maximum, minimum, sin, sqrt, where
from nonlin.testing import exact_values, ulp_error

ELEMENTWISE = [nl.get(name) for name in nl.activations() if nl.get(name).kind == "elementwise"]
SPECIAL = np.array([-0.0, 0.0, np.inf, -np.inf, np.nan], np.float32)


def define(formula, slope, **facts):
    """An activation of one's own that is not registered."""
    facts = {"range": (-math.inf, math.inf), "monotone": False, "smoothness": math.inf} | facts
    record = Elementwise(formula, **facts)
    record.derivative(slope)
    return record


def with_a_root():
    """It is 0 at 1.25 and at -2, and near to them only what rounding left behind."""

    def shifted(x):
        return (x * x + 0.75 * x - 2.5) / (1 + exp(-x))

    def slope(x):
        s = 1 / (1 + exp(-x))
        return (2 * x + 0.75) * s + (x * x + 0.75 * x - 2.5) * s * (1 - s)

    return define(shifted, slope)


def that_overflows():
    """Its numerator and its denominator are infinite beyond 44 in single precision, the quotient is not."""

    def quotient(x):
        y = minimum(2 * x, 600)
        return exp(y) / (1 + exp(y))

    def slope(x):
        y = minimum(2 * x, 300)
        return 2 * exp(y) / (1 + exp(y)) ** 2

    return define(quotient, slope)


def with_parameters():
    def bent(x, *, height=2.0, width=0.5):
        return height * x / sqrt(width + x * x)

    def slope(x, *, height=2.0, width=0.5):
        root = sqrt(width + x * x)
        return height * (width / (width + x * x)) / root

    known = {"height": Parameter(2.0, text="the limit"), "width": Parameter(0.5, above=0, text="how steep")}
    return define(bent, slope, parameters=known, limits=None)


def of_pieces():
    def pieces(x):
        return where(x < -1, -0.25, where(x > 1, x * x, maximum(x, -0.5)))

    return define(pieces, lambda x: where(x > 1, 2 * x, where(x > -0.5, 1, 0)), smoothness=-1, kinks=(-1, -0.5, 1))


OWN = {f.__name__: f for f in (with_a_root, that_overflows, with_parameters, of_pieces)}
own = pytest.mark.parametrize("name", OWN)
_records = {}


def record_of(name):
    return _records.setdefault(name, OWN[name]())


def points(seed, count=4000):
    """Floats of all sizes, most of them usual, in no order: fast and exact elements are neighbours."""
    random = np.random.default_rng(seed)
    usual = random.normal(0, 3, count)
    any_size = 2.0 ** random.uniform(-149, 127, count // 4) * random.choice([-1, 1], count // 4)
    far = random.uniform(-200, 200, count // 4)
    return random.permutation(np.concatenate([usual, any_size, far, np.repeat(SPECIAL, 3)])).astype(np.float32)


def assert_same(got, expected):
    """Bit for bit, but any NaN is as good as another."""
    np.testing.assert_array_equal(got, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(expected[number]))


def assert_within_an_ulp(got, exact, x):
    finite = np.isfinite(exact)
    errors = ulp_error(got[finite], exact[finite])
    assert errors.max() <= 1, (x[finite][np.argmax(errors)], errors.max())
    np.testing.assert_array_equal(got[~finite], exact[~finite].astype(np.float32))
    assert not np.isnan(exact[np.isfinite(x)]).any()
    np.testing.assert_array_equal(np.signbit(got[x == 0]), np.signbit(exact[x == 0]))


@own
def test_the_judge_is_right(name):
    """The float64 results that float32 ones are held to are near to those of 50 digits."""
    record, x = record_of(name), points(1, 60)
    x = x[np.isfinite(x)].astype(float)
    exact = exact_values(record, "definition", x)
    for number, truth in zip(record(x), exact, strict=True):
        assert abs(number - truth) <= 2.0**-45 * abs(truth) + 2.0**-1060


@own
@pytest.mark.parametrize("part", ["value", "derivative"])
def test_functions_of_ones_own_are_within_one_ulp(name, part):
    record = record_of(name)
    compute = record if part == "value" else record.derivative
    x = points(2)
    assert_within_an_ulp(compute(x), compute(x.astype(float)), x)


def test_beside_roots():
    record = record_of("with_a_root")
    root = np.array([1.25, -2.0])
    assert record(root).tolist() == [0, 0]
    steps = np.concatenate([s * 2.0 ** np.arange(-24, 0, 0.05) for s in (-1, 1)])
    x = (root[:, np.newaxis] * (1 + steps)).ravel().astype(np.float32)
    assert_within_an_ulp(record(x), record(x.astype(float)), x)


@pytest.mark.parametrize("scale", [1, 1e-3, 0.3, 20, 1e4, 1e30])
def test_parameters_near_and_far_from_the_defaults(scale):
    record, x = record_of("with_parameters"), points(3)
    x = np.clip(x, -1e3, 1e3)  # farther out the sum under the root drowns its parameter, whatever it is
    given = {"height": 2.0 * scale, "width": 0.5 * scale}
    assert_within_an_ulp(record(x, **given), record(x.astype(float), **given), x)
    heights = np.linspace(-3 * scale, 3 * scale, x.size)  # another one for each element
    got = record(x, height=heights, width=0.5, dtype=np.float32)
    assert_within_an_ulp(got, record(x.astype(float), height=heights, width=0.5), x)


@settings(deadline=None)
@given(st.floats(0, 1e3), st.integers(0, 100))
def test_any_slope_of_a_leaky_rectifier(slope, seed):
    x = points(seed, 200)
    got = nl.leaky_relu(x, negative_slope=slope)
    assert_within_an_ulp(got, nl.leaky_relu(x.astype(float), negative_slope=slope), x)


@pytest.mark.parametrize("record", ELEMENTWISE, ids=lambda record: record.name)
def test_value_and_derivative_are_the_two_functions_bit_for_bit(record):
    x = points(4, 3000)
    for got, expected in zip(record.value_and_derivative(x), (record(x), record.derivative(x)), strict=True):
        # Where the second float of a result would be subnormal, tanhshrink's last bit is seen to differ.
        tiny = (np.abs(expected) < 2.0**-100) & (expected != 0)
        assert_same(got[~tiny], expected[~tiny])
        assert (np.abs(got[tiny] - expected[tiny]) <= np.spacing(np.abs(expected[tiny]))).all()


@own
def test_own_value_and_derivative_are_the_two_functions_bit_for_bit(name):
    test_value_and_derivative_are_the_two_functions_bit_for_bit(record_of(name))


@pytest.mark.parametrize("record", ELEMENTWISE, ids=lambda record: record.name)
def test_signs_of_zero_infinities_and_nan_are_those_of_float64(record):
    for compute in (record, record.derivative):
        for count in (1, 7, 40):  # one by one through a buffer, and many at a time
            x = np.repeat(SPECIAL, count)
            assert_same(compute(x), compute(x.astype(float)).astype(np.float32))


def test_a_nan_leaves_its_neighbours_alone():
    record, x = record_of("with_a_root"), np.linspace(-3, 3, 64, dtype=np.float32)
    expected = record(x)
    for place in range(64):
        changed = x.copy()
        changed[place] = (np.nan, np.inf, 1e30)[place % 3]
        got = record(changed)
        np.testing.assert_array_equal(np.delete(got, place), np.delete(expected, place))


@pytest.mark.parametrize("number", [1e100, 1e300, 1e-100, 1e-300, 1e-40, 3.5e38, 1e39])
def test_numbers_that_no_float_holds(number):
    """No warning from NumPy when they are compiled, and the right results."""

    def there_and_back(x):
        return x / number * number + 1 / (1 + number)

    record = define(there_and_back, lambda x: 1 + 0 * x)
    assert not has_fast_form(FastForm(symbol("x") * number))
    x = np.linspace(-3, 3, 50, dtype=np.float32)
    exact = x.astype(float) + 1 / (1 + number)
    np.testing.assert_allclose(record(x), exact, rtol=1.2e-7)


def test_what_has_a_fast_form():
    x = symbol("x")
    assert has_fast_form(FastForm(where(x < 0, exp(x), sqrt(x))))
    assert has_fast_form(FastForm(maximum(x, -math.inf)))
    assert not has_fast_form(FastForm(sin(x)))  # its far arguments need all digits of pi


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Parameter(0.01), (0, 1)),
        (Parameter(1.0, low=0.5), (0.5, 8)),
        (Parameter(1.0, above=0), (0.125, 8)),
        (Parameter(0.0), (-8, 8)),
        (Parameter(-0.5, high=-0.25), (-4, -0.25)),
        (Parameter(20.0, high=50.0), (0, 50)),
    ],
)
def test_usual_parameters(known, expected):
    assert near(known) == expected


def test_a_fast_form_that_is_never_right_is_not_used():
    """Of x beside 4096 exp(x) two floats keep too few digits; they are all that is left of the difference."""

    def cancelling(x):
        big = exp(x) * 4096
        return (big + x) - big

    record = define(cancelling, lambda x: 1 + 0 * x)
    x = np.random.default_rng(5).normal(0, 3, 3000).astype(np.float32)
    assert has_fast_form(FastForm(cancelling(symbol("x"))))
    assert ulp_error(record(x), record(x.astype(float))).max() <= 1


def beside(*numbers):
    """Some numbers with the floats before and after them, of both signs."""
    known = np.array(numbers, np.float32)
    near = np.concatenate([known, *(np.nextafter(known, np.float32(end)) for end in (-np.inf, np.inf))])
    return np.unique(np.concatenate([near, -near]))


def layouts(number, usual):
    """Arrays with a number among usual ones, or alone, and where it is."""
    places = np.array([7, 1500, 4095])
    among = usual.copy()
    among[places] = number
    everywhere = np.arange(4096)
    return [
        (among, places),
        (np.full(4096, number), everywhere),
        (np.repeat(among, 2)[::2], places),
        (among[::-1], 4095 - places),
        (np.array([number]), np.array([0])),
    ]


def assert_it_is_the_same_everywhere(compute, numbers, usual):
    for number in numbers:
        alone = compute(np.array([number]))
        for x, places in layouts(number, usual):
            assert_same(compute(x)[places], np.broadcast_to(alone, places.shape))


@pytest.mark.parametrize("part", ["value", "derivative"])
@pytest.mark.parametrize("name", ["silu", "gelu", "tanh", "softplus", "leaky_relu", "squareplus", *OWN])
def test_an_element_at_an_edge_gets_the_same_bits_wherever_it_lies(name, part):
    """Contiguous blocks and single elements are judged by different code."""
    record = record_of(name) if name in OWN else nl.get(name)
    bound = _made(record, part).facts[0]
    ends = [bound] if 0 < bound < math.inf else []
    numbers = np.append(beside(0, 2.0**-149, LEAST_INPUT, *ends), SPECIAL)
    usual = np.random.default_rng(6).uniform(-2, 2, 4096).astype(np.float32)
    assert_it_is_the_same_everywhere(record if part == "value" else record.derivative, numbers, usual)


@pytest.fixture(scope="module")
def one_or_two():
    """A function of x and a parameter that is 1 in its exact form and 2 in its fast one, and its facts."""

    def answer(number):
        def always(x, *, p=1.0):
            return where(abs(x) < 0, x * p, number)  # NaN stays

        return Elementwise(always, range=(number, number), parameters={"p": Parameter(1.0)})

    made = _compiled(answer(1), "value", _made(answer(2), "value").forms)
    return made.function, made.facts


@pytest.mark.parametrize("bound", [4.0, 5.7, 64.0])
def test_inputs_up_to_the_bound_that_are_not_tiny_take_the_fast_form(one_or_two, bound):
    function, facts = one_or_two
    facts[:] = [bound, 0.5, 2]
    usual = np.random.default_rng(7).uniform(0.1, 4, 4096).astype(np.float32)
    for number in np.append(beside(0, 2.0**-149, LEAST_INPUT, bound), SPECIAL[:-1]):
        size = abs(number)
        fast = size <= np.float32(bound) and (size >= LEAST_INPUT or size == 0)
        for x, places in layouts(number, usual):
            np.testing.assert_array_equal(function(x, 1.0)[places], 2 if fast else 1, err_msg=f"{number!r}")
            assert (np.delete(function(x, 1.0), places) == 2).all()


def test_parameters_between_their_ends_that_are_not_tiny_take_the_fast_form(one_or_two):
    function, facts = one_or_two
    facts[:] = [4, -0.5, 2]
    x = np.linspace(-4, 4, 4096, dtype=np.float32)
    ends = np.array([0, -0.5, 2, LEAST, -LEAST, 5e-324, 1])
    for p in np.concatenate([ends, np.nextafter(ends, -np.inf), np.nextafter(ends, np.inf)]):
        fast = -0.5 <= p <= 2 and (abs(p) >= LEAST or p == 0)
        for part in (x, x[::2], x[:1]):
            for number in (p, np.full(part.shape, p)):
                np.testing.assert_array_equal(function(part, number), 2 if fast else 1, err_msg=f"{p!r}")
