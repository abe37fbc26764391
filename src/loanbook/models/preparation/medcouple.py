"""Skewness that outliers cannot move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_MOST = 1000  # values compared pair by pair; more hardly move it


def medcouple(column: Floats) -> float:
    """Median over pairs around the median of how much further the upper one is away (Brys, Hubert and Struyf, 2004).

    Parameters
    ----------
    column : (n,) known values. Above 1,000 of them, that many quantiles stand for all.

    Returns
    -------
    -1 (long tail to the left) to 1 (to the right); 0 for a symmetric column.

    >>> medcouple(np.array([1.0, 2.0, 3.0, 4.0, 5.0])), round(medcouple(np.array([1.0, 2.0, 3.0, 5.0, 9.0])), 3)
    (0.0, 0.333)
    """
    if not len(column):
        return 0.0
    values = np.sort(column) if len(column) <= _MOST else np.quantile(column, np.linspace(0.0, 1.0, _MOST))
    away = values - np.median(values)
    upper, lower = away[away >= 0][::-1], away[away <= 0]
    span = upper[:, None] - lower
    with np.errstate(invalid="ignore"):
        skew = np.where(span > 0, (upper[:, None] + lower) / np.where(span > 0, span, 1.0), 0.0)
    ties = int((away == 0).sum())
    if ties:  # pairs of values that both are the median: as many count up as down
        place = np.arange(ties)
        skew[len(upper) - ties :, len(lower) - ties :] = np.sign(ties - 1 - place[:, None] - place)
    return float(np.median(skew))
