"""Categories: what one-hot columns, weights of evidence and counts are each worth, and what out-of-fold buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loanbook.models.preparation.base import DoesNotApply, Family, Kind, Prepared, Rows, keeping


@dataclass(frozen=True)
class Without:
    """Columns of some kinds left out.

    Parameters
    ----------
    kinds : which.

    >>> rows = Rows(np.ones((2, 2)), np.array([0.0, 1.0]), np.ones(2), ("number", "level"), ("age", "city = A"),
    ...             np.ones((2, 2)))
    >>> Without("weights_alone", "…", ("level",)).fit(rows, seed=0).x.shape
    (2, 1)
    """

    name: str
    title: str
    kinds: tuple[Kind, ...]
    family: Family = "categories"

    def fit(self, rows: Rows, seed: int) -> Prepared:  # noqa: ARG002
        """Find the columns that stay."""
        gone = rows.of_kind(*self.kinds)
        return keeping(rows, np.setdiff1d(np.arange(rows.x.shape[1]), gone))


@dataclass(frozen=True)
class RareLevels:
    """One-hot columns of rare levels left out, so that their loans count as "none of the others".

    Parameters
    ----------
    share : of the training rows that a level needs to keep its column.
    """

    share: float = 0.02
    name: str = "rare_pooled"
    title: str = "Levels below 2% pooled"
    family: Family = "categories"

    def fit(self, rows: Rows, seed: int) -> Prepared:  # noqa: ARG002
        """Count the levels."""
        levels = rows.of_kind("level")
        rare = levels[rows.x[:, levels].mean(axis=0) < self.share]
        return keeping(rows, np.setdiff1d(np.arange(rows.x.shape[1]), rare))


@dataclass(frozen=True)
class InSample:
    """Weights of evidence in which a training row's own outcome has a say: the mistake that folds avoid.

    A level with few loans then gives away what became of them, and a model learns to trust that (Micci-Barreca, 2001,
    warns of it; Prokhorenkova et al., 2018, call it target leakage).
    """

    name: str = "weights_in_sample"
    title: str = "Weights of evidence not out of fold"
    family: Family = "categories"

    def fit(self, rows: Rows, seed: int) -> Prepared:  # noqa: ARG002
        """Take the rows as they would look if they came later."""
        if np.array_equal(rows.x, rows.plain, equal_nan=True):
            raise DoesNotApply("no level is rare enough for its weight to differ from fold to fold")
        return rows.prepared(x=rows.plain)
