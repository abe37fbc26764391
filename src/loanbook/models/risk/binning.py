"""A column cut into a few ranges, each with its weight of evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

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


@dataclass(frozen=True, slots=True)
class Cutting:
    """How fine columns are cut.

    Parameters
    ----------
    penalty : deviance that one more range must explain.
    turn : deviance that leaving one direction must explain.
    least_share : least share of the rows in a range that is not the missing one.
    most : most ranges, the missing one not counted.
    prior : rows' worth of the base rate in each range, above 0.
    """

    penalty: float = 4.0
    turn: float = 4.0
    least_share: float = 0.02
    most: int = 10
    prior: float = 5.0

    def learn(self, x: Floats, y: Floats, weight: Floats) -> list[Bins]:
        """Cut every column of model rows, (n, m)."""
        return [Bins.learn(column, y, weight, self) for column in x.T]


@dataclass(frozen=True)
class Bins:
    """The ranges of one column, with what the training rows say about each.

    Neighbouring ranges that differ by less than chance would are merged (Kerber 1992, with the likelihood ratio for
    chi-squared). Where a trend in one direction does as well as any other, the ranges follow it (Ayer et al. 1955).
    A missing value has a range of its own.

    Parameters
    ----------
    cuts : (k,) ascending; a range is from one cut, which belongs to it, up to the next.
    goods, bads : (k + 2,) weight of the training rows in each range, low to high; the last place is for missing.
    prior : rows' worth of the base rate in each range, above 0.
    """

    cuts: Floats
    goods: Floats
    bads: Floats
    prior: float

    @classmethod
    def learn(cls, column: Floats, y: Floats, weight: Floats, cutting: Cutting) -> Bins:
        """Fit to the rows given, and to no others.

        Parameters
        ----------
        column : (n,) values; NaN is missing.
        y : (n,) 1.0 for a bad row. weight : (n,) above 0.
        cutting : how fine.

        >>> age = np.repeat([20.0, 30.0, 40.0, np.nan], 100)
        >>> bad = np.concatenate([np.arange(100) < share for share in (60, 20, 18, 40)]).astype(float)
        >>> found = Bins.learn(age, bad, np.ones(400), Cutting())
        >>> found.cuts, found.bads, found.woe.round(1)
        (array([30.]), array([60., 38., 40.]), array([ 1. , -0.8,  0.2]))
        """
        empty = np.isnan(column)
        cuts, place = _finest(column[~empty])
        counts = _count(place, y[~empty], weight[~empty], len(cuts) + 1)
        sizes = np.bincount(place, minlength=len(cuts) + 1).astype(np.float64)
        starts = _Merging(counts, sizes, cutting, math.ceil(cutting.least_share * len(column))).best()
        lost = _count(np.zeros(int(empty.sum()), np.intp), y[empty], weight[empty], 1)
        goods, bads = np.vstack([np.add.reduceat(counts, starts), lost]).T
        return cls(cuts[starts[1:] - 1], goods, bads, cutting.prior)

    @cached_property
    def base(self) -> float:
        """Share of bad rows."""
        return float(self.bads.sum() / (self.goods.sum() + self.bads.sum()))

    @cached_property
    def woe(self) -> Floats:
        """(k + 2,) log-odds of bad in each range less those of all rows, pulled towards 0 where rows are few."""
        odds = (self.bads + self.prior * self.base) / (self.goods + self.prior * (1 - self.base))
        found = np.log(odds) - math.log(self.base / (1 - self.base))
        return np.where(self.goods + self.bads > 0, found, 0.0)

    @cached_property
    def information(self) -> Floats:
        """(k + 2,) what each range adds to the information value, which is their sum (Kullback 1959)."""
        return np.asarray((self.bads / self.bads.sum() - self.goods / self.goods.sum()) * self.woe) + 0.0  # no -0.0

    def merged(self, starts: NDArray[np.intp]) -> Bins:
        """The same column in fewer ranges.

        Parameters
        ----------
        starts : which of the ranges begin one of the new ones, the first among them.

        >>> Bins(np.array([1.0, 5.0]), np.array([1.0, 2, 3, 4]), np.ones(4), 0.0).merged(np.array([0, 2]))
        Bins(cuts=array([5.]), goods=array([3., 3., 4.]), bads=array([2., 1., 1.]), prior=0.0)
        """
        places = np.append(starts, len(self.cuts) + 1)
        goods, bads = np.add.reduceat(self.goods, places), np.add.reduceat(self.bads, places)
        return Bins(self.cuts[starts[1:] - 1], goods, bads, self.prior)

    def place(self, column: Floats) -> NDArray[np.intp]:
        """The range of each value, (n,); k + 1 for a missing one."""
        return np.where(np.isnan(column), len(self.cuts) + 1, np.searchsorted(self.cuts, column, side="right"))

    def __call__(self, column: Floats) -> Floats:
        """The weight of evidence of each value, (n,)."""
        return np.asarray(self.woe[self.place(column)])


def steps(cuts: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Knots and values with which an `Additive` is exactly this step function.

    Parameters
    ----------
    cuts : (k,) ascending, none of them next to zero. values : (k + 1,) between and outside them.

    >>> knots, at = steps(np.array([2.0, 5.0]), np.array([7.0, 8.0, 9.0]))
    >>> knots.tolist(), at.tolist()
    ([1.9999999999999998, 2.0, 4.999999999999999, 5.0, 5.0], [7.0, 8.0, 8.0, 9.0, 9.0])
    """
    if not len(cuts):
        return np.zeros(2), np.repeat(values[:1], 2)
    knots = np.stack([np.nextafter(cuts, -np.inf), cuts], axis=1).ravel()
    at = np.stack([values[:-1], values[1:]], axis=1).ravel()
    # A function is read off at its last knot by going there from the one before, which rounds: repeated, it stands.
    return np.append(knots, knots[-1]), np.append(at, at[-1])


def _finest(values: Floats) -> tuple[Floats, NDArray[np.intp]]:
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


def _count(place: NDArray[np.intp], y: Floats, weight: Floats, size: int) -> Counts:
    bads = np.bincount(place, weight * y, minlength=size)
    return np.stack([np.bincount(place, weight, minlength=size) - bads, bads], axis=1).clip(0.0)


@dataclass(frozen=True)
class _Merging:
    """From many neighbouring ranges to few; what is handed about are the places where ranges start."""

    counts: Counts
    sizes: Floats
    cutting: Cutting
    least: int

    def best(self) -> NDArray[np.intp]:
        """The ranges in one direction if that costs little, else as they fall."""
        if not self.counts.any():  # no row has a value
            return np.zeros(1, np.intp)
        free = self._merge(np.arange(len(self.counts)))
        straight = min((self._merge(self._blocks(rising=rising)) for rising in (True, False)), key=self._cost)
        return straight if self._cost(straight) <= self._cost(free) + self.cutting.turn else free

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
            elif len(starts) <= self.cutting.most and loss.min() >= self.cutting.penalty:
                break
            starts = np.delete(starts, int(loss.argmin()) + 1)
        return starts

    def _cost(self, starts: NDArray[np.intp]) -> float:
        return float(_deviance(np.add.reduceat(self.counts, starts)).sum()) + self.cutting.penalty * len(starts)


def _deviance(counts: Counts) -> Floats:
    rows = counts.sum(axis=1)
    return np.asarray(2 * (xlogy(rows, rows) - xlogy(counts, counts).sum(axis=1)))
