"""A column cut into a few ranges, each with its weight of evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from loanbook.models.risk.base import Floats
from loanbook.models.risk.merging import Counts, Merging, finest


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
        cuts, place = finest(column[~empty])
        counts = _count(place, y[~empty], weight[~empty], len(cuts) + 1)
        sizes = np.bincount(place, minlength=len(cuts) + 1).astype(np.float64)
        least = math.ceil(cutting.least_share * len(column))
        starts = Merging(counts, sizes, cutting.penalty, cutting.turn, least, cutting.most).best()
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


def _count(place: NDArray[np.intp], y: Floats, weight: Floats, size: int) -> Counts:
    bads = np.bincount(place, weight * y, minlength=size)
    return np.stack([np.bincount(place, weight, minlength=size) - bads, bads], axis=1).clip(0.0)
