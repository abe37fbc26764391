"""The feature plan: everything between the contract's codes and the matrix that a model sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loanbook.data.contract import Contract
from loanbook.features.encodings import Block, Feature, Lookup, Matrix, block_from_json, block_to_json
from loanbook.features.fitting import fit_blocks
from loanbook.features.groups import Group
from loanbook.features.lookups import weight_tables
from loanbook.features.training import Training, special_codes

_FOLDS = 5
_COMMON_ROWS = 100  # a level with so many rows keeps its one weight: one row's own outcome hardly moves it


@dataclass(frozen=True)
class Plan:
    """A fitted list of blocks, applied to the contract's codes.

    Parameters
    ----------
    fields : the contract's field names, in its order.
    specials : for each field, the numbers that stand for "nothing" in it, such as 9999.
    blocks : what makes the columns.
    groups : the columns that are named together in a reason, in the order of their first column.
    """

    fields: tuple[str, ...]
    specials: tuple[tuple[float, ...], ...]
    blocks: tuple[Block, ...]
    groups: tuple[Group, ...]

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        return tuple(feature for block in self.blocks for feature in block.features)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @cached_property
    def group_of(self) -> NDArray[np.intp]:
        """(m,) position of each column's group."""
        place = {group.name: position for position, group in enumerate(self.groups)}
        return np.array([place[feature.group] for feature in self.features], np.intp)

    def transform(self, codes: Matrix) -> Matrix:
        """Model rows, (n, m), for codes of shape (n, fields); the same bits for any n."""
        clean = self._without_specials(codes)
        return np.hstack([block.apply(clean) for block in self.blocks])

    def _without_specials(self, codes: Matrix) -> Matrix:
        clean = codes.copy()
        for position, values in enumerate(self.specials):
            for value in values:
                clean[clean[:, position] == value, position] = np.nan
        return clean

    @classmethod
    def fit(
        cls,
        contract: Contract,
        codes: Matrix,
        bad: NDArray[np.float64],
        *,
        time: str | None = None,
        amount: str | None = None,
        seed: int = 0,
    ) -> tuple[Plan, Matrix]:
        """Fit on training rows, and give the model rows to train on.

        The weights of evidence of a training row come from the other folds, so that a model does not see a row's own
        outcome in its features; rows that come later get the weights of all training rows. Common levels have one
        weight throughout: five nearly equal ones would tell the folds apart, and a fold's own bad rate is just what
        its weight leaves out.

        Parameters
        ----------
        contract : whose codes these are.
        codes : (n, fields) training rows.
        bad : (n,) 1 where the loan went bad, else 0.
        time : field that dates the decision, if any.
        amount : field that is the exposure, if any.
        seed : of the folds.

        Returns
        -------
        The plan, and (n, m) model rows of the training rows.
        """
        # Only numbers have special codes: the -1 of a category is its pool of rare and new levels.
        specials = tuple(
            special_codes(column) if field.kind in ("integer", "decimal") else ()
            for field, column in zip(contract.fields, codes.T, strict=True)
        )
        plan = cls(contract.names, specials, (), ())
        training = Training(contract, plan._without_specials(codes), bad, time, amount)
        blocks, groups = fit_blocks(training)
        plan = cls(contract.names, specials, blocks, groups)
        return plan, plan._out_of_fold(training, seed)

    def _out_of_fold(self, training: Training, seed: int) -> Matrix:
        fold = np.random.default_rng(seed).permutation(len(training.bad)) % _FOLDS
        made = []
        for block in self.blocks:
            x = block.apply(training.codes)
            if isinstance(block, Lookup) and block.by_outcome:
                levels = block.levels(training.codes)
                rare = [np.bincount(column)[column] < _COMMON_ROWS for column in levels.T]
                for out in range(_FOLDS):
                    tables = weight_tables(levels[fold != out], training.bad[fold != out], block.tables)
                    for column, table in enumerate(tables):
                        rows = (fold == out) & rare[column]
                        x[rows, column] = table[levels[rows, column]]
            made.append(x)
        return np.hstack(made)

    def to_json(self) -> dict[str, Any]:
        return {
            "fields": list(self.fields),
            "specials": [list(values) for values in self.specials],
            "blocks": [block_to_json(block) for block in self.blocks],
            "groups": [group.to_json() for group in self.groups],
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Plan:
        """Rebuild what `to_json` wrote."""
        return cls(
            fields=tuple(saved["fields"]),
            specials=tuple(map(tuple, saved["specials"])),
            blocks=tuple(map(block_from_json, saved["blocks"])),
            groups=tuple(map(Group.from_json, saved["groups"])),
        )


def group_sums(values: Matrix, group_of: NDArray[np.intp], groups: Sequence[Group]) -> Matrix:
    """Add up columns by group: (n, m) to (n, groups), from left to right for any n."""
    place = np.arange(len(values))[:, None] * len(groups) + group_of
    sums = np.bincount(place.ravel(), values.ravel(), minlength=len(values) * len(groups))
    return sums.astype(np.float64, copy=False).reshape(len(values), len(groups))
