"""Monotone signs: where the loans themselves say that more is worse, or better, the model may not say otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.models.preparation.base import DoesNotApply, Family, Floats, Prepared, Rows

_CLEAR = 3.0  # standard errors by which bad and good loans must differ in rank
_AGAINST = 1.64  # standard errors by which no step between neighbouring bins may go the other way
_BINS = 5


@dataclass(frozen=True)
class Monotone:
    """Signs for the rungs that take them (`monotone`), from the direction that each column has by itself.

    A column gets a sign when its ranks differ clearly between bad and good loans (Mann and Whitney, 1947) and no step
    between its fifths clearly contradicts; a hump gets none.
    """

    name: str = "monotone"
    title: str = "Monotone signs"
    family: Family = "signs"

    def fit(self, rows: Rows, seed: int) -> Prepared:  # noqa: ARG002
        """Find the signs."""
        found = signs(rows.x, rows.y)
        if not found.any():
            raise DoesNotApply("no column has a clear direction")
        return rows.prepared(settings={"monotone": tuple(int(sign) for sign in found)})


def signs(x: Floats, y: Floats) -> NDArray[np.int64]:
    """The sign of each column, (m,): 1 where more is worse, -1 where more is better, 0 where the rows do not say.

    >>> age = np.arange(200.0)
    >>> hump = np.abs(age - 100)
    >>> signs(np.column_stack([age, -age, hump, np.ones(200)]), (age > 90).astype(float)).tolist()
    [1, -1, 0, 0]
    """
    return np.array([_sign(column, y) for column in x.T], np.int64)


def _sign(column: Floats, y: Floats) -> int:
    known = ~np.isnan(column)
    values, bad = column[known], y[known] > 0
    if not 0 < bad.sum() < len(bad) or values.min() == values.max():
        return 0
    z = _rank_difference(values, bad)
    if abs(z) < _CLEAR:
        return 0
    sign = 1 if z > 0 else -1
    return sign if (sign * _steps(values, bad) > -_AGAINST).all() else 0


def _rank_difference(values: Floats, bad: NDArray[np.bool_]) -> float:
    """Mann and Whitney's z: how many standard errors the bad loans rank above the good ones."""
    from scipy.stats import rankdata

    bads, goods = int(bad.sum()), int((~bad).sum())
    ranks = rankdata(values)
    above = ranks[bad].sum() - bads * (bads + 1) / 2
    spread = np.sqrt(bads * goods * ranks.var() * len(ranks) / (bads + goods - 1) / (bads + goods))
    return float((above - bads * goods / 2) / spread)


def _steps(values: Floats, bad: NDArray[np.bool_]) -> Floats:
    """Differences of the bad rates of neighbouring fifths, in standard errors."""
    cuts = np.unique(np.quantile(values, np.linspace(0.0, 1.0, _BINS + 1)[1:-1]))
    place = np.searchsorted(cuts, values, side="left")
    rows = np.bincount(place, minlength=len(cuts) + 1).astype(np.float64)
    bads = np.bincount(place, bad.astype(np.float64), minlength=len(cuts) + 1)
    rate = (bads[rows > 0] + 0.5) / (rows[rows > 0] + 1.0)
    error = rate * (1.0 - rate) / rows[rows > 0]
    return np.asarray(np.diff(rate) / np.sqrt(error[1:] + error[:-1]))
