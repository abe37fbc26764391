"""A trained model in memory, as the structures of `kernel.c` have it.

All fields of these structures take eight bytes, so that a structure is a row of words: an int, a float, or the
address of an array. The order of the words is that of the fields in `kernel.c`; the order of the kinds is its enums'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.features.encodings import Ages, Block, Calendar, Lookup, Numbers, OneHot, Ratios, SameLevel
from loanbook.features.plan import Plan
from loanbook.models.compiled.library import Library
from loanbook.models.scoring import Additive, Blend, Calibration, Network, Output, Pairs, Scorer, TreeEnsemble
from loanbook.models.scoring.amounts import Amounts
from loanbook.models.scoring.curves import Curves
from loanbook.models.scoring.grouped import Grouped, OfTrees, Weighted
from loanbook.models.scoring.pieces import Pieces
from loanbook.models.scoring.quadrature import gauss_legendre
from loanbook.models.scoring.shapley import Branches

Ints = NDArray[np.int64]
Word = int | float | NDArray[Any]

BLOCK = 64
"""Rows that go through the trees together, as in `kernel.c`."""

NUMBER, FLAG, RATIO, MONTH, WEEKDAY, AGE, CATEGORY, DIGITS, ONE_HOT, SAME = range(10)
ADDITIVE, PAIRS, TREES, NETWORK, BLEND = range(5)
PROBABILITY, AMOUNT = range(2)

_LAST = np.uint32(0xFFFFFFFF)
_NODE = np.dtype([(name, np.uint32) for name in ("threshold", "column", "left", "right")])
_TEST = np.dtype([(name, np.uint32) for name in ("column", "low", "span")])
_LEAF = np.dtype([("value", np.float64), ("parts", np.int64), ("part", np.int64)])
_PART = np.dtype([("mask", np.uint32), ("want", np.uint32), ("share", np.float64), ("slot", np.int64)])


class Unknown(Exception):
    """There is a block, a scorer or an output that the kernel does not know."""


class Layout:
    """A model that the kernel can read.

    Parameters
    ----------
    library : builds the tables of trees.
    plan, scorer, output : of the model.
    moved : how the scorer's contributions are found by group; None leaves the tables of trees out.

    Attributes
    ----------
    address : of the `Model`.
    width, groups : columns of a model row, and numbers of a contribution.
    work : numbers of memory that a call wants.

    Raises
    ------
    Unknown : the kernel cannot read it.
    """

    def __init__(self, library: Library, plan: Plan, scorer: Scorer, output: Output, moved: Grouped | None) -> None:
        self._library = library
        self._kept: list[NDArray[Any]] = []  # what the structures point to
        self.width, self.groups = len(plan.features), len(plan.groups)
        kind, of, work = self._scorer(scorer, moved)
        parts = (*_plan(plan), kind, of, *_output(output), self.groups, plan.group_of.astype(np.int64))
        self.address = self._struct(*parts, scorer.base, int(_has_trees(scorer)))
        self.work = len(plan.fields) + BLOCK * self.width + work

    def _struct(self, *words: Word) -> int:
        """Lay a structure out; its address."""
        return self._keep(np.array([self._bits(word) for word in words], np.int64))

    def _bits(self, word: Word) -> int:
        if isinstance(word, np.ndarray):
            return self._keep(word)
        return int(np.float64(word).view(np.int64)) if isinstance(word, float) else word

    def _keep(self, array: NDArray[Any]) -> int:
        self._kept.append(np.ascontiguousarray(array))
        return int(self._kept[-1].ctypes.data)

    def _scorer(self, scorer: Scorer, moved: Grouped | None) -> tuple[int, int, int]:
        """A `Scorer`, and the numbers of memory that it wants for work."""
        if isinstance(scorer, TreeEnsemble):
            of = moved if isinstance(moved, OfTrees) else None
            rest = 0 if of is None or of.rest is None else 5 * len(of.rest.column) + self.groups
            return TREES, self._trees(scorer, of), max(rest, BLOCK * self.groups)
        if isinstance(scorer, Blend):
            of_members = moved.members if isinstance(moved, Weighted) else [None] * len(scorer.members)
            found = [self._scorer(*pair) for pair in zip(scorer.members, of_members, strict=True)]
            members = np.array([part[:2] for part in found], np.int64)
            address = self._struct(scorer.intercept, len(found), scorer.weights, members)
            return BLEND, address, BLOCK * max(self.groups, 1) + max((part[2] for part in found), default=0)
        if isinstance(scorer, Additive):
            return ADDITIVE, self._struct(scorer.intercept, scorer.width, scorer.means, *_curves(scorer)), self.width
        if isinstance(scorer, Pairs):
            return PAIRS, self._struct(*_pairs(scorer)), self.width
        if isinstance(scorer, Network):
            units = scorer.first_bias.size + scorer.second_bias.size + len(scorer.columns)
            return NETWORK, self._struct(*_network(scorer)), self.width + units
        raise Unknown(type(scorer).__name__)

    def _trees(self, trees: TreeEnsemble, moved: OfTrees | None) -> int:
        nodes = _nodes(trees), trees.roots.astype(np.uint32), _depths(trees), trees.value.astype(np.float64)
        start = trees.base_margin, trees.width, len(trees.roots)
        if moved is None:
            return self._struct(*start, 0, *nodes)
        pieces = moved.tables.pieces
        branches = 0 if moved.rest is None else self._struct(*_branches(moved.rest))
        table = np.zeros(int(pieces.table_starts[-1]))
        starts = (pieces.test_starts, pieces.slot_starts, pieces.leaf_starts, pieces.table_starts)
        piece = np.stack(
            [pieces.tests, pieces.slots, np.diff(pieces.leaf_starts), *(some[:-1] for some in starts)], axis=1
        )
        looked_up = piece.astype(np.int64), _tests(pieces, trees.width), pieces.slot_group.astype(np.uint32), table
        address = self._struct(*start, len(piece), *nodes, *looked_up, branches)
        self._fill(address, pieces)
        return address

    def _fill(self, trees: int, pieces: Pieces) -> None:
        """Have the tables of a `Trees` made."""
        counts = np.diff(pieces.part_starts)
        most = int(counts.max(initial=0))
        leaf = _records(_LEAF, value=pieces.leaf_value, parts=counts, part=pieces.part_starts[:-1])
        part = _records(_PART, mask=pieces.mask, want=pieces.want, share=pieces.share, slot=pieces.slot)
        points = [gauss_legendre(max(1, (count + 1) // 2)) for count in range(most + 1)]
        point, weight = (np.array([pair[side] for some in points for pair in some]) for side in (0, 1))
        starts = np.concatenate([[0], np.cumsum([len(some) for some in points])]).astype(np.int64)
        work = np.empty(((1 << most) + 3) * max(most, 1))
        places = (array.ctypes.data for array in (leaf, part, starts, point, weight))
        self._library.free.loanbook_tables(trees, *places, most, work.ctypes.data)


# --- the feature plan ------------------------------------------------------------------------------------------------


def _plan(plan: Plan) -> tuple[Word, ...]:
    numbers: list[float] = []
    columns = [column for block in plan.blocks for column in _columns(block, numbers)]
    starts = np.concatenate([[0], np.cumsum([len(values) for values in plan.specials])]).astype(np.int64)
    special = np.array([value for values in plan.specials for value in values], np.float64)
    return len(plan.fields), len(columns), np.array(columns, np.int64), np.array(numbers, np.float64), starts, special


def _column(
    kind: int, a: int, b: int = 0, *, table: tuple[int, int] = (0, 0), keys: tuple[int, int] = (0, 0), by: int = 1
) -> Ints:
    """A `Column`; table and keys: where they begin and how many they are."""
    return np.array([kind, a, b, *table, *keys, np.float64(by).view(np.int64)], np.int64)


def _columns(block: Block, numbers: list[float]) -> Iterable[Ints]:
    """A `Column` for each feature of a block; what it looks up goes to the end of `numbers`."""
    if type(block) not in _BLOCKS:
        raise Unknown(type(block).__name__)
    return _BLOCKS[type(block)](block, numbers)


def _numbers(block: Numbers, _numbers: list[float]) -> Iterable[Ints]:
    yield from (_column(NUMBER, at) for at in block.positions)
    yield from (_column(FLAG, at) for at in block.flagged)


def _ratios(block: Ratios, _numbers: list[float]) -> Iterable[Ints]:
    return (_column(RATIO, above, below) for above, below in zip(block.above, block.below, strict=True))


def _calendar(block: Calendar, _numbers: list[float]) -> Iterable[Ints]:
    return (_column(kind, block.position) for kind in (MONTH, WEEKDAY))


def _ages(block: Ages, _numbers: list[float]) -> Iterable[Ints]:
    return (_column(AGE, block.decision, at) for at in block.positions)


def _lookup(block: Lookup, numbers: list[float]) -> Iterable[Ints]:
    for at, divisor, keys, table in zip(block.positions, block.divisors, block.keys, block.tables, strict=True):
        of, known = _added(numbers, table), _added(numbers, keys)
        yield _column(DIGITS if divisor else CATEGORY, at, table=of, keys=known, by=divisor)


def _one_hot(block: OneHot, _numbers: list[float]) -> Iterable[Ints]:
    return (_column(ONE_HOT, at, level) for at, level in zip(block.positions, block.levels, strict=True))


def _same_level(block: SameLevel, numbers: list[float]) -> Iterable[Ints]:
    for first, second, table in zip(block.first, block.second, block.translate, strict=True):
        yield _column(SAME, first, second, table=_added(numbers, table))


_BLOCKS: dict[type, Callable[[Any, list[float]], Iterable[Ints]]] = {
    Numbers: _numbers,
    Ratios: _ratios,
    Calendar: _calendar,
    Ages: _ages,
    Lookup: _lookup,
    OneHot: _one_hot,
    SameLevel: _same_level,
}


def _added(numbers: list[float], some: Iterable[float]) -> tuple[int, int]:
    start = len(numbers)
    numbers.extend(some)
    return start, len(numbers) - start


# --- scorers ---------------------------------------------------------------------------------------------------------


def _has_trees(scorer: Scorer) -> bool:
    return isinstance(scorer, TreeEnsemble) or (isinstance(scorer, Blend) and any(map(_has_trees, scorer.members)))


def _records(kind: np.dtype[Any], **columns: NDArray[Any]) -> NDArray[Any]:
    first = next(iter(columns.values()))
    out = np.empty(len(first), kind)
    for name, values in columns.items():
        out[name] = values
    return out


def _keys(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    """float32 as unsigned numbers in the same order; -0 is 0."""
    bits = (values + np.float32(0)).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))


def _nodes(trees: TreeEnsemble) -> NDArray[Any]:
    """`Node`s: a column where missing is below all, or the same one `width` later, where it is above all."""
    leaf, node = trees.feature < 0, np.arange(len(trees.feature))
    column = trees.feature + np.where(trees.missing_left, 0, trees.width)
    return _records(
        _NODE,
        threshold=np.where(leaf, _LAST, _keys(trees.threshold)),
        column=np.where(leaf, 0, column),
        left=np.where(leaf, node, trees.left),
        right=np.where(leaf, node, trees.right),
    )


def _depths(trees: TreeEnsemble) -> NDArray[np.uint32]:
    """(T,) comparisons on the longest way down each tree."""
    depth, level, tree = np.zeros(len(trees.roots), np.uint32), trees.roots, np.arange(len(trees.roots))
    while (inner := trees.feature[level] >= 0).any():
        level, tree = level[inner], tree[inner]
        depth[tree] += np.uint32(1)  # once for each tree: the buffered sum counts repeats as one
        level, tree = np.concatenate([trees.left[level], trees.right[level]]), np.concatenate([tree, tree])
    return depth


def _tests(pieces: Pieces, width: int) -> NDArray[Any]:
    """`Test`s; see `_nodes` for the columns."""
    open_ = np.isneginf(pieces.low)
    low = np.where(open_, np.uint32(0), _keys(pieces.low))
    high = np.maximum(_keys(pieces.high), low)
    return _records(_TEST, column=pieces.column + np.where(pieces.missing, 0, width), low=low, span=high - low)


def _branches(rest: Branches) -> tuple[Word, ...]:
    point, weight = (np.array([pair[side] for pair in rest.points]) for side in (0, 1))
    places = (places.astype(np.int64) for places in (rest.column, rest.parent, rest.above))
    limits = (rest.low.astype(np.float32), rest.high.astype(np.float32), rest.missing.astype(np.uint8))
    return len(rest.column), rest.levels[1], len(point), *places, *limits, rest.share, rest.leaf, point, weight


def _curves(of: Additive | Network) -> tuple[Word, ...]:
    curves = Curves(of.columns, of.knots, of.values, of.missing)
    return (
        *curves.knots.shape,
        curves.columns.astype(np.int64),
        curves.knots,
        curves.values,
        curves.slopes,
        curves.missing,
    )


def _pairs(pairs: Pairs) -> tuple[Word, ...]:
    cut = (pairs.columns.astype(np.int64), pairs.starts.astype(np.int64), pairs.cuts)
    terms = (pairs.first, pairs.second, pairs.offsets, pairs.bins[pairs.second])
    found = (term.astype(np.int64) for term in terms)
    return pairs.intercept, pairs.width, len(pairs.first), *cut, *found, pairs.values, pairs.means


def _network(network: Network) -> tuple[Word, ...]:
    _, networks, a = network.first.shape
    layers = (network.first, network.first_bias, network.second, network.second_bias, network.last, network.last_bias)
    there = network.at_reference
    sizes = network.width, networks, a, network.second.shape[2]
    return *sizes, network.reference, *layers, there.first, there.second, *_curves(network)


# --- the output ------------------------------------------------------------------------------------------------------


def _output(output: Output) -> tuple[Word, ...]:
    if isinstance(output, Calibration):
        line = output.line
        start = PROBABILITY, len(line.knots), len(output.cuts)
        return *start, line.knots, line.values, line.slopes, output.cuts, output.low, output.high, 0.0
    if isinstance(output, Amounts):
        return AMOUNT, 0, len(output.cuts), 0, 0, 0, output.cuts, output.low, output.high, output.shift
    raise Unknown(type(output).__name__)
