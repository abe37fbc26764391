"""A sum of one-column functions: constants, lines and points tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.base import Arrays

_ROWS_AT_ONCE = 1024  # keeps rows x columns x knots within the cache


@dataclass(frozen=True)
class Additive:
    """margin(x) = intercept + the sum over columns of a piecewise-linear function of that column.

    Parameters
    ----------
    intercept : log-odds where every function is zero.
    columns : (k,) the column of x that each function reads.
    knots : (k, q) ascending; a function is straight between its knots and flat outside them. Repeat the last knot to
        fill a shorter row.
    values : (k, q) the function at its knots, in log-odds.
    missing : (k,) the function where the column is NaN.
    means : (k,) mean of the function over the training rows; contributions are measured from it.
    width : number of columns of x.

    >>> line = Additive(-1.0, np.array([0]), np.array([[0.0, 10.0]]), np.array([[0.0, 2.0]]), np.array([0.5]),
    ...                 np.array([1.0]), width=1)
    >>> line.margin(np.array([[5.0], [99.0], [np.nan]])).tolist()
    [0.0, 1.0, -0.5]
    >>> line.base, line.contributions(np.array([[5.0], [99.0]])).tolist()
    (0.0, [[0.0], [1.0]])
    """

    kind: ClassVar[str] = "additive"

    intercept: float
    columns: NDArray[np.int64]
    knots: NDArray[np.float64]
    values: NDArray[np.float64]
    missing: NDArray[np.float64]
    means: NDArray[np.float64]
    width: int

    @property
    def base(self) -> float:
        return float(self.intercept + self.means.cumsum()[-1]) if len(self.means) else self.intercept

    @cached_property
    def _slopes(self) -> NDArray[np.float64]:
        steps = np.diff(self.knots, axis=1)
        return np.divide(np.diff(self.values, axis=1), steps, out=np.zeros_like(steps), where=steps > 0)

    def _functions(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of each function on each row, (n, k)."""
        raw = x[:, self.columns]
        inside = np.clip(raw, self.knots[:, 0], self.knots[:, -1])
        # The piece is the number of inner knots at or below the value; NaN compares false and is replaced below.
        piece = (inside[:, :, None] >= self.knots[None, :, 1:-1]).sum(axis=2)
        row = np.arange(len(self.columns))
        straight = self.values[row, piece] + self._slopes[row, piece] * (inside - self.knots[row, piece])
        return np.where(np.isnan(raw), self.missing, straight)

    def _by_rows(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.empty((len(x), len(self.columns)))
        for start in range(0, len(x), _ROWS_AT_ONCE):
            out[start : start + _ROWS_AT_ONCE] = self._functions(x[start : start + _ROWS_AT_ONCE])
        return out

    def margin(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds of bad, (n,), for x of shape (n, width)."""
        if not len(self.columns):
            return np.full(len(x), self.intercept)
        # cumsum adds from left to right for any number of rows; sum may not.
        return self.intercept + self._by_rows(x).cumsum(axis=1)[:, -1]

    def contributions(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each column added to `base`, (n, width)."""
        moved = self._by_rows(x) - self.means
        place = np.arange(len(x))[:, None] * self.width + self.columns
        sums = np.bincount(place.ravel(), moved.ravel(), minlength=len(x) * self.width)
        return sums.astype(np.float64, copy=False).reshape(len(x), self.width)

    def to_arrays(self) -> Arrays:
        return {
            "intercept": np.array(self.intercept),
            "columns": self.columns,
            "knots": self.knots,
            "values": self.values,
            "missing": self.missing,
            "means": self.means,
            "width": np.array(self.width),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Additive:
        """Rebuild what `to_arrays` took apart."""
        return cls(
            intercept=float(arrays["intercept"]),
            columns=arrays["columns"],
            knots=arrays["knots"],
            values=arrays["values"],
            missing=arrays["missing"],
            means=arrays["means"],
            width=int(arrays["width"]),
        )
