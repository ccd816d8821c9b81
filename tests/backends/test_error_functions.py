"""The error function and its complements at 50 digits, at arguments of every size."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from scipy import special

from nonlin.backends.numpy.coefficients import ERFCX, ERFCX_TRAINING
from nonlin.testing import exact_values, representative_points, ulp_error

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erf_is_rounded_correctly_but_for_a_hair(only, dtype):
    random = np.random.default_rng(5)
    beside_half = np.nextafter(np.array([0.5, -0.5], dtype), np.array([0, 0], dtype))
    x = np.concatenate([representative_points(dtype, 1500), random.uniform(-6, 6, 1500).astype(dtype), beside_half])
    exact = exact_values(only("erf"), "definition", x)
    errors = ulp_error(only("erf")(x), exact)
    worst = int(np.argmax(errors))
    hair = 0.2 if dtype == "float32" else 0.005  # the form chosen for speed
    assert errors[worst] <= 0.5 + hair, f"erf({x[worst]!r}), exactly {mpmath.nstr(exact[worst], 20)}"


def test_erf_of_every_half_precision_number_is_rounded_correctly(only):
    x = np.arange(2**16, dtype=np.uint16).view(np.float16)
    x = x[np.isfinite(x)]
    np.testing.assert_array_equal(only("erf")(x), special.erf(x.astype(np.float64)).astype(np.float16))


@given(finite)
def test_erf_is_odd_and_bounded_and_keeps_the_sign_of_zero(only, x):
    value = only("erf")(x)
    assert only("erf")(-x) == -value
    assert abs(value) <= 1
    assert np.signbit(value) == np.signbit(x)


@given(st.floats(-30, 30))
def test_the_complement_is_what_is_missing_from_one(only, x):
    assert only("erf")(x) + only("erfc")(x) == pytest.approx(1, abs=2.3e-16)


@given(st.floats(0, 26))
def test_the_scaled_complement_is_scaled_by_a_gaussian(only, x):
    with mp.workdps(40):
        expected = only("erfc")(x) * mpmath.exp(mpmath.mpf(x) ** 2)
        assert abs(expected / only("erfcx")(x) - 1) < 2.3e-16


def test_ends(only):
    ends = np.array([-np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(only("erf")(ends), [-1, 1, np.nan])
    np.testing.assert_array_equal(only("erfc")(ends), [2, 0, np.nan])
    assert np.isnan(only("erfcx")(-1.0))  # only defined for x >= 0


@pytest.mark.parametrize("bits", ERFCX)
def test_erfcx_polynomials_are_what_they_claim(bits):
    """The polynomial in q = (t - 4) / (t + 4) over 1 + 2 t, summed in 60 digits, against mpmath."""
    with mp.workdps(60):
        for k in range(-40, 40):
            q = mpmath.mpf(k) / 41
            t = 4 * (1 + q) / (1 - q)
            total = sum(mpmath.mpf(c) * q**i for i, c in enumerate(ERFCX[bits]))
            expected = (1 + 2 * t) * mpmath.exp(t * t) * mpmath.erfc(t)
            assert abs(total / expected - 1) < mpmath.mpf(2) ** -min(bits + 5, 66)


@pytest.mark.parametrize("bits", ERFCX_TRAINING)
def test_erfcx_polynomials_for_training_are_what_they_claim(bits):
    """The polynomial in q = (t - 3) / (t + 3) over t + 3, summed in 60 digits, against mpmath."""
    with mp.workdps(60):
        for k in range(-40, 40):
            q = mpmath.mpf(k) / 41
            t = 3 * (1 + q) / (1 - q)
            total = sum(mpmath.mpf(c) * q**i for i, c in enumerate(ERFCX_TRAINING[bits]))
            expected = (t + 3) * mpmath.exp(t * t) * mpmath.erfc(t)
            assert abs(total / expected - 1) < mpmath.mpf(2) ** -(bits + 2)
