"""Exact Shapley values of a tree ensemble, looked up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.pieces import Pieces
from loanbook.models.scoring.quadrature import gauss_legendre

Floats = NDArray[np.float64]

_ROWS_AT_ONCE = 64  # keeps rows x slots within the cache


@dataclass(frozen=True)
class Tables:
    """For each piece and each pattern of outcomes of its tests what its leaves add to each group.

    A leaf's Shapley values depend on a row only through which of the columns on its way fit
    (`TreeEnsemble.contributions` has the game), and that only through the outcomes of the piece's few tests. So they
    are worked out once for every pattern (128 where a whole tree of depth 3 is one piece) and added up over the leaves.
    A row then costs its comparisons, and for each piece one table row.

    Parameters
    ----------
    pieces : what an ensemble was cut into.
    groups : number of groups.
    """

    pieces: Pieces
    groups: int

    @cached_property
    def values(self) -> Floats:
        """All tables, one after the other: for each pattern a number for each slot."""
        pieces, starts = self.pieces, self.pieces.table_starts
        out = np.zeros(int(starts[-1]))
        for at, (tests, slots) in enumerate(zip(pieces.tests.tolist(), pieces.slots.tolist(), strict=True)):
            table = out[starts[at] : starts[at + 1]].reshape(1 << tests, slots)
            for leaf in range(pieces.leaf_starts[at], pieces.leaf_starts[at + 1]):
                self._add_leaf(leaf, table)
        return out

    def _add_leaf(self, leaf: int, table: Floats) -> None:
        pieces = self.pieces
        parts = slice(pieces.part_starts[leaf], pieces.part_starts[leaf + 1])
        pattern = np.arange(len(table), dtype=np.uint32)[:, None]
        fits = (pattern & pieces.mask[parts]) == pieces.want[parts]
        which = (fits << np.arange(fits.shape[1])).sum(axis=1)
        moved = _of_leaf(float(pieces.leaf_value[leaf]), pieces.share[parts])[which]
        for part, slot in enumerate(pieces.slot[parts].tolist()):
            table[:, slot] += moved[:, part]

    @cached_property
    def _of_slot(self) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
        """For each slot its piece, the numbers in a row of that piece's table, and where it stands in the first row."""
        pieces = self.pieces
        piece = np.repeat(np.arange(len(pieces.slots)), pieces.slots)
        offset = np.arange(len(piece)) - pieces.slot_starts[piece]
        return piece, pieces.slots[piece], pieces.table_starts[piece] + offset

    @cached_property
    def _weights(self) -> NDArray[np.int64]:
        """What each test that passes adds to its piece's pattern."""
        tests = self.pieces.tests
        return 1 << (np.arange(tests.sum()) - np.repeat(self.pieces.test_starts[:-1], tests))

    def contributions(self, x: NDArray[np.float32]) -> Floats:
        """What each group added, (n, groups), for x of shape (n, width)."""
        out = np.zeros((len(x), self.groups))
        if not len(self.pieces.slot_group):
            return out
        for start in range(0, len(x), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            out[rows] = self._some(x[rows])
        return out

    def _some(self, x: NDArray[np.float32]) -> Floats:
        pieces = self.pieces
        seen = x[:, pieces.column]
        passed = ((seen >= pieces.low) & (seen < pieces.high)) | (np.isnan(seen) & pieces.missing)
        pattern = np.add.reduceat(passed * self._weights, pieces.test_starts[:-1], axis=1)
        piece, width, first = self._of_slot
        found = self.values[first + pattern[:, piece] * width]
        place = np.arange(len(x))[:, None] * self.groups + pieces.slot_group
        # bincount adds from left to right, one row after the other.
        sums = np.bincount(place.ravel(), found.ravel(), minlength=len(x) * self.groups)
        return sums.astype(np.float64, copy=False).reshape(len(x), self.groups)


def _of_leaf(value: float, share: Floats) -> Floats:
    """Shapley values of a leaf for each set of fitting columns, (2^k, k), for (k,) shares."""
    count = len(share)
    fits = (np.arange(1 << count)[:, None] >> np.arange(count) & 1).astype(np.float64)
    gap = fits - share
    total = np.zeros_like(gap)
    for point, weight in gauss_legendre(max(1, (count + 1) // 2)):
        factor = share + point * gap
        before, after = np.ones_like(factor), np.ones_like(factor)
        for at in range(1, count):
            before[:, at] = before[:, at - 1] * factor[:, at - 1]
            after[:, -1 - at] = after[:, -at] * factor[:, -at]
        total += weight * (before * after)
    return np.asarray(value * gap * total)
