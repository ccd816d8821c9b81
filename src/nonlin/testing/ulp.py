"""Errors in units in the last place, correct rounding, and the inputs at which to look for failures."""

from __future__ import annotations

from typing import Any, NamedTuple

import mpmath
import numpy as np


class Format(NamedTuple):
    """A floating-point format: bits of the fraction, exponent of the smallest normal number, largest number."""

    digits: int
    lowest: int
    largest: float

    @property
    def smallest_normal(self) -> float:
        """The smallest positive number of full precision."""
        return 2.0**self.lowest

    @property
    def smallest(self) -> float:
        """The smallest positive number."""
        return 2.0 ** (self.lowest - self.digits)


FORMATS = {
    "float16": Format(10, -14, 65504.0),
    "bfloat16": Format(7, -126, (2 - 2**-7) * 2.0**127),
    "float32": Format(23, -126, (2 - 2**-23) * 2.0**127),
    "float64": Format(52, -1022, (2 - 2**-52) * 2.0**1023),
}


def ulp_error(got: Any, exact: Any) -> np.ndarray:
    """|got - exact| in units in the last place of the exact result, in got's dtype.

    Below the smallest normal number the unit is the spacing of the subnormal ones; beyond the largest finite number
    only the infinity of the right sign is right.

    Parameters
    ----------
    got : array of float16, bfloat16, float32 or float64
    exact : array of mpmath numbers of the same shape; for the narrower formats doubles are exact enough, and fast

    Returns
    -------
    float64 array of the same shape; infinite for NaN or a wrong infinity

    >>> float(ulp_error(np.float32(1) + np.finfo("f4").eps, mpmath.mpf(1)))
    1.0
    >>> float(ulp_error(np.float32(0.1), 0.1)) < 0.5
    True
    """
    got = np.asarray(got)
    kind = FORMATS[got.dtype.name]
    if got.dtype != np.float64 and np.asarray(exact).dtype == np.float64:
        return _ulp_error_by_doubles(got.astype(float), np.asarray(exact), kind)
    tiny, smallest, largest = map(mpmath.mpf, (kind.smallest_normal, kind.smallest, kind.largest))

    def error(number: float, truth: Any) -> float:
        size = abs(truth)
        if not (np.isfinite(number) and mpmath.isfinite(truth)):
            return 0.0 if size > largest and number == mpmath.sign(truth) * mpmath.inf else float("inf")
        unit = smallest if size < tiny else mpmath.ldexp(1, mpmath.frexp(size)[1] - 1 - kind.digits)
        return float(abs(mpmath.mpf(number) - truth) / unit)

    return np.asarray(np.frompyfunc(error, 2, 1)(got.astype(float).astype(object), exact), float)


def _ulp_error_by_doubles(got: np.ndarray, exact: np.ndarray, kind: Format) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        errors = np.abs(got - exact) / _units(exact, kind)
    right = np.isinf(got) & (np.abs(exact) > kind.largest) & (np.sign(got) == np.sign(exact))
    return np.where(np.isfinite(got) & np.isfinite(exact), errors, np.where(right, 0, np.inf))


def _units(numbers: np.ndarray, kind: Format) -> np.ndarray:
    """The spacing of a format around doubles."""
    exponents = np.frexp(numbers)[1] - 1
    return np.ldexp(1.0, np.maximum(exponents, kind.lowest) - kind.digits)


def rounded_to(dtype: Any, numbers: Any) -> np.ndarray:
    """Doubles rounded once, ties to even, to a narrower format; they stay doubles.

    >>> rounded_to("float16", [0.1, 70000.0, 2049.0])
    array([9.99755859e-02,            inf, 2.04800000e+03])
    """
    kind, numbers = FORMATS[np.dtype(dtype).name], np.asarray(numbers, float)
    with np.errstate(invalid="ignore"):
        units = _units(numbers, kind)
        nearest = np.copysign(np.rint(numbers / units) * units, numbers)
    return np.where(np.abs(nearest) > kind.largest, np.copysign(np.inf, nearest), nearest)


def near_ties(dtype: Any, numbers: Any, ulps: float = 8) -> np.ndarray:
    """Where doubles are so near the middle between two numbers of a narrower format that an error of a few of the
    doubles' own units would round them to the other one.

    >>> near_ties("float16", [2049.0, 2049.1])
    array([ True, False])
    """
    numbers = np.asarray(numbers, float)
    with np.errstate(invalid="ignore"):
        scaled = np.abs(numbers) / _units(numbers, FORMATS[np.dtype(dtype).name])
        return np.abs(scaled - np.floor(scaled) - 0.5) <= ulps * np.spacing(scaled)


def every_input(dtype: Any) -> np.ndarray:
    """All 65,536 numbers of a 16-bit format, infinities and NaNs among them.

    >>> every_input("float16").size
    65536
    """
    return np.arange(1 << 16, dtype=np.uint16).view(np.dtype(dtype))


def representative_points(dtype: Any = np.float64, count: int = 2000, seed: int = 0) -> np.ndarray:
    """Finite inputs that find the weak places of a function: every binade with both signs, subnormals, the range
    where functions bend, both tails and the largest numbers.

    >>> points = representative_points("float32", 500)
    >>> points.dtype, bool(np.isfinite(points).all()), bool((points < 0).any())
    (dtype('float32'), True, True)
    """
    kind = FORMATS[np.dtype(dtype).name]
    random = np.random.default_rng(seed)
    low = np.log2(kind.smallest)
    exponents = np.linspace(low, np.log2(kind.largest) - 0.01, count // 4)
    binades = 2.0 ** (exponents + random.uniform(0, 1e-3, exponents.size) * (exponents > low))
    reach = 1.05 * -np.log(kind.smallest)
    bends = np.concatenate([random.uniform(0, 8, count // 8), random.uniform(0, 45, count // 16)])
    tails = random.uniform(0, reach, count // 16)
    positive = np.concatenate([binades, bends, tails, [kind.largest]])
    both = np.concatenate([-positive, [0.0], positive]).clip(-kind.largest, kind.largest)
    return np.unique(both.astype(dtype))
