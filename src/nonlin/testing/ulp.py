"""Errors in units in the last place, and the inputs at which to look for them."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np


def ulp_error(got: Any, exact: Any) -> np.ndarray:
    """|got - exact| in units in the last place of the exact result, in got's dtype.

    Below the smallest normal number the unit is the spacing of the subnormal ones; beyond the largest finite number
    only the infinity of the right sign is right.

    Parameters
    ----------
    got : array of float16, float32 or float64
    exact : array of mpmath numbers of the same shape

    Returns
    -------
    float64 array of the same shape; infinite for NaN or a wrong infinity

    >>> float(ulp_error(np.float32(1) + np.finfo("f4").eps, mpmath.mpf(1)))
    1.0
    """
    got = np.asarray(got)
    info = np.finfo(got.dtype)
    digits, tiny, largest = info.nmant, mpmath.mpf(float(info.smallest_normal)), mpmath.mpf(float(info.max))

    def error(number: Any, truth: Any) -> float:
        number = float(number)
        if not np.isfinite(number):
            return 0.0 if abs(truth) > largest and np.sign(number) == mpmath.sign(truth) else float("inf")
        size = abs(truth)
        if size < tiny:
            # In units of the subnormal spacing; the last bits of a product of tiny numbers may be lost.
            return float(abs(mpmath.mpf(number) - truth) / (tiny * mpmath.mpf(2) ** -digits))
        unit = mpmath.ldexp(1, int(mpmath.floor(mpmath.log(size, 2))) - digits)
        return float(abs(mpmath.mpf(number) - truth) / unit)

    return np.asarray(np.frompyfunc(error, 2, 1)(got.astype(object), exact), float)


def representative_points(dtype: Any = np.float64, count: int = 2000, seed: int = 0) -> np.ndarray:
    """Finite inputs that find the weak places of a function: every binade with both signs, subnormals, the range
    where functions bend, both tails and the largest numbers.

    >>> points = representative_points("float32", 500)
    >>> points.dtype, bool(np.isfinite(points).all()), bool((points < 0).any())
    (dtype('float32'), True, True)
    """
    info = np.finfo(np.dtype(dtype))
    random = np.random.default_rng(seed)
    low = np.log2(float(info.smallest_subnormal))
    exponents = np.linspace(low, np.log2(float(info.max)) - 0.01, count // 4)
    binades = 2.0 ** (exponents + random.uniform(0, 1e-3, exponents.size) * (exponents > low))
    reach = 1.05 * -np.log(float(info.smallest_subnormal))
    bends = np.concatenate([random.uniform(0, 8, count // 8), random.uniform(0, 45, count // 16)])
    tails = random.uniform(0, reach, count // 16)
    positive = np.concatenate([binades, bends, tails, [float(info.max)]])
    return np.unique(np.concatenate([-positive, [0.0], positive]).clip(-float(info.max), float(info.max)).astype(dtype))
