"""Neighbouring ranges of a column: where they may be cut, and which of them become one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.special import xlogy

from loanbook.models.risk.base import Floats

_FINEST = 30  # ranges of about equal size that merging starts from
_NEXT_TO_ZERO = 1e-200  # no cut lies nearer to zero, so that the number just below a cut is a number like others
_ROUNDER = 3  # powers of ten that a cut is first tried rounder than the gap it lies in

Counts = NDArray[np.float64]
"""(k, 2) weight of the good and of the bad rows in each of k neighbouring ranges."""


def finest(values: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Cuts that make ranges of about equal size, a common value alone in its own, and the range of each value."""
    distinct, back, rows = np.unique(values, return_inverse=True, return_counts=True)
    part = np.arange(len(distinct))
    if len(distinct) > _FINEST:
        middle = rows.cumsum() - rows / 2
        part = np.unique((middle / len(values) * _FINEST).astype(np.intp), return_inverse=True)[1]
    ends = np.flatnonzero(np.diff(part))
    cuts = [round_cut(low, high) for low, high in zip(distinct[ends], distinct[ends + 1], strict=True)]
    usable = np.array([cut is not None for cut in cuts], dtype=np.bool_)
    kept = np.array([cut for cut in cuts if cut is not None], dtype=np.float64)
    group = np.zeros(len(distinct), np.intp)
    group[ends[usable] + 1] = 1
    return kept, group.cumsum()[back]


def round_cut(low: float, high: float) -> float | None:
    """A number above `low` and not above `high`, with few digits and not zero; None where both are next to zero.

    >>> round_cut(24371.0, 24522.0), round_cut(0.0, 1.0), round_cut(-1.0, 0.0), round_cut(99.0, 104.0)
    (24500.0, 1.0, -0.5, 100.0)
    """
    power = math.floor(math.log10(high - low))
    tried = [_down(high, power + more) for more in range(_ROUNDER, -1, -1)]
    fitting = (cut for cut in (*tried, high, low / 2) if low < cut <= high and abs(cut) > _NEXT_TO_ZERO)
    return next(fitting, None)


def _down(number: float, power: int) -> float:
    """The next multiple of a power of ten, downwards; the nearest float to it, as it is written."""
    if abs(power) > 300:
        return number
    return float(f"{math.floor(number / 10.0**power)}e{power}")


@dataclass(frozen=True)
class Merging:
    """From many neighbouring ranges to few; what is handed about are the places where ranges start.

    Parameters
    ----------
    counts : (k, 2) weight of the good and of the bad rows. sizes : (k,) number of rows.
    penalty : deviance that one more range must explain. turn : deviance that leaving one direction must explain.
    least : least number of rows in a range. most : most ranges.
    """

    counts: Counts
    sizes: Floats
    penalty: float
    turn: float
    least: int
    most: int

    def best(self) -> NDArray[np.intp]:
        """The ranges in one direction if that costs little, else as they fall."""
        if not self.counts.any():  # no row has a value
            return np.zeros(1, np.intp)
        free = self._merge(np.arange(len(self.counts)))
        straight = min((self._merge(self._blocks(rising=rising)) for rising in (True, False)), key=self._cost)
        return straight if self._cost(straight) <= self._cost(free) + self.turn else free

    def _blocks(self, *, rising: bool) -> NDArray[np.intp]:
        """The ranges in which the share of bad rows only rises, or only falls."""
        rows = self.counts.sum(axis=1)
        level = isotonic_regression(self.counts[:, 1] / rows, weights=rows, increasing=rising).x
        return np.flatnonzero(np.append(True, np.diff(level) != 0))

    def _merge(self, starts: NDArray[np.intp]) -> NDArray[np.intp]:
        """Merge the two neighbours that differ least, until all that are left differ enough and hold enough rows."""
        while len(starts) > 1:
            now, rows = np.add.reduceat(self.counts, starts), np.add.reduceat(self.sizes, starts)
            loss = _deviance(now[:-1] + now[1:]) - _deviance(now[:-1]) - _deviance(now[1:])
            small = np.minimum(rows[:-1], rows[1:]) < self.least
            if small.any():
                loss = np.where(small, loss, np.inf)
            elif len(starts) <= self.most and loss.min() >= self.penalty:
                break
            starts = np.delete(starts, int(loss.argmin()) + 1)
        return starts

    def _cost(self, starts: NDArray[np.intp]) -> float:
        return float(_deviance(np.add.reduceat(self.counts, starts)).sum()) + self.penalty * len(starts)


def _deviance(counts: Counts) -> Floats:
    rows = counts.sum(axis=1)
    return np.asarray(2 * (xlogy(rows, rows) - xlogy(counts, counts).sum(axis=1)))
