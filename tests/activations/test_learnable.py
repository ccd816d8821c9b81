"""Functions whose shape is learned: their papers' formulas, the fit that pau starts from, and every derivative."""

import numpy as np
import pytest
from scipy.optimize import least_squares

import nonlin as nl
from nonlin.testing import exact_values, ulp_error

INF = np.inf
# Of leaky_relu with slope 0.01, from the implementation by the authors of arXiv:1907.06732; made for their other safe
# form, which takes each |b x^k| by itself.
AUTHORS = {
    "a0": 0.02979246, "a1": 0.61837738, "a2": 2.32335207, "a3": 3.05202660, "a4": 1.48548002, "a5": 0.25103717,
    "b1": 1.14201226, "b2": 4.39322834, "b3": 0.87154450, "b4": 0.34720652,
}  # fmt: skip


def test_dyt_is_a_scaled_and_shifted_tanh(torch):
    x = np.linspace(-9, 9, 181)
    value, derivative = torch(lambda torch, F, x: 1.3 * torch.tanh(0.7 * x) - 0.2, x)
    given = {"alpha": 0.7, "weight": 1.3, "bias": -0.2}
    np.testing.assert_allclose(nl.dyt(x, **given), value, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(nl.dyt.derivative(x, **given), derivative, rtol=1e-10)
    np.testing.assert_array_equal(np.signbit(nl.dyt([-0.0, 0.0])), [True, False])


def test_dyt_at_infinity():
    x = np.array([-INF, INF])
    np.testing.assert_array_equal(nl.dyt(x, weight=2.0, bias=1.0), [-1, 3])
    np.testing.assert_array_equal(nl.dyt(x, alpha=0.0, bias=1.0), [1, 1])
    np.testing.assert_array_equal(nl.dyt(x, alpha=-1.0), [1, -1])
    for parameter, expected in (("alpha", [0, 0]), ("weight", [-1, 1]), ("bias", [1, 1])):
        np.testing.assert_array_equal(nl.dyt.derivative(x, with_respect_to=parameter), expected)


def test_dyt_takes_a_weight_for_each_channel():
    x, weight = np.ones((2, 3)), np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(nl.dyt(x, weight=weight), np.tanh(0.5) * weight * x, rtol=1e-15)


def test_pau_starts_as_the_least_squares_fit_of_leaky_relu():
    """|x| by an even rational function in x^2, to four decimals of every coefficient."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x, root = 1.5 * (nodes + 1), np.sqrt(weights)
    fit = least_squares(
        lambda p: root * ((p[0] + p[1] * x**2 + p[2] * x**4) / (1 + p[3] * x**2 + p[4] * x**4) - x),
        [0.1, 3, 2, 4, 0.3],
        xtol=1e-14,
        ftol=1e-14,
    ).x
    expected = {
        "a0": 0.4 * fit[0],
        "a2": 0.4 * fit[1],
        "a4": 0.4 * fit[2],
        "b2": fit[3],
        "b4": fit[4],
        "b1": 0,
        "b3": 0,
    }
    expected |= {"a1": 0.6, "a3": 0.6 * fit[3], "a5": 0.6 * fit[4]}
    assert {k: p.default for k, p in nl.pau.parameters.items()} == pytest.approx(expected, abs=6e-5)
    both = np.concatenate([-x, x])
    assert np.abs(nl.pau(both) - nl.leaky_relu(both, negative_slope=0.2)).max() < 0.03


def test_pau_with_the_authors_coefficients_is_nearly_leaky_relu():
    x = np.linspace(-3, 3, 601)
    assert np.abs(nl.pau(x, **AUTHORS) - nl.leaky_relu(x)).max() < 0.07


@pytest.mark.parametrize("given", [{}, AUTHORS], ids=["default", "authors"])
def test_pau_agrees_with_polyval_and_keeps_its_slope_far_out(given):
    numbers = {k: given.get(k, p.default) for k, p in nl.pau.parameters.items()}
    a, b = [numbers[f"a{k}"] for k in range(6)], [0.0] + [numbers[f"b{k}"] for k in range(1, 5)]
    x = np.linspace(-20, 20, 801)
    rational = np.polyval(a[::-1], x) / (1 + np.abs(np.polyval(b[::-1], x)))
    np.testing.assert_allclose(nl.pau(x, **given), rational, rtol=1e-11, atol=1e-14)
    far = np.array([-1e308, -1e70, 1e70, 1e308])
    np.testing.assert_allclose(nl.pau(far, **given) / far, a[5] / b[4], rtol=1e-14)
    np.testing.assert_allclose(nl.pau.derivative([-INF, *far, INF], **given), a[5] / b[4], rtol=1e-14)
    np.testing.assert_array_equal(nl.pau([-INF, INF], **given), [-INF, INF])


def test_pau_with_a_denominator_of_one_is_a_polynomial():
    x = np.linspace(-2, 2, 41)
    numbers = {name: float(name == "a2") for name in nl.pau.parameters}
    np.testing.assert_array_equal(nl.pau(x, **numbers), x * x)
    np.testing.assert_array_equal(nl.pau.derivative(x, **numbers), 2 * x)


@pytest.mark.parametrize("parameter", nl.pau.parameters)
@pytest.mark.parametrize("given", [{}, AUTHORS], ids=["default", "authors"])
def test_pau_in_its_coefficients(parameter, given):
    """By five points in 60-digit arithmetic; and far out, where the powers of x overflow, by the formula's own."""
    x, step = np.concatenate([np.linspace(-8, 8, 66), [1e-3, 1.0, -1.0]]), 2.0**-20
    start = {k: given.get(k, p.default) for k, p in nl.pau.parameters.items()}
    at = {
        k: exact_values(nl.pau, "definition", x, parameters={**start, parameter: start[parameter] + k * step})
        for k in (-2, -1, 1, 2)
    }
    expected = ((8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * step)).astype(float)
    np.testing.assert_allclose(
        nl.pau.derivative(x, with_respect_to=parameter, **given), expected, rtol=1e-9, atol=1e-14
    )
    far = np.array([-1e200, -1e60, 1e60, 1e200])
    exact = exact_values(nl.pau, f"derivative_{parameter}", far, parameters=start)
    assert ulp_error(nl.pau.derivative(far, with_respect_to=parameter, **given), exact).max() <= 4


def test_at_the_kinks_of_pau_the_sign_is_zero_as_in_pytorch(torch):
    """d|u|/du is 0 at u = 0 there."""
    given = {**dict.fromkeys(nl.pau.parameters, 0.0), "a0": 1.0, "b1": 1.0}
    derivative = torch(lambda torch, F, x: 1 / (1 + torch.abs(x)), np.array([-1.0, 0.0, 1.0]))[1]
    np.testing.assert_array_equal(nl.pau.derivative([-1.0, 0.0, 1.0], **given), derivative)
