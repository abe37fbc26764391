"""A sum of one-column functions: constants, lines and points tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.base import Arrays
from loanbook.models.scoring.curves import Curves, by_column


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
    def _curves(self) -> Curves:
        return Curves(self.columns, self.knots, self.values, self.missing)

    def margin(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds of bad, (n,), for x of shape (n, width)."""
        if not len(self.columns):
            return np.full(len(x), self.intercept)
        # cumsum adds from left to right for any number of rows; sum may not.
        return self.intercept + self._curves(x).cumsum(axis=1)[:, -1]

    def contributions(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each column added to `base`, (n, width)."""
        return by_column(self._curves(x) - self.means, self.columns, self.width)

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
