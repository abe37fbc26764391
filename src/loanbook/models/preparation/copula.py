"""Synthetic rows with the margins and the dependence of real ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Copula:
    """A Gaussian copula over the columns (Patki, Wedge and Veeramachaneni, 2016), with margins as observed.

    Each column's ranks become normal scores, whose correlations say how columns move together; a column with missing
    values has a second row of scores that says which are missing. A drawn row takes, in each column, the value that
    real rows have at that rank: whole numbers stay whole and 0/1 columns 0 or 1.

    known : for each column its known values, ascending. flags : (k,) columns with missing values. missing : (k,) their
    share of missing values. root : (m + k, m + k) square root of the correlations.
    """

    known: tuple[Floats, ...]
    flags: NDArray[np.intp]
    missing: Floats
    root: Floats

    @classmethod
    def fit(cls, x: Floats) -> Copula:
        """Learn from (n, m) rows; NaN is missing."""
        empty = np.isnan(x)
        flags = np.flatnonzero(empty.any(axis=0))
        scores = np.column_stack(
            [*map(_normal_scores, x.T), *map(_normal_scores, empty[:, flags].T.astype(np.float64))]
        )
        spread = scores.std(axis=0)
        scaled = scores / np.where(spread > 0, spread, 1.0)
        correlation = (scaled.T @ scaled) / len(x)
        np.fill_diagonal(correlation, 1.0)
        values, vectors = np.linalg.eigh(correlation)
        root = vectors * np.sqrt(values.clip(0.0))
        known = tuple(np.sort(column[~gone]) for column, gone in zip(x.T, empty.T, strict=True))
        return cls(known, flags, empty[:, flags].mean(axis=0), root)

    def sample(self, count: int, chance: np.random.Generator) -> Floats:
        """Draw rows, (count, m).

        >>> rows = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [4.0, 1.0]])
        >>> made = Copula.fit(rows).sample(200, np.random.default_rng(0))
        >>> np.unique(made[:, 0]).tolist(), bool(np.corrcoef(made.T)[0, 1] > 0.5)
        ([1.0, 2.0, 3.0, 4.0], True)
        """
        place = ndtr(chance.standard_normal((count, len(self.root))) @ self.root.T)
        width = len(self.known)
        made = np.column_stack([_at(values, rank) for values, rank in zip(self.known, place.T[:width], strict=True)])
        gone = place[:, width:] > 1.0 - self.missing
        made[:, self.flags] = np.where(gone, np.nan, made[:, self.flags])
        return made


def _normal_scores(column: Floats) -> Floats:
    """Scores with mean 0; a missing value has the score 0."""
    scores = np.zeros(len(column))
    seen = ~np.isnan(column)
    if seen.any():
        scores[seen] = ndtri((rankdata(column[seen]) - 0.5) / seen.sum())
        scores[seen] -= scores[seen].mean()
    return scores


def _at(values: Floats, rank: Floats) -> Floats:
    """The value at each rank in [0, 1]; NaN where none was ever known."""
    if not len(values):
        return np.full(len(rank), np.nan)
    return values[np.minimum((rank * len(values)).astype(np.intp), len(values) - 1)]
