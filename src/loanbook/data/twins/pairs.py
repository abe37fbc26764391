"""Pairs of points that lie nearer to each other than the points around them say, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_NEAR, _FAR = 5, 25  # marks whose distances say how densely points lie, and of how many dimensions they are
_MARKS = 1_500
_BLOCK = 1_024


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows, each once.

    one, other : (p,) row numbers, the smaller first.
    chance : (p,) how many other points would be expected as near as that, had the points been scattered as they are
        further out; the larger figure of the two.
    """

    one: Rows
    other: Rows
    chance: Floats

    def take(self, kept: NDArray[np.bool_]) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.one[kept], self.other[kept], self.chance[kept])

    def rows(self, chance: float) -> Rows:
        """Rows in a pair of at most this chance."""
        kept = self.chance <= chance
        return np.unique(np.concatenate([self.one[kept], self.other[kept]]))


def near_pairs(at: Floats, most: float, seed: int = 0) -> Pairs:
    """Find pairs of points that are nearer than they should be.

    Some points, about 4 times the root of their number and 1,500 at most, are drawn as marks. The distances from a
    point to its 5th and 25th nearest mark say how densely and in how many dimensions points lie around it (as in
    Levina and Bickel 2004), and with that how many to expect within any smaller distance. Neighbours are looked for
    among the points that share one of their two nearest marks (the inverted lists of Sivic and Zisserman 2003), so
    time grows with n to the power of 3/2, above 140,000 points faster. A pair that lies across the border of two such
    cells may be missed.

    Parameters
    ----------
    at : (n, m) points, no two the same; n at least 100.
    most : largest chance.
    seed : of the marks.
    """
    count = min(_MARKS, max(100, int(4 * np.sqrt(len(at)))))
    marks = np.random.default_rng(seed).permutation(len(at))[:count]
    nearest, inner, dimensions = _around(at, np.sort(marks))
    expected = _NEAR * len(at) / count
    with np.errstate(divide="ignore"):
        reach = inner * (most / expected) ** (1.0 / dimensions)
    found = [part for rows in _cells(nearest, count) for part in _within(at[rows], reach[rows], rows)]
    ends, distance = np.concatenate([pair for pair, _ in found]), np.concatenate([far for _, far in found])
    _, first = np.unique(ends[:, 0] * len(at) + ends[:, 1], return_index=True)
    ends, distance = ends[first], distance[first]
    chance = expected * (distance[:, None] / inner[ends]) ** dimensions[ends]
    return Pairs(ends[:, 0], ends[:, 1], chance.max(axis=1))


def _around(at: Floats, marks: Rows) -> tuple[Rows, Floats, Floats]:
    """Two nearest marks (n, 2), distance to the 5th (n,), and dimensions (n,), at most their median."""
    points = at.astype(np.float32)
    square = (points * points).sum(axis=1)
    nearest = np.empty((len(at), 2), np.intp)
    far = np.empty((len(at), 2))
    for start in range(0, len(at), _BLOCK):
        part = slice(start, start + _BLOCK)
        apart = square[part, None] + square[marks] - 2.0 * points[part] @ points[marks].T
        nearest[part] = np.argpartition(apart, 1, axis=1)[:, :2]
        far[part] = np.partition(apart, (_NEAR, _FAR), axis=1)[:, [_NEAR, _FAR]]
    inner, outer = np.sqrt(np.maximum(far, 1e-12)).T
    with np.errstate(divide="ignore"):
        dimensions = np.log(_FAR / _NEAR) / np.log(outer / inner)
    return nearest, inner, np.minimum(dimensions, min(float(np.median(dimensions)), 100.0))


def _cells(nearest: Rows, marks: int) -> Iterator[Rows]:
    """Rows that share one of their two nearest marks."""
    order = np.argsort(nearest.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(nearest.ravel(), minlength=marks))[:-1]
    yield from np.split(order // 2, ends)


def _within(at: Floats, reach: Floats, rows: Rows) -> Iterator[tuple[Rows, Floats]]:
    """Pairs (p, 2) of a cell's rows in reach of each other, and their distances (p,), a block of rows at a time."""
    square = (at * at).sum(axis=1)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        apart = np.maximum(square[part, None] + square - 2.0 * at[part] @ at.T, 0.0)
        one, other = np.nonzero(np.triu(apart <= np.minimum(reach[part, None], reach) ** 2, start + 1))
        yield np.sort(np.column_stack([rows[start + one], rows[other]]), axis=1), np.sqrt(apart[one, other])
