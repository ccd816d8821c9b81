"""Normal expectations against closed forms."""

import math

import numpy as np
import pytest

from nonlin.facts.quadrature import normal_expectation


@pytest.mark.parametrize(
    ("function", "kinks", "expected"),
    [
        (lambda z: z**6, (), 15),
        (lambda z: np.maximum(z, 0) ** 2, (0,), 0.5),
        (lambda z: np.exp(3 * z), (), math.exp(4.5)),
        (lambda z: np.cos(20 * z) ** 2, (), (1 + math.exp(-800)) / 2),
        (lambda z: np.cos(3 * z), (), math.exp(-4.5)),
        (lambda z: np.exp(-500 * z * z), (), 1001**-0.5),  # narrow
        (lambda z: (z > 0.3) + 0.0, (0.3,), math.erfc(0.3 / math.sqrt(2)) / 2),
        (lambda z: (z > 0.3) + 0.0, (), math.erfc(0.3 / math.sqrt(2)) / 2),  # a jump that nobody told of
        (lambda z: np.abs(z - 0.7), (), 2 * math.exp(-0.245) / math.sqrt(2 * math.pi) + 0.7 * math.erf(0.7 / 2**0.5)),
        (lambda z: z**3, (), 0),
    ],
)
def test_expectations(function, kinks, expected):
    assert normal_expectation(function, kinks) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_what_is_infinite_or_undefined_is_said_to_be():
    assert normal_expectation(lambda z: np.exp(z**4)) == math.inf
    with np.errstate(invalid="ignore"):
        assert math.isnan(normal_expectation(lambda z: np.sqrt(z)))
