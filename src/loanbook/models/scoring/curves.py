"""Columns read through curves: straight between knots, flat outside them, a number of their own for what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_ROWS_AT_ONCE = 1024  # keeps rows x curves x knots within the cache


@dataclass(frozen=True)
class Curves:
    """Piecewise-linear functions of one column each.

    Parameters
    ----------
    columns : (k,) the column of x that each curve reads.
    knots : (k, q) ascending; repeat the last knot to fill a shorter row.
    values : (k, q) the curve at its knots.
    missing : (k,) the curve where the column is NaN.

    >>> curves = Curves(np.array([1]), np.array([[0.0, 10.0]]), np.array([[0.0, 2.0]]), np.array([0.5]))
    >>> curves(np.array([[7.0, 5.0], [7.0, 99.0], [7.0, np.nan]])).tolist()
    [[1.0], [2.0], [0.5]]
    """

    columns: NDArray[np.int64]
    knots: NDArray[np.float64]
    values: NDArray[np.float64]
    missing: NDArray[np.float64]

    @cached_property
    def slopes(self) -> NDArray[np.float64]:
        """(k, q - 1) between each two knots; 0 where they are the same."""
        steps = np.diff(self.knots, axis=1)
        return np.divide(np.diff(self.values, axis=1), steps, out=np.zeros_like(steps), where=steps > 0)

    def _some(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        raw = x[:, self.columns]
        inside = np.clip(raw, self.knots[:, 0], self.knots[:, -1])
        # The piece is the number of inner knots at or below the value; NaN compares false and is replaced below.
        piece = (inside[:, :, None] >= self.knots[None, :, 1:-1]).sum(axis=2)
        row = np.arange(len(self.columns))
        straight = self.values[row, piece] + self.slopes[row, piece] * (inside - self.knots[row, piece])
        return np.where(np.isnan(raw), self.missing, straight)

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Value of each curve on each row, (n, k)."""
        out = np.empty((len(x), len(self.columns)))
        for start in range(0, len(x), _ROWS_AT_ONCE):
            out[start : start + _ROWS_AT_ONCE] = self._some(x[start : start + _ROWS_AT_ONCE])
        return out


def by_column(moved: NDArray[np.float64], columns: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """Add up what curves of the same column moved: (n, k) to (n, width), from left to right for any n.

    >>> by_column(np.array([[1.0, 2.0, 4.0]]), np.array([1, 1, 0]), 3).tolist()
    [[4.0, 3.0, 0.0]]
    """
    place = np.arange(len(moved))[:, None] * width + columns
    sums = np.bincount(place.ravel(), moved.ravel(), minlength=len(moved) * width)
    return sums.astype(np.float64, copy=False).reshape(len(moved), width)
