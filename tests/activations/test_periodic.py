"""Functions with a sine: NumPy's values, far arguments, infinities, and snake's frequency."""

import mpmath
import numpy as np
import pytest

import nonlin as nl
from nonlin.testing import exact_values, representative_points

INF, NAN = np.inf, np.nan


def test_sine_is_numpys():
    x = np.linspace(-30, 30, 601)
    np.testing.assert_allclose(nl.sin(x), np.sin(x), rtol=1e-15, atol=1e-16)
    np.testing.assert_allclose(nl.sin.derivative(x), np.cos(x), rtol=1e-15, atol=1e-16)
    assert list(np.signbit(nl.sin([-0.0, 0.0]))) == [True, False]


@pytest.mark.parametrize("x", [1e5, 1e22, -1.7e308])
def test_far_arguments_are_reduced_exactly(x):
    with mpmath.workdps(400):
        expected = float(mpmath.sin(mpmath.mpf(x))), float(mpmath.cos(mpmath.mpf(x)))
    assert (nl.sin(x), nl.sin.derivative(x)) == pytest.approx(expected, rel=1e-15)
    assert nl.snake.derivative(x) == pytest.approx((expected[0] + expected[1]) ** 2, rel=1e-14)


def test_at_infinity_there_is_no_sine():
    np.testing.assert_array_equal(nl.sin([-INF, INF]), [NAN, NAN])
    np.testing.assert_array_equal(nl.sin.derivative([-INF, INF]), [NAN, NAN])
    np.testing.assert_array_equal(nl.snake([-INF, INF]), [-INF, INF])
    np.testing.assert_array_equal(nl.snake.derivative([-INF, INF]), [NAN, NAN])


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_snake_is_the_line_and_the_sine_of_its_paper(torch, alpha):
    """Equation 3 of Ziyin et al. 2020: also x - cos(2 alpha x) / (2 alpha) + 1 / (2 alpha)."""
    x = np.linspace(-9, 9, 181)
    value, derivative = torch(lambda torch, F, x: x + torch.sin(alpha * x) ** 2 / alpha, x)
    np.testing.assert_allclose(nl.snake(x, alpha=alpha), value, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(nl.snake.derivative(x, alpha=alpha), derivative, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(nl.snake(x, alpha=alpha), x + (1 - np.cos(2 * alpha * x)) / (2 * alpha), atol=1e-13)


def test_snake_never_falls_and_keeps_the_touch_of_zero():
    """1 + sin(2 x) computed as that is 0 or 1e-16 near -pi / 4, where the exact number is a square."""
    x = np.float32(-np.pi / 4)
    exact = exact_values(nl.snake, "derivative", x).item()
    assert nl.snake.derivative(x) == pytest.approx(float(exact), rel=1e-6)
    assert (nl.snake.derivative(np.linspace(-20, 20, 4001)) >= 0).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("alpha", [0.01, 3.0, 1e300])
def test_snake_has_no_nan_for_numbers_even_where_its_phase_overflows(alpha, dtype):
    x = representative_points(dtype, 2000)
    assert not np.isnan(nl.snake(x, alpha=alpha)).any()
    assert (nl.snake.derivative(x, alpha=alpha) >= 0).all()
    assert not np.isnan(nl.snake.derivative(x, with_respect_to="alpha", alpha=alpha)).any()
    for given in ({}, {"with_respect_to": "alpha"}):
        assert np.isnan(nl.snake.derivative(np.array([np.nan], dtype), alpha=alpha, **given)).all()


@pytest.mark.parametrize(("dtype", "far", "rel"), [("float32", 2.0**24, 1e-6), ("float64", 1e22, 1e-14)])
def test_snakes_phase_is_exact_out_to_where_floats_are_periods_apart(dtype, far, rel):
    x = np.random.default_rng(5).uniform(-far, far, 60).astype(dtype)
    with mpmath.workdps(60):
        phases = [mpmath.mpf(1 / 30) * mpmath.mpf(float(number)) for number in x]
        expected = [float(1 + mpmath.sin(2 * phase)) for phase in phases]
    np.testing.assert_allclose(nl.snake.derivative(x, alpha=1 / 30), expected, rtol=rel)


def test_snake_far_out_and_near_zero():
    np.testing.assert_array_equal(nl.snake([-1.7e308, 1.7e308], alpha=3.0), [-1.7e308, 1.7e308])
    x = np.array([-0.0, 0.0, -5e-324, 1e-310])
    np.testing.assert_array_equal(nl.snake(x), x)
    np.testing.assert_array_equal(np.signbit(nl.snake(x)), np.signbit(x))


@pytest.mark.parametrize("alpha", [0.3, 2.0])
def test_snake_in_its_frequency_by_differences(alpha):
    """Five points in 60-digit arithmetic; their error is of the fourth order in 2^-20."""
    x, step = np.linspace(-6, 6, 49), 2.0**-20
    at = {k: exact_values(nl.snake, "definition", x, parameters={"alpha": alpha + k * step}) for k in (-2, -1, 1, 2)}
    expected = ((8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step)).astype(float)
    got = nl.snake.derivative(x, with_respect_to="alpha", alpha=alpha)
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-18)


def test_a_frequency_that_makes_no_function_is_refused():
    with pytest.raises(nl.InputError, match="alpha must be larger than 0, got 0"):
        nl.snake(1.0, alpha=0)
