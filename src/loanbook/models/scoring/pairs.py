"""Tables of one and of two columns, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.base import Arrays

Floats = NDArray[np.float64]
Cuts = tuple[int, Sequence[float]]
"""A column, and the values at which it is cut, ascending."""

_ALONE = -1
_ROWS_AT_ONCE = 4096  # keeps rows x terms within the cache


@dataclass(frozen=True)
class Pairs:
    """margin(x) = intercept + the sum over terms of a table looked up by one column, or by two.

    A cut column has a bin for the missing (0), one below its first cut, one from each cut on. What a pair of columns
    adds is split between them in halves: its Shapley value in the game in which a term counts once all its columns are
    known.

    Parameters
    ----------
    intercept : log-odds where every table is zero.
    columns : (v,) column of x that is cut. A column may be cut in two ways, finely for itself, coarsely for pairs.
    cuts : all cuts, one cut column after the other. starts : (v + 1,) where each one's begin, and their number.
    first, second : (t,) which cut column each term looks up; second is -1 in a term of one column.
    values : all tables, one after the other, row by row: (bins of first x bins of second) log-odds.
    means : (t,) mean of each term over the training rows; contributions are measured from it.
    width : number of columns of x.

    >>> terms = [((0,), [0.0, -1.0, 1.0]), ((0, 1), [[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, -2.0]])]
    >>> score = Pairs.of(-1.0, [(0, [5.0]), (1, [0.0])], terms, means=[0.5, 0.0], width=2)
    >>> score.margin(np.array([[4.0, -1.0], [5.0, 0.0], [np.nan, 0.0]])).tolist()
    [0.0, -2.0, -1.0]
    >>> score.base, score.contributions(np.array([[4.0, -1.0]])).tolist()
    (-0.5, [[-0.5, 1.0]])
    """

    kind: ClassVar[str] = "pairs"

    intercept: float
    columns: NDArray[np.int64]
    cuts: Floats
    starts: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    values: Floats
    means: Floats
    width: int

    @classmethod
    def of(
        cls,
        intercept: float,
        cut: Sequence[Cuts],
        terms: Sequence[tuple[tuple[int, ...], Any]],
        *,
        means: Sequence[float],
        width: int,
    ) -> Pairs:
        """Put the tables together.

        Parameters
        ----------
        cut : the columns as they are cut.
        terms : for each, one or two places in `cut`, and the table with a dimension for each of them.
        means : of each term over the training rows.

        Raises
        ------
        ValueError : a table has not one entry for each bin.
        """
        for places, table in terms:
            bins = tuple(len(cut[place][1]) + 2 for place in places)
            if np.shape(table) != bins:
                raise ValueError(f"a table of {np.shape(table)} stands where the cuts make {bins}")
        return cls(
            intercept=float(intercept),
            columns=np.array([column for column, _ in cut], np.int64),
            cuts=np.array([at for _, cuts in cut for at in cuts], np.float64),
            starts=np.cumsum([0, *(len(cuts) for _, cuts in cut)], dtype=np.int64),
            first=np.array([places[0] for places, _ in terms], np.int64),
            second=np.array([(*places, _ALONE)[1] for places, _ in terms], np.int64),
            values=np.concatenate([np.empty(0), *(np.ravel(table) for _, table in terms)]),
            means=np.array(means, np.float64),
            width=width,
        )

    @property
    def base(self) -> float:
        return float(self.intercept + self.means.cumsum()[-1]) if len(self.means) else self.intercept

    @cached_property
    def bins(self) -> NDArray[np.int64]:
        """Bins of each cut column, and 1 for the second column of a term that has none."""
        return np.append(np.diff(self.starts) + 2, 1)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        sizes = self.bins[self.first] * self.bins[self.second]
        starts: NDArray[np.int64] = np.cumsum(sizes) - sizes
        return starts

    def _placed(self, x: Floats) -> NDArray[np.intp]:
        """Return the bin of each row in each cut column, (n, v + 1); the last is for terms of one column, all 0."""
        out = np.zeros((len(x), len(self.columns) + 1), np.intp)
        for place, at in enumerate(self.columns):
            column = x[:, at]
            found = np.searchsorted(self.cuts_of(place), column, side="right") + 1
            out[:, place] = np.where(np.isnan(column), 0, found)
        return out

    def terms(self, x: Floats) -> Floats:
        """Return what each term says of each row, in log-odds, (n, t)."""
        out = np.empty((len(x), len(self.first)))
        for start in range(0, len(x), _ROWS_AT_ONCE):
            bins = self._placed(x[start : start + _ROWS_AT_ONCE])
            cell = self.offsets + bins[:, self.first] * self.bins[self.second] + bins[:, self.second]
            out[start : start + _ROWS_AT_ONCE] = self.values[cell]
        return out

    def margin(self, x: Floats) -> Floats:
        """Log-odds of bad, (n,), for x of shape (n, width)."""
        if not len(self.first):
            return np.full(len(x), self.intercept)
        # cumsum adds from left to right for any number of rows; sum may not.
        return self.intercept + self.terms(x).cumsum(axis=1)[:, -1]

    def contributions(self, x: Floats) -> Floats:
        """Return what each column added to `base`, (n, width)."""
        moved = self.terms(x) - self.means
        alone = self.second == _ALONE
        halves = np.where(alone, 1.0, 0.5) * moved
        out = np.zeros((len(x), self.width))
        for term, (one, other) in enumerate(zip(self.first, self.second, strict=True)):
            out[:, self.columns[one]] += halves[:, term]
            if other != _ALONE:
                out[:, self.columns[other]] += halves[:, term]
        return out

    def table(self, term: int) -> tuple[list[int], Floats]:
        """Return the cut columns that a term looks up, one or two, and its table with a dimension for each."""
        places = [int(place) for place in (self.first[term], self.second[term]) if place != _ALONE]
        bins = self.bins[places]
        start = self.offsets[term]
        return places, self.values[start : start + bins.prod()].reshape(bins)

    def cuts_of(self, place: int) -> Floats:
        """Return where a cut column is cut, ascending."""
        return self.cuts[self.starts[place] : self.starts[place + 1]]

    def to_arrays(self) -> Arrays:
        return {
            "intercept": np.array(self.intercept),
            "columns": self.columns,
            "cuts": self.cuts,
            "starts": self.starts,
            "first": self.first,
            "second": self.second,
            "values": self.values,
            "means": self.means,
            "width": np.array(self.width),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Pairs:
        """Rebuild what `to_arrays` took apart."""
        plain = {name: arrays[name] for name in _PLAIN}
        return cls(intercept=float(arrays["intercept"]), width=int(arrays["width"]), **plain)


_PLAIN = ("columns", "cuts", "starts", "first", "second", "values", "means")
