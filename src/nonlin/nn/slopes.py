"""The largest slope of an activation, which dead units are measured against."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np

_REACH, _POINTS = 30.0, 6001  # from -30 to 30 in steps of 0.01: all slopes in use peak or settle well within


@cache
def largest_slope(activation: int, dtype: np.dtype) -> float:
    """sup |f'(z)| of the activation kernel at the address `activation`, over -30 <= z <= 30."""
    values = np.linspace(-_REACH, _REACH, _POINTS).astype(dtype)
    bias, slopes = np.zeros_like(values), np.zeros_like(values)
    kernel = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 3)(activation)
    kernel(values.ctypes.data, bias.ctypes.data, slopes.ctypes.data, 1, len(values), len(values))
    return float(np.max(np.abs(slopes)))
