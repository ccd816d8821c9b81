"""Every elementwise function, value and derivatives, at so many inputs that a weak place has nowhere to hide.

The judge is 50-digit arithmetic. It takes 100 microseconds a number, so it judges in two steps: float64 results are
held to it at thousands of inputs, and they, whose error is then a few of their own units (2^-50 of a number), are what
float32, float16 and bfloat16 results are held to everywhere. What this cannot see is an error that a float64 result
shares and that lies wholly between those thousands of inputs; around kinks and zeros, where formulas change, they are
neighbouring floats. Where a double lies too near the middle between two 16-bit numbers to tell which is the nearest,
50-digit arithmetic decides.
"""

from __future__ import annotations

from functools import cache

import mpmath
import numpy as np
import pytest

import nonlin as nl
from nonlin.definition import Elementwise
from nonlin.testing import exact_values, representative_points, ulp_error
from nonlin.testing.checks import learnable_parts
from nonlin.testing.ulp import FORMATS, every_input, near_ties, rounded_to

RECORDS = [nl.get(name) for name in nl.activations() if isinstance(nl.get(name), Elementwise)]
PARTS = [
    pytest.param(record, part, id=f"{record.name}-{part}")
    for record in RECORDS
    for part in ("value", "derivative", *learnable_parts(record))
]
every_part = pytest.mark.parametrize(("record", "part"), PARTS)


def compute(record, part, x, **parameters):
    if part == "value":
        return record(x, **parameters)
    return record.derivative(x, with_respect_to=part.removeprefix("derivative").removeprefix("_"), **parameters)


def exactly(record, part, x, **parameters):
    return exact_values(record, "definition" if part == "value" else part, x, parameters=parameters)


@cache
def zeros(record, part):
    """Where a part changes its sign: the last float64 before."""
    grid = np.linspace(-40, 40, 4001)  # an odd number: 0 is on it, and its neighbours are near enough
    signs = np.sign(compute(record, part, grid))
    at = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    low, high = grid[at], grid[at + 1]
    for _ in range(60):
        middle = low + (high - low) / 2
        same = np.sign(compute(record, part, middle)) == signs[at]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return low


def neighbours(points, dtype, count):
    """The floats on both sides of some points."""
    below = above = np.asarray(points, float).astype(dtype)
    found = [below]
    for _ in range(count):
        below, above = np.nextafter(below, dtype(-np.inf)), np.nextafter(above, dtype(np.inf))
        found += [below, above]
    return np.concatenate(found)


@cache
def special_points(record, part):
    return np.concatenate([np.asarray(record.kinks, float), zeros(record, part)])


def inputs(record, part, dtype, count):
    special = neighbours(special_points(record, part), dtype, 40)
    return np.unique(np.concatenate([representative_points(dtype, count), special]))


@every_part
def test_float64_within_two_and_four_ulp_of_50_digits(record, part):
    x = np.unique(np.concatenate([inputs(record, part, np.float64, 1500), inputs(record, part, np.float32, 1500)]))
    got, exact = compute(record, part, x), exactly(record, part, x)
    errors = ulp_error(got, exact)
    # Where it crosses zero away from 0, it may fall to 1e-17 of its size elsewhere between two neighbouring floats.
    crossing = np.isclose(x[:, np.newaxis], zeros(record, part), rtol=1e-6, atol=0).any(axis=1)
    errors[crossing & (np.abs(got - exact).astype(float) <= 2.0**-52)] = 0
    assert errors.max() <= (2 if part == "value" else 4), (x[np.argmax(errors)], errors.max())


@every_part
def test_float32_within_one_ulp(record, part):
    x = inputs(record, part, np.float32, 64_000)
    assert x.size >= 60_000
    exponents = np.frexp(np.abs(x[x != 0]))[1]
    assert set(range(-148, 129)) <= set(exponents)  # subnormal binades too
    errors = ulp_error(compute(record, part, x), compute(record, part, x.astype(float)))
    assert errors.max() <= 1, (x[np.argmax(errors)], errors.max())


def other_parameters(record):
    """Settings of the parameters away from the defaults, at the ends of their ranges too."""
    for setting in range(4):
        given = {
            name: (2 * known.default + 1, known.default / 3 - 0.3, known.low, known.above + 0.01)[setting]
            for name, known in record.parameters.items()
        }
        usable = {name: v for name, v in given.items() if np.isfinite(v) and allowed(record.parameters[name], name, v)}
        if usable:
            yield usable


def allowed(known, name, value):
    try:
        known.check(name, value)
    except nl.InputError:
        return False
    return True


@pytest.mark.parametrize(
    ("record", "part", "parameters"),
    [
        pytest.param(*p.values, given, id=f"{p.id}-{'-'.join(f'{k}={v:g}' for k, v in given.items())}")
        for p in PARTS
        for given in other_parameters(p.values[0])
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_other_parameters(record, part, parameters, dtype):
    x = representative_points(dtype, 300)
    if record is nl.snake:  # farther out, its phase is that of the rounded product alpha * x, as it says
        x = x[np.abs(x) < 2.0**24 / parameters["alpha"]]
    errors = ulp_error(compute(record, part, x, **parameters), exactly(record, part, x, **parameters))
    limit = 1 if dtype == "float32" else 2 if part == "value" else 4
    assert errors.max() <= limit, (x[np.argmax(errors)], errors.max())


@pytest.mark.slow
@every_part
def test_float32_within_one_ulp_at_every_64th_float(record, part):
    """All of 2^-30 to 128, both signs, 9.7 million inputs."""
    first, last = np.array([2.0**-30, 128.0], np.float32).view(np.int32)
    for start in range(first, last, 1 << 25):
        x = np.arange(start, min(start + (1 << 25), last), 64, dtype=np.int32).view(np.float32)
        for signed in (x, -x):
            errors = ulp_error(compute(record, part, signed), compute(record, part, signed.astype(float)))
            assert errors.max() <= 1, (signed[np.argmax(errors)], errors.max())


@every_part
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_16_bit_formats_are_rounded_correctly_for_every_input(record, part, dtype):
    x = every_input(sixteen_bit(dtype))
    got = compute(record, part, x)
    assert got.dtype == x.dtype
    with np.errstate(invalid="ignore"):  # casting a signalling NaN is an invalid operation
        got, wide = got.astype(float), x.astype(float)
    nearly_exact = compute(record, part, wide)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(nearly_exact))
    assert not np.isnan(got[np.isfinite(wide)]).any()
    assert np.isnan(got[np.isnan(wide)]).all()
    expected = rounded_to(dtype, nearly_exact)
    doubtful = np.flatnonzero(near_ties(dtype, nearly_exact))
    if doubtful.size:
        exact = exactly(record, part, wide[doubtful])
        expected[doubtful] = [nearest(*both, dtype) for both in zip(exact, got[doubtful], strict=True)]
    wrong = (got != expected) | ((np.signbit(got) != np.signbit(nearly_exact)) & (nearly_exact != 0))
    wrong &= ~np.isnan(nearly_exact)
    assert not wrong.any(), (wide[wrong][:5], got[wrong][:5], nearly_exact[wrong][:5])


def sixteen_bit(dtype):
    return np.dtype(dtype if dtype == "float16" else pytest.importorskip("ml_dtypes").bfloat16)


MIDDLE = mpmath.mpf(10) ** -28  # of a number: so near to the middle between two, either of them is near enough


def nearest(exact, got, dtype):
    """The 16-bit number nearest to an exact one, as a double; of two that are as near the one that was got."""
    with mpmath.workdps(60):
        both = [even_nearest(exact * (1 + d), dtype) for d in (-MIDDLE, MIDDLE)]
        return got if got in both else even_nearest(exact, dtype)


def even_nearest(exact, dtype):
    """The 16-bit number nearest to an exact one, the even one of two, as a double."""
    kind = FORMATS[dtype]
    with mpmath.workdps(60):
        unit = mpmath.ldexp(1, max(mpmath.frexp(exact)[1] - 1, kind.lowest) - kind.digits)
        found = float(mpmath.nint(exact / unit) * unit)  # nint takes the even one of two
    return found if abs(found) <= kind.largest else np.copysign(np.inf, found)


@pytest.mark.parametrize(("offset", "expected"), [(0, 2048), (1, 2050), (-1, 2048)])
def test_nearest_takes_the_even_one_of_two_but_only_of_two(offset, expected):
    with mpmath.workdps(60):
        number = mpmath.mpf(2049) + offset * mpmath.mpf(10) ** -20
        assert even_nearest(number, "float16") == nearest(number, 7.0, "float16") == expected
        assert nearest(number, 2050.0, "float16") == (expected if offset else 2050)
