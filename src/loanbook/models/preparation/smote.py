"""Synthetic rows between neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loanbook.models.preparation.missing import medians

Floats = NDArray[np.float64]


def smote(x: Floats, count: int, chance: np.random.Generator, neighbours: int = 5) -> Floats:
    """Synthetic minority over-sampling (Chawla et al., 2002): points on the line from a row to a near neighbour.

    Own code, because the rows hold missing values, which imbalanced-learn refuses. What is missing in the row that is
    started from stays missing, what is missing in its neighbour alone stays as it is, and 0/1 columns are those of the
    row that is started from, so that no loan is half in one state and half in another.

    Parameters
    ----------
    x : (n, m) rows of one outcome, two or more. count : how many to make. chance : where draws come from.
    neighbours : how many of the nearest may be drawn; near in standardised columns, missing as the median.

    >>> rows = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, np.nan]])
    >>> made = smote(rows, 50, np.random.default_rng(0), neighbours=1)
    >>> bool(((made[:, 0] >= 0) & (made[:, 0] <= 2)).all()), np.unique(made[:, 1]).tolist()
    (True, [0.0, 1.0, nan])
    """
    from sklearn.neighbors import NearestNeighbors

    filled = np.where(np.isnan(x), medians(x), x)
    spread = filled.std(axis=0)
    scaled = (filled - filled.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    near = NearestNeighbors(n_neighbors=min(neighbours, len(x) - 1)).fit(scaled).kneighbors(return_distance=False)
    start = chance.integers(0, len(x), count)
    end = near[start, chance.integers(0, near.shape[1], count)]
    step = np.where(np.isnan(x[end]), 0.0, x[end] - x[start]) * chance.random((count, 1))
    step[:, [bool(np.isin(column[~np.isnan(column)], (0.0, 1.0)).all()) for column in x.T]] = 0.0
    made: Floats = x[start] + step
    return made
