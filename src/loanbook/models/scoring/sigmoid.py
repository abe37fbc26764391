"""The logistic function, the same to the last bit on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.exponential import exponential


def sigmoid(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn log-odds into probabilities.

    Parameters
    ----------
    log_odds : array of any shape; NaN stays NaN.

    Returns
    -------
    Array of the same shape, in [0, 1].

    >>> sigmoid(np.array([0.0, -2.0, 800.0])).round(6).tolist()
    [0.5, 0.119203, 1.0]
    """
    tail = exponential(-np.abs(log_odds))
    return np.where(log_odds >= 0.0, 1.0 / (1.0 + tail), tail / (1.0 + tail))
