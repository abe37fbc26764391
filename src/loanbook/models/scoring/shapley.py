"""Exact Shapley values of a tree ensemble, node by node."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.quadrature import gauss_legendre

if TYPE_CHECKING:
    from loanbook.models.scoring.trees import TreeEnsemble

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_NEARLY_NONE = 1e-300  # a branch that no training row took: as good as zero, and not to be feared below a fraction line


@dataclass(frozen=True)
class Branches:
    """The nodes of an ensemble, level by level from the roots, the two children of a node side by side.

    Parameters
    ----------
    column : (N,) column that the parent compares; 0 at a root, which fits every row.
    low, high, missing : (N,) what of that column leads here: low <= value < high, or nothing. A column that was
        compared further up as well has the interval that all its comparisons allow.
    share : (N,) share of the training rows that these comparisons of that column let through.
    parent : (N,) place of the parent; a root is its own.
    above : (N,) nearest place further up that compares the same column; the root when there is none.
    leaf : (N,) log-odds at a leaf, zero elsewhere.
    reach : (N,) share of the training rows that come here, by the shares of every comparison on the way.
    levels : first place of each level, and N.
    columns : most columns that are compared on one way.
    """

    column: Places
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    missing: NDArray[np.bool_]
    share: Floats
    parent: Places
    above: Places
    leaf: Floats
    reach: Floats
    levels: tuple[int, ...]
    columns: int

    @property
    def mean(self) -> float:
        """Sum over trees of the mean log-odds of their leaves, weighted as the training rows came there."""
        return float((self.leaf * self.reach).cumsum()[-1])

    @cached_property
    def points(self) -> tuple[tuple[float, float], ...]:
        return gauss_legendre(max(1, (self.columns + 1) // 2))

    @cached_property
    def _steps(self) -> tuple[tuple[slice, Places], ...]:
        """Each level below the roots, and the parents of its pairs."""
        ends = pairwise(self.levels[1:])
        return tuple((slice(start, end), self.parent[start:end:2]) for start, end in ends)

    def contributions(self, row: NDArray[np.float32], place: Places, count: int) -> Floats:
        """Shapley values of one row, (count,); see `TreeEnsemble.contributions` for the game.

        Each node's part goes to its `place` in them, (N,): its column, or that column's group.

        A leaf's product over its columns and all the products without one of them are not made leaf by leaf. At each
        point q the product of a node is its parent's times one factor (divided by the factor that an earlier comparison
        of the same column had brought); log-odds times products are summed from the leaves back up; and each node adds
        its sum, times what its comparison changes, to its column. (After Yu et al. 2022, Linear TreeSHAP, who carry
        polynomials where this carries their values at the points.)
        """
        seen = row[self.column]
        fits = ((seen >= self.low) & (seen < self.high)) | (np.isnan(seen) & self.missing)
        gap = fits - self.share
        moved, factor, earlier, below = np.zeros_like(gap), np.empty_like(gap), np.empty_like(gap), np.empty_like(gap)
        for point, weight in self.points:
            np.multiply(gap, point, out=factor)
            factor += self.share
            np.divide(factor, np.take(factor, self.above, out=earlier, mode="clip"), out=below)
            self._gather(below)
            np.divide(gap, factor, out=factor)
            factor -= np.take(factor, self.above, out=earlier, mode="clip")
            factor *= below
            factor *= weight
            moved += factor
        return np.bincount(place, moved, minlength=count).astype(np.float64, copy=False)

    def _gather(self, below: Floats) -> None:
        """Turn each node's own factor into the sum, over the leaves under it, of log-odds times product, in place."""
        for level, parents in self._steps:
            pairs = below[level].reshape(-1, 2)
            pairs *= below[parents][:, None]
        below *= self.leaf
        for level, parents in reversed(self._steps):
            below[parents] = below[level][0::2] + below[level][1::2]


def branches_of(trees: TreeEnsemble) -> Branches:
    """Lay the nodes of an ensemble out, and find what leads to each."""
    order, parent, levels = _by_level(trees)
    roots = np.arange(len(order)) < levels[1]
    upper = order[parent]
    left = trees.left[upper] == order
    column = np.where(roots, 0, trees.feature[upper]).astype(np.intp)
    above = _nearest(column, parent, levels[1])
    low = np.where(roots | left, np.float32(-np.inf), trees.threshold[upper])
    high = np.where(roots | ~left, np.float32(np.inf), trees.threshold[upper])
    missing = roots | (trees.missing_left[upper] == left)
    share = np.where(roots, 1.0, _parts(trees.cover[order], trees.cover[upper]))
    reach, columns = share.copy(), (~roots & (above < levels[1])).astype(np.intp)
    for start, end in pairwise(levels[1:]):
        here, before = slice(start, end), above[start:end]
        low[here] = np.maximum(low[here], low[before])
        high[here] = np.minimum(high[here], high[before])
        missing[here] &= missing[before]
        share[here] *= share[before]
        reach[here] *= reach[parent[here]]
        columns[here] += columns[parent[here]]
    leaf = np.where(trees.feature[order] < 0, trees.value[order], 0.0)
    share = np.maximum(share, _NEARLY_NONE)
    return Branches(column, low, high, missing, share, parent, above, leaf, reach, levels, int(columns.max()))


def _by_level(trees: TreeEnsemble) -> tuple[Places, Places, tuple[int, ...]]:
    """Node numbers level by level, the place of each one's parent, the first place of each level and the end."""
    level = trees.roots.astype(np.intp)
    order, parent, levels = [level], [np.arange(len(level))], [0, len(level)]
    while len(inner := np.flatnonzero(trees.feature[level] >= 0)):
        nodes = level[inner]
        parent.append(np.repeat(levels[-2] + inner, 2))
        level = np.stack([trees.left[nodes], trees.right[nodes]], axis=1).ravel().astype(np.intp)
        order.append(level)
        levels.append(levels[-1] + len(level))
    return np.concatenate(order), np.concatenate(parent), tuple(levels)


def _nearest(column: Places, parent: Places, roots: int) -> Places:
    """For each place the nearest one further up of the same column, or its root."""
    above = parent.copy()
    while (others := (column[above] != column) & (above >= roots)).any():
        above[others] = parent[above[others]]
    return above


def _parts(cover: Floats, of: Floats) -> Floats:
    """Share of a parent's training rows that a child has; half where the parent has none."""
    share: Floats = np.divide(cover, of, out=np.full(len(cover), 0.5), where=of > 0)
    return share
