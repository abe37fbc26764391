"""What each group of columns moved: the one definition that a table, a row and the compiled path share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loanbook.models.scoring.base import Scorer
from loanbook.models.scoring.blend import Blend
from loanbook.models.scoring.curves import by_column
from loanbook.models.scoring.pieces import cut
from loanbook.models.scoring.shapley import Branches, branches_of
from loanbook.models.scoring.tables import Tables
from loanbook.models.scoring.trees import TreeEnsemble

Floats = NDArray[np.float64]


class Grouped(Protocol):
    """Contributions to a scorer's margin, by group."""

    def contributions(self, x: Floats) -> Floats:
        """(n, groups) log-odds for model rows (n, m)."""


@dataclass(frozen=True)
class ByColumn:
    """A scorer that knows columns; groups are their sums.

    group_of : (m,) group of each column. groups : their number.
    """

    scorer: Scorer
    group_of: NDArray[np.intp]
    groups: int

    def contributions(self, x: Floats) -> Floats:
        return by_column(self.scorer.contributions(x), self.group_of, self.groups)


@dataclass(frozen=True)
class OfTrees:
    """Trees: tables for those that are small enough, the walk of `Branches` for the others.

    tables : of the small ones. rest : the others; None where there are none. group_of : (m,) group of each column.
    """

    tables: Tables
    rest: Branches | None
    group_of: NDArray[np.intp]

    def contributions(self, x: Floats) -> Floats:
        seen = x.astype(np.float32)
        out = self.tables.contributions(seen)
        if self.rest is not None:
            for place, row in enumerate(seen):
                out[place] += self.rest.contributions(row, self.group_of[self.rest.column], self.tables.groups)
        return out

    @classmethod
    def of(cls, trees: TreeEnsemble, group_of: NDArray[np.intp], groups: int) -> OfTrees:
        """Cut an ensemble, and lay out what could not be cut."""
        pieces = cut(trees, group_of)
        rest = branches_of(replace(trees, roots=trees.roots[pieces.left_out])) if pieces.left_out.any() else None
        return cls(Tables(pieces, groups), rest, group_of)


@dataclass(frozen=True)
class Weighted:
    """Several, weighted and added up in their order."""

    weights: NDArray[np.float64]
    members: Sequence[Grouped]
    groups: int

    def contributions(self, x: Floats) -> Floats:
        out = np.zeros((len(x), self.groups))
        for weight, member in zip(self.weights, self.members, strict=True):
            out += weight * member.contributions(x)
        return out


def grouped(scorer: Scorer, group_of: NDArray[np.intp], groups: int) -> Grouped:
    """How a scorer's contributions are found by group.

    Parameters
    ----------
    scorer : whatever gives the margin.
    group_of : (m,) group of each column.
    groups : their number.
    """
    if isinstance(scorer, TreeEnsemble):
        return OfTrees.of(scorer, group_of, groups)
    if isinstance(scorer, Blend):
        return Weighted(scorer.weights, [grouped(member, group_of, groups) for member in scorer.members], groups)
    return ByColumn(scorer, group_of, groups)
