"""The exponential function, the same to the last bit on every machine."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

LARGEST = 700.0
"""Exponents are held within this distance of 0, so that no result is infinite or too small to be a normal number."""

_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts: k * _LN2_HIGH is exact for |k| < 2**20
_LN2_LOW = 1.90821492927058770002e-10
_TAYLOR = tuple(1.0 / factorial(degree) for degree in range(13, -1, -1))


def exponential(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """e to the power of x.

    Library exponentials differ in the last bit between processors and releases. Here e^x is 2^k times a Taylor sum of
    the remainder (|r| <= ln 2 / 2, truncation below 1e-17), so only +, -, *, / and powers of two are used and an
    old decision can be recomputed bit for bit on another machine.

    Parameters
    ----------
    x : array of any shape; NaN stays NaN.

    >>> exponential(np.array([0.0, 1.0, -2.0])).round(6).tolist()
    [1.0, 2.718282, 0.135335]
    """
    held = np.minimum(np.maximum(x, -LARGEST), LARGEST)
    doublings = np.rint(held * (1.0 / (_LN2_HIGH + _LN2_LOW)))
    rest = held - doublings * _LN2_HIGH - doublings * _LN2_LOW
    out = np.full_like(rest, _TAYLOR[0])
    for coefficient in _TAYLOR[1:]:
        out = out * rest + coefficient
    return np.asarray(np.ldexp(out, np.where(np.isnan(doublings), 0.0, doublings).astype(np.int32)))
