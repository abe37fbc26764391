"""Trees cut into pieces so small that every outcome of a piece's comparisons can have its own table row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from loanbook.models.scoring.trees import TreeEnsemble

MOST_TESTS = 14  # of a piece: 16,384 rows
MOST_BYTES = 48 << 20  # of all tables of an ensemble
_MOST_NODES = 511  # a tree of more takes too much
_LOOKUP = 2.0  # finding a table row costs about as much as adding two numbers
_NUMBERS = 128.0  # so many numbers in a table cost, by the cache that they fill, as much as adding one


class _Test(NamedTuple):
    """low <= value < high, or missing where that counts; low is None where there is no bound."""

    column: int
    low: float | None
    high: float
    missing: bool


class _Way(NamedTuple):
    """What the comparisons of one column on a way down let through, and the share of training rows that they did."""

    low: float | None
    high: float | None
    missing: bool
    share: float


@dataclass(frozen=True)
class Pieces:
    """Subtrees, what is compared in each and on the way to it, and what its leaves need.

    Every `…_starts` has one entry more than there are owners; the things of owner i are those from starts[i] up to
    starts[i + 1].

    Parameters
    ----------
    column, low, high, missing : (tests,) low <= x[column] < high, or NaN where `missing`. low is -inf where there is no
        bound; then even NaN that counts as less than everything passes.
    test_starts : (pieces + 1,) of the tests. A pattern holds the outcome of a piece's first test in its lowest bit.
    slot_group, slot_starts : (slots,) and (pieces + 1,): the group that each number of a table row goes to.
    leaf_value, leaf_starts : (leaves,) log-odds, and (pieces + 1,).
    mask, want, share, slot, part_starts : (parts,) the columns on the way to each leaf, and (leaves + 1,). Column and
        pattern fit the leaf where pattern & mask == want; `share` of the training rows did; `slot` is its place in the
        table row.
    left_out : (trees,) trees that would need too much memory.
    """

    column: NDArray[np.intp]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    missing: NDArray[np.bool_]
    test_starts: NDArray[np.int64]
    slot_group: NDArray[np.intp]
    slot_starts: NDArray[np.int64]
    leaf_value: NDArray[np.float64]
    leaf_starts: NDArray[np.int64]
    mask: NDArray[np.uint32]
    want: NDArray[np.uint32]
    share: NDArray[np.float64]
    slot: NDArray[np.int64]
    part_starts: NDArray[np.int64]
    left_out: NDArray[np.bool_]

    @property
    def tests(self) -> NDArray[np.int64]:
        """(pieces,) number of tests of each."""
        return np.diff(self.test_starts)

    @property
    def slots(self) -> NDArray[np.int64]:
        """(pieces,) numbers in a row of each one's table."""
        return np.diff(self.slot_starts)

    @property
    def table_starts(self) -> NDArray[np.int64]:
        """(pieces + 1,) where each one's table begins, and the number of numbers."""
        return np.concatenate([[0], np.cumsum((1 << self.tests) * self.slots)]).astype(np.int64)


def cut(trees: TreeEnsemble, group_of: NDArray[np.intp]) -> Pieces:
    """Cut an ensemble.

    Each subtree is one piece, or it is what its two halves are cut into: whichever costs a row less. A piece costs its
    tests, the groups that it adds to, and some share of the cache. The trees whose tables are largest are left out
    where all would take more than MOST_BYTES. Pieces with equally many tests and slots stand together: a processor
    foresees the next piece's loops by the last one's.

    Parameters
    ----------
    trees : the ensemble.
    group_of : (width,) group of each column.
    """
    cutter = _Cutter(trees, group_of.tolist())
    cuts = [cutter.cut(root) for root in trees.roots.tolist()]
    size = np.array([found.size for found in cuts])
    order = np.argsort(size, kind="stable")
    left_out = np.empty(len(cuts), np.bool_)
    left_out[order] = size[order].cumsum() > MOST_BYTES / 8
    for found, out in zip(cuts, left_out.tolist(), strict=True):
        if not out:
            cutter.keep(found)
    return cutter.pieces(left_out)


class _Cut(NamedTuple):
    """A way to cut a subtree.

    cost : of one row. size : numbers in the tables. pieces : their upper nodes, and the ways there.
    """

    cost: float
    size: float
    pieces: list[tuple[int, dict[int, _Way]]]


class _Piece(NamedTuple):
    tests: list[_Test]
    slots: dict[int, int]
    leaves: list[float]
    parts: list[list[tuple[int, int, float, int]]]


class _Cutter:
    def __init__(self, trees: TreeEnsemble, group_of: list[int]) -> None:
        self.feature: list[int] = trees.feature.tolist()
        self.threshold: list[float] = trees.threshold.tolist()
        self.children = list(zip(trees.left.tolist(), trees.right.tolist(), strict=True))
        self.missing: list[bool] = trees.missing_left.tolist()
        self.value: list[float] = trees.value.tolist()
        self.cover: list[float] = trees.cover.tolist()
        self.group_of = group_of
        self.inner: dict[int, frozenset[_Test]] = {}
        self.leaves: dict[int, int] = {}
        self.kept: list[_Piece] = []

    def cut(self, root: int) -> _Cut:
        """The cheapest cut of a tree; of infinite size where it is too large."""
        if self.feature[root] < 0:
            return _Cut(0.0, 0.0, [])  # a leaf moves nothing
        if not self._note(root, _MOST_NODES):
            return _Cut(np.inf, np.inf, [])
        return self._best(root, {})

    def keep(self, found: _Cut) -> None:
        """Note the pieces of a cut."""
        for node, way in found.pieces:
            self._add(node, way)

    def _note(self, node: int, most: int) -> int:
        """Find the comparisons under each node; gives back what is left of `most` nodes, 0 when they were too many."""
        if self.feature[node] < 0 or most <= 0:
            self.inner[node], self.leaves[node] = frozenset(), 1
            return most
        left, right = self.children[node]
        most = self._note(right, self._note(left, most - 1))
        self.inner[node] = self.inner[left] | self.inner[right] | {self._comparison(node)}
        self.leaves[node] = self.leaves[left] + self.leaves[right]
        return max(most, 0)

    def _comparison(self, node: int) -> _Test:
        return _Test(self.feature[node], None, self.threshold[node], self.missing[node])

    def _best(self, node: int, way: dict[int, _Way]) -> _Cut:
        """The cheapest cut of the subtree at `node`."""
        tests = self.inner[node].union(*(map(_tests_of, way.keys(), way.values())))
        slots = len({self.group_of[test.column] for test in tests})
        size = float(slots << len(tests)) if len(tests) <= MOST_TESTS else np.inf
        whole = _Cut(len(tests) + slots + _LOOKUP + size / _NUMBERS, size, [(node, way)])
        if len(self.inner[node]) <= 1 or 1 << len(tests) <= self.leaves[node]:
            return whole  # there is no smaller cut; nor of a tree that asks one question a level
        one, other = (self._best(child, self._on(node, side, way)) for side, child in self._sides(node))
        halves = _Cut(one.cost + other.cost, one.size + other.size, one.pieces + other.pieces)
        return min(whole, halves, key=lambda found: found.cost)

    def _sides(self, node: int) -> tuple[tuple[bool, int], tuple[bool, int]]:
        left, right = self.children[node]
        return (True, left), (False, right)

    def _on(self, node: int, left: bool, way: dict[int, _Way]) -> dict[int, _Way]:
        """The way one comparison further."""
        column, cut = self.feature[node], self.threshold[node]
        low, high, missing, share = way.get(column, _Way(None, None, True, 1.0))
        child, cover = self.children[node][0 if left else 1], self.cover[node]
        share *= self.cover[child] / cover if cover > 0 else 0.5
        missing = missing and self.missing[node] == left
        if left:
            here = _Way(low, cut if high is None else min(high, cut), missing, share)
        else:
            here = _Way(cut if low is None else max(low, cut), high, missing, share)
        return {**way, column: here}

    def _add(self, node: int, way: dict[int, _Way]) -> None:
        """Keep a piece."""
        bits: dict[_Test, int] = {}
        fixed: dict[int, tuple[int, int]] = {}
        for column, passed in way.items():
            fixed[column] = (0, 0)
            for test, outcome in _tests_of(column, passed).items():
                fixed[column] = _also(fixed[column], bits.setdefault(test, len(bits)), outcome)
        self.kept.append(_Piece([], {}, [], []))
        self._descend(node, way, fixed, bits)
        self.kept[-1].tests.extend(bits)

    def _descend(
        self, node: int, way: dict[int, _Way], fits: dict[int, tuple[int, int]], bits: dict[_Test, int]
    ) -> None:
        if self.feature[node] < 0:
            self.kept[-1].leaves.append(self.value[node])
            self.kept[-1].parts.append(
                [(*fits[column], passed.share, self._slot(column)) for column, passed in way.items()]
            )
            return
        column = self.feature[node]
        bit = bits.setdefault(self._comparison(node), len(bits))
        for left, child in self._sides(node):
            further = {**fits, column: _also(fits.get(column, (0, 0)), bit, left)}
            self._descend(child, self._on(node, left, way), further, bits)

    def _slot(self, column: int) -> int:
        slots = self.kept[-1].slots
        return slots.setdefault(self.group_of[column], len(slots))

    def pieces(self, left_out: NDArray[np.bool_]) -> Pieces:
        """What was kept, as arrays."""
        kept = sorted(self.kept, key=lambda piece: (len(piece.tests), len(piece.slots)))
        tests = [test for piece in kept for test in piece.tests]
        of_leaves = [parts for piece in kept for parts in piece.parts]
        parts = [part for some in of_leaves for part in some]
        mask, want, share, slot = zip(*parts, strict=True) if parts else ((), (), (), ())
        return Pieces(
            column=np.array([test.column for test in tests], np.intp),
            low=np.array([-np.inf if test.low is None else test.low for test in tests], np.float32),
            high=np.array([test.high for test in tests], np.float32),
            missing=np.array([test.missing for test in tests], np.bool_),
            test_starts=_starts([piece.tests for piece in kept]),
            slot_group=np.array([group for piece in kept for group in piece.slots], np.intp),
            slot_starts=_starts([piece.slots for piece in kept]),
            leaf_value=np.array([value for piece in kept for value in piece.leaves], np.float64),
            leaf_starts=_starts([piece.leaves for piece in kept]),
            mask=np.array(mask, np.uint32),
            want=np.array(want, np.uint32),
            share=np.array(share, np.float64),
            slot=np.array(slot, np.int64),
            part_starts=_starts(of_leaves),
            left_out=left_out,
        )


def _tests_of(column: int, way: _Way) -> dict[_Test, bool]:
    """What has to be tested of a column to know whether a row goes this way, and the outcome that says so."""
    if way.high is None:  # then there is a lower bound
        return {_Test(column, None, way.low or 0.0, not way.missing): False}
    if way.low is None:
        return {_Test(column, None, way.high, way.missing): True}
    if way.missing:
        return {_Test(column, None, way.high, True): True, _Test(column, None, way.low, False): False}
    return {_Test(column, way.low, way.high, False): True}


_NEVER = (1, 2)
"""A mask and what is wanted under it, which no pattern has."""


def _also(fits: tuple[int, int], bit: int, outcome: bool) -> tuple[int, int]:
    """Mask and wanted bits, with one test more."""
    mask, want = fits
    if fits == _NEVER or (mask >> bit & 1 and (want >> bit & 1) != outcome):
        return _NEVER
    return mask | 1 << bit, want | int(outcome) << bit


def _starts(parts: Sequence[Collection[object]]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
