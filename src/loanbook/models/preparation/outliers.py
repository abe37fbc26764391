"""Outliers: found by statistics that outliers cannot move, reported, and capped at the fence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from loanbook.models.preparation.base import DoesNotApply, Family, Floats, Prepared, Rows
from loanbook.models.preparation.medcouple import medcouple

_FEW = 10  # a column of so few distinct values has levels, not outliers


@dataclass(frozen=True)
class Fences:
    """Where the usual values of each column end.

    low, high : (m,), infinite for a column that has no fence.
    """

    low: Floats
    high: Floats

    def found(self, x: Floats) -> list[tuple[int, int, int]]:
        """Position of each column with values outside, how many lie below and how many above.

        >>> Fences(np.array([0.0]), np.array([5.0])).found(np.array([[-1.0], [3.0], [9.0], [np.nan], [7.0]]))
        [(0, 1, 2)]
        """
        below, above = (x < self.low).sum(axis=0), (x > self.high).sum(axis=0)
        return [(int(at), int(below[at]), int(above[at])) for at in np.flatnonzero(below + above)]

    def cap(self, x: Floats) -> Floats:
        """Move what lies outside to the fence; missing stays missing."""
        return np.clip(x, self.low, self.high)


def adjusted_boxplot(column: Floats) -> tuple[float, float]:
    """Fences of the adjusted boxplot (Hubert and Vandervieren, 2008), which lets a skewed column have its long tail.

    [Q1 - 1.5 exp(a MC) IQR, Q3 + 1.5 exp(b MC) IQR] with a = -4, b = 3 for a medcouple MC >= 0, else a = -3, b = 4.

    >>> adjusted_boxplot(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    (-1.0, 7.0)
    """
    first, third = np.quantile(column, (0.25, 0.75))
    skew = medcouple(column)
    below, above = (-4.0, 3.0) if skew >= 0 else (-3.0, 4.0)
    reach = 1.5 * (third - first)
    return float(first - reach * np.exp(below * skew)), float(third + reach * np.exp(above * skew))


def median_deviation(column: Floats) -> tuple[float, float]:
    """Fences at 3.5 robust standard deviations (Iglewicz and Hoaglin, 1993): median ± 3.5 × MAD / 0.6745.

    >>> median_deviation(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    (-2.18..., 8.18...)
    """
    middle = float(np.median(column))
    reach = 3.5 * float(np.median(np.abs(column - middle))) / 0.6745
    return middle - reach, middle + reach


def fences(rows: Rows, of: Callable[[Floats], tuple[float, float]]) -> Fences:
    """Find the fences of every column of numbers that has more than a few distinct values and some spread."""
    low, high = np.full(rows.x.shape[1], -np.inf), np.full(rows.x.shape[1], np.inf)
    for at in rows.of_kind("number", "count"):
        known = rows.x[~np.isnan(rows.x[:, at]), at]
        if len(np.unique(known)) > _FEW:
            below, above = of(known)
            if below < above:  # else most rows hold one value, and every other would be an outlier
                low[at], high[at] = below, above
    return Fences(low, high)


@dataclass(frozen=True)
class Capped:
    """Values beyond the fences moved to the fence.

    Parameters
    ----------
    of : known values of a column to its two fences.
    """

    name: str
    title: str
    of: Callable[[Floats], tuple[float, float]]
    family: Family = "outliers"

    def fit(self, rows: Rows, seed: int) -> Prepared:  # noqa: ARG002
        """Learn the fences."""
        found = fences(rows, self.of)
        if not found.found(rows.x):
            raise DoesNotApply("no outlier was found")
        return rows.prepared(x=found.cap(rows.x), apply=found.cap)


def report(rows: Rows, of: Callable[[Floats], tuple[float, float]]) -> list[dict[str, Any]]:
    """Outliers of each column, the one with most first, as plain JSON; a count of 0 is left out."""
    found = fences(rows, of)
    lines = [
        {
            "column": rows.names[at],
            "low": float(found.low[at]),
            "high": float(found.high[at]),
            "below": below,
            "above": above,
            "share": (below + above) / len(rows.y),
        }
        for at, below, above in found.found(rows.x)
    ]
    return sorted(lines, key=lambda line: -float(str(line["share"])))
