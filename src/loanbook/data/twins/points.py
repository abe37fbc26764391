"""Rows as points: near where two applications are nearly the same, whatever their columns hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_HALVES = 8  # two levels of a category differ in about half of so many coordinates, each by a half: by 1 in all


def points(codes: Floats, numeric: Sequence[bool]) -> list[Floats]:
    """Make coordinates of each column.

    A number becomes its rank as a share of the rows, so that no unit and no heavy tail counts for more. Two levels of a
    category lie about as far apart as the smallest and the largest number; missing is a level of its own.

    Parameters
    ----------
    codes : (n, fields) as the contract reads them, NaN where missing.
    numeric : for each field whether its codes are figures, not names of levels.

    Returns
    -------
    For each column that varies (n, ·) coordinates.

    >>> points(np.array([[10.0, 0.0], [30.0, 1.0], [20.0, 1.0]]), [True, False])[0].ravel().round(2).tolist()
    [0.17, 0.83, 0.5]
    """
    draw = np.random.default_rng(0)
    made = [
        _figures(column) if is_number else _levels(column, draw)
        for column, is_number in zip(codes.T, numeric, strict=True)
    ]
    return [found[:, np.ptp(found, axis=0) > 0] for found in made if np.ptp(found, axis=0).any()]


def alike(one: Floats, other: Floats, numeric: Sequence[bool], within: float = 0.2) -> NDArray[np.bool_]:
    """Say which pairs of rows are the same but for small changes of their figures.

    A figure may differ by a share of its size, or by 1; a level, and whether a value is missing, may not differ.

    Parameters
    ----------
    one, other : (p, fields) codes of the rows of each pair.
    numeric : as in `points`. within : the share.

    >>> rows = np.array([[1000.0, 2.0], [1100.0, 2.0], [1300.0, 2.0], [1000.0, 3.0]])
    >>> alike(np.tile(rows[0], (4, 1)), rows, [True, False]).tolist()
    [True, True, False, False]
    """
    same = np.ones(len(one), np.bool_)
    for a, b, is_number in zip(one.T, other.T, numeric, strict=True):
        near = np.abs(a - b) <= np.maximum(within * np.maximum(np.abs(a), np.abs(b)), 1.0) if is_number else a == b
        same &= near | (np.isnan(a) & np.isnan(b))
    return same


def _figures(column: Floats) -> Floats:
    known = ~np.isnan(column)
    _, place, count = np.unique(column[known], return_inverse=True, return_counts=True)
    rank = np.full(len(column), 0.5)
    rank[known] = ((np.cumsum(count) - count / 2) / max(1, int(known.sum())))[place]
    return np.column_stack([rank, ~known])


def _levels(column: Floats, draw: np.random.Generator) -> Floats:
    found, place = np.unique(np.where(np.isnan(column), -np.inf, column), return_inverse=True)
    if len(found) == 2:
        return place.astype(np.float64)[:, None]
    coordinates: Floats = draw.integers(0, 2, (len(found), _HALVES))[place] / 2.0
    return coordinates
