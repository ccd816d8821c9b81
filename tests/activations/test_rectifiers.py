"""The relu and its relatives: PyTorch's and ONNX' values, their kinks, and parameters that are arrays."""

import numpy as np
import pytest

import nonlin as nl
from nonlin.facts.gain import normal_expectation

INF = np.inf


@pytest.mark.parametrize(
    ("name", "parameters", "formula"),
    [
        ("relu", {}, lambda torch, F, x: F.relu(x)),
        ("relu6", {}, lambda torch, F, x: F.relu6(x)),
        ("leaky_relu", {"negative_slope": 0.2}, lambda torch, F, x: F.leaky_relu(x, 0.2)),
        ("prelu", {"weight": 0.3}, lambda torch, F, x: F.prelu(x, torch.tensor(0.3, dtype=x.dtype))),
        ("rrelu", {}, lambda torch, F, x: F.rrelu(x)),
        ("rrelu", {"lower": 0.1, "upper": 0.7}, lambda torch, F, x: F.rrelu(x, 0.1, 0.7)),
        ("relu_squared", {}, lambda torch, F, x: F.relu(x) ** 2),
        ("shifted_relu", {}, lambda torch, F, x: F.threshold(x, -1, -1)),
        ("thresholded_relu", {}, lambda torch, F, x: F.threshold(x, 1, 0)),
        ("threshold", {"threshold": 1.0}, lambda torch, F, x: F.threshold(x, 1, 0)),
    ],
)
def test_values_and_kinks_are_pytorchs(torch, name, parameters, formula):
    x = np.concatenate([np.linspace(-8, 8, 161), [-1, 0, 1, 6, 1e-310, -1e-310]])
    value, derivative = torch(formula, x)
    np.testing.assert_allclose(nl.get(name)(x, **parameters), value, rtol=1e-15)
    np.testing.assert_allclose(nl.get(name).derivative(x, **parameters), derivative, rtol=1e-15)


def test_threshold_replaces_by_any_value(torch):
    x = np.array([-2.0, 1.0, 1.5])
    value, derivative = torch(lambda torch, F, given: F.threshold(given, 1, 20), x)
    np.testing.assert_array_equal(nl.threshold(x, threshold=1.0, value=20.0), value)
    np.testing.assert_array_equal(nl.threshold.derivative(x, threshold=1.0, value=20.0), derivative)


def test_thresholded_relu_of_onnx_own_example():
    """The first example of the operator ThresholdedRelu."""
    x = np.array([-1.5, 0.0, 1.2, 2.0, 2.2], np.float32)
    np.testing.assert_array_equal(nl.thresholded_relu(x, alpha=2.0), np.array([0, 0, 0, 0, 2.2], np.float32))


def test_star_relu_keeps_mean_0_and_variance_1():
    """What Yu et al. 2022 chose its constants for, as printed with four digits."""
    mean = normal_expectation(nl.star_relu, (0,))
    assert mean == pytest.approx(0, abs=1e-4)
    assert normal_expectation(lambda z: nl.star_relu(z) ** 2, (0,)) == pytest.approx(1, abs=1e-4)


def test_prelu_has_a_slope_for_each_channel(torch):
    random = np.random.default_rng(0)
    x, weight = random.normal(size=(2, 3, 4, 5)), np.array([0.1, -0.5, 2.0])
    value, _ = torch(lambda torch, F, given: F.prelu(given, torch.tensor(weight)), x)
    columns = weight[:, np.newaxis, np.newaxis]
    np.testing.assert_array_equal(nl.prelu(x, weight=columns), value)
    _, by_weight = torch(lambda torch, F, given: F.prelu(torch.tensor(x), given), weight)
    derivative = nl.prelu.derivative(x, with_respect_to="weight", weight=columns)
    np.testing.assert_allclose(derivative.sum((0, 2, 3)), by_weight, rtol=1e-14)


@pytest.mark.parametrize("place", [0, 1])
def test_star_relu_derivatives_in_its_parameters(torch, place):
    x, parameters = np.linspace(-3, 3, 13), np.array([2.0, 0.3])
    _, expected = torch(lambda torch, F, given: given[0] * F.relu(torch.tensor(x)) ** 2 + given[1], parameters)
    got = nl.star_relu.derivative(x, with_respect_to=("scale", "bias")[place], scale=2.0, bias=0.3)
    assert got.sum() == pytest.approx(expected[place], rel=1e-14)


def test_rrelu_takes_its_sample_as_an_array():
    x = -np.ones(5, np.float32)
    sample = np.array([0, 0.25, 0.5, 0.75, 1], np.float32)
    expected = -(0.25 + 0.5 * sample)
    got = nl.rrelu(x, lower=0.25, upper=0.75, sample=sample)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(nl.rrelu.derivative(x, lower=0.25, upper=0.75, sample=sample), -expected)


def test_rrelu_refuses_what_is_no_share():
    with pytest.raises(nl.InputError, match="sample must be at least 0 and at most 1, got"):
        nl.rrelu(1.0, sample=1.5)


@pytest.mark.parametrize(("name", "slope"), [("leaky_relu", "negative_slope"), ("prelu", "weight")])
def test_slope_zero_is_relu_at_infinity_too(name, slope):
    record = nl.get(name)
    assert record(-INF, **{slope: 0.0}) == 0
    assert record.derivative(-INF, **{slope: 0.0}) == 0


def test_star_relu_without_scale_is_its_bias():
    x = np.array([-INF, 1, INF])
    np.testing.assert_array_equal(nl.star_relu(x, scale=0.0, bias=3.0), [3, 3, 3])
    np.testing.assert_array_equal(nl.star_relu.derivative(x, scale=0.0), [0, 0, 0])


def test_star_relu_overflows_only_where_its_value_does():
    x = np.float64(1.4e154)  # the square is 1.96e308, more than a double holds
    assert nl.star_relu(x, scale=0.5, bias=0.0) == pytest.approx(0.98e308)
