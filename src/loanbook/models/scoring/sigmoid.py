"""The logistic function, the same to the last bit on every machine."""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray

_LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts: k * _LN2_HIGH is exact for |k| < 2**20
_LN2_LOW = 1.90821492927058770002e-10
_TAYLOR = tuple(1.0 / factorial(degree) for degree in range(13, -1, -1))
_LARGEST = 700.0  # exp(-700) is the smallest tail that still is a normal number


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn log-odds into probabilities.

    Library exponentials differ in the last bit between processors and releases. Here e^x is 2^k times a Taylor sum of
    the remainder (|r| <= ln 2 / 2, truncation below 1e-17), so only +, -, *, / and powers of two are used and an
    old decision can be recomputed bit for bit on another machine.

    Parameters
    ----------
    log_odds : array of any shape; NaN stays NaN.

    Returns
    -------
    Array of the same shape, in [0, 1].

    >>> sigmoid(np.array([0.0, -2.0, 800.0])).round(6).tolist()
    [0.5, 0.119203, 1.0]
    """
    size = np.minimum(np.abs(log_odds), _LARGEST)
    halvings = np.rint(size * (1.0 / (_LN2_HIGH + _LN2_LOW)))
    rest = halvings * _LN2_HIGH - size + halvings * _LN2_LOW
    tail = np.full_like(rest, _TAYLOR[0])
    for coefficient in _TAYLOR[1:]:
        tail = tail * rest + coefficient
    tail = np.ldexp(tail, -np.where(np.isnan(halvings), 0.0, halvings).astype(np.int32))
    return np.where(log_odds >= 0.0, 1.0 / (1.0 + tail), tail / (1.0 + tail))
