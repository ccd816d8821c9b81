"""Sine, cosine and inverse tangent at 50 digits: near zero, near their zeros, and at arguments of every size."""

import ctypes

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

import nonlin as nl
from nonlin.backends.numpy.coefficients import ARCTAN, PI_HALF, TWO_OVER_PI
from nonlin.backends.numpy.training import activation_kernel
from nonlin.definition import Elementwise, Parameter, primitives
from nonlin.testing import exact_values, representative_points, ulp_error

NAMES = ["sin", "cos", "arctan"]
# Of all doubles this one is nearest to a multiple of pi / 2 (Muller, Elementary Functions, 3rd edition, table 11.1).
WORST = 6381956970095103 * 2.0**797
finite = st.floats(allow_nan=False, allow_infinity=False)


def _points(dtype: str) -> np.ndarray:
    """Inputs of every binade, next to multiples of pi / 4, and where near and far arguments meet."""
    random = np.random.default_rng(3)
    largest = np.log2(float(np.finfo(dtype).max))
    far = 2.0 ** random.uniform(20, largest - 1e-3, 600)
    multiples = np.arange(1, 200) * np.pi / 4
    border = np.nextafter(np.full(3, 2.0**30, dtype), np.array([0, 2.0**30, np.inf], dtype))
    special = [WORST] if dtype == "float64" else [16367173 * 2.0**72]  # the same for float32
    sides = np.concatenate([far, multiples, random.uniform(0, 1e6, 600), border, special])
    return np.concatenate([representative_points(dtype, 1500), sides.astype(dtype), -sides.astype(dtype)])


def _in_training(record: Elementwise, x: np.ndarray) -> np.ndarray:
    """The function in the precision of x, as hidden layers compute it."""
    z, bias, slope = x.copy(), np.full_like(x, -0.0), np.empty_like(x)
    kernel = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 3)(activation_kernel(record, x.dtype))
    kernel(z.ctypes.data, bias.ctypes.data, slope.ctypes.data, 1, x.size, x.size)
    np.testing.assert_array_equal(z, slope)
    return z


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_results_are_rounded_correctly_but_for_a_hair(only, name, dtype):
    x = _points(dtype)
    exact = exact_values(only(name), "definition", x)
    errors = ulp_error(only(name)(x), exact)
    worst = int(np.argmax(errors))
    assert errors[worst] <= 0.501, f"{name}({x[worst]!r}), exactly {mpmath.nstr(exact[worst], 20)}"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_training_loses_a_bit_at_most(only, name, dtype):
    x = _points(dtype)
    assert ulp_error(_in_training(only(name), x), exact_values(only(name), "definition", x)).max() <= 1.5


@pytest.mark.parametrize("name", NAMES)
def test_every_half_precision_number_is_rounded_correctly(only, name):
    x = np.arange(2**16, dtype=np.uint16).view(np.float16)
    x = x[np.isfinite(x)]
    with np.errstate(under="ignore"):
        nearest = getattr(np, name)(x.astype(np.float64)).astype(np.float16)
    np.testing.assert_array_equal(only(name)(x), nearest)


def test_the_low_part_of_a_far_argument_counts():
    """A product of two doubles has 106 digits, all of which matter to its sine."""

    def wave(x, *, frequency=1.0):
        return primitives.sin(frequency * x)

    record = Elementwise(
        wave,
        range=(-1, 1),
        monotone=False,
        smoothness=np.inf,
        limits=(np.nan, np.nan),
        parameters={"frequency": Parameter(1.0)},
    )
    random = np.random.default_rng(4)
    for frequency in (0.3, 1.7e20, 2.9e150):
        x = 2.0 ** random.uniform(-10, 500, 300)
        with mp.workdps(400):
            exact = np.array([mpmath.sin(mpmath.mpf(frequency) * number) for number in x.tolist()])
        assert ulp_error(record(x, frequency=frequency), exact).max() <= 0.501


@given(st.lists(finite, min_size=1, max_size=20))
def test_neighbours_do_not_matter(only, numbers):
    """Far arguments take another way than near ones, also where both lie in one vector."""
    for name in NAMES:
        together = only(name)(np.array(numbers))
        np.testing.assert_array_equal(together, [only(name)(number) for number in numbers])


@given(st.one_of(finite, st.floats(-100, 100)))
def test_symmetry(only, x):
    assert only("sin")(-x) == -only("sin")(x)
    assert only("cos")(-x) == only("cos")(x)
    assert only("arctan")(-x) == -only("arctan")(x)


@given(finite)
def test_pythagoras(only, x):
    assert only("sin")(x) ** 2 + only("cos")(x) ** 2 == pytest.approx(1, rel=4e-16)


@given(st.floats(-1e300, 1e300))
def test_the_tangent_takes_the_inverse_back(only, x):
    angle = only("arctan")(x)
    assert abs(angle) <= np.pi / 2
    with mp.workdps(50):
        assert abs(mpmath.atan(x) - angle) <= abs(mpmath.mpf(np.spacing(angle))) * 0.501


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ends(only, dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    x = np.array([0.0, -0.0, tiny, -tiny, 3 * tiny], dtype)
    for results in (only("sin")(x), only("arctan")(x), _in_training(only("sin"), x)):
        np.testing.assert_array_equal(results, x)
        np.testing.assert_array_equal(np.signbit(results), np.signbit(x))
    np.testing.assert_array_equal(only("cos")(x), 1)
    np.testing.assert_array_equal(_in_training(only("cos"), x), 1)
    ends = np.array([np.inf, -np.inf, np.nan], dtype)
    for name in ("sin", "cos"):
        assert np.isnan(_in_training(only(name), ends)).all()
    right = np.array([np.pi / 2, -np.pi / 2, np.nan], dtype)
    np.testing.assert_array_equal(_in_training(only("arctan"), ends), right)
    np.testing.assert_array_equal(nl.get("arctan")(ends), right)


def test_the_digits_of_two_over_pi():
    with mp.workprec(1500):
        assert int(mpmath.floor(2 / mp.pi * mpmath.mpf(2) ** 1216)) == TWO_OVER_PI * 2**1216
        assert abs(mpmath.mpf(PI_HALF.numerator) / PI_HALF.denominator - mp.pi / 2) < mpmath.mpf(2) ** -1200


@pytest.mark.parametrize("bits", ARCTAN)
def test_arctan_polynomials_are_what_they_claim(bits):
    """T + t**3 times the polynomial in t**2, summed in 60 digits, against mpmath."""
    with mp.workdps(60):
        for k in range(1, 100):
            t = mpmath.tan(mp.pi / 8) * k / 99
            total = t + t**3 * sum(mpmath.mpf(c) * t ** (2 * i) for i, c in enumerate(ARCTAN[bits]))
            assert abs(total / mpmath.atan(t) - 1) < mpmath.mpf(2) ** -min(bits + 3, 70)
