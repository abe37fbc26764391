"""Near-copies: rows that are nearly the same application, which must not teach on one side and test on the other.

A table may hold an application twice, with a few digits changed: corrected and exported again, blurred to protect the
applicant, or multiplied to make the table larger. A model that learns such rows by heart looks better than it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from loanbook.data.twins.pairs import Pairs, near_pairs
from loanbook.data.twins.points import Floats, alike, points

__all__ = ["find_near_copies", "join", "said"]

Rows = NDArray[np.int64]

_CHANCES = 10.0 ** np.arange(-1.0, -8.0, -0.5)
_FALSE = 0.05  # share of the rows that may be found without being copies
_FEWEST_ROWS, _MOST_ROWS = 100, 1_000_000
_TELLING = 0.2  # with fewer distinct rows than this share, loans are alike without being the same
_EVIDENCE = 3.0  # unequal outcomes to be expected of as many pairs of strangers, or nothing can be said
_LARGEST = 100  # a larger group is a chain: only nearest pairs stay in it


def find_near_copies(codes: Floats, numeric: Sequence[bool], bad: Floats) -> Rows:
    """Find pairs of rows that are nearly the same application.

    Three things have to hold. Each pair is the same but for small changes of its figures (`alike`), and nearer than
    the points around it say (`near_pairs`). Hardly any pair like that is found in a table of the same columns, each
    shuffled by itself, where nobody has a copy: the limit is set so that at most 5% as many rows are found there. And
    a copy shares the outcome of its original: over all pairs outcomes differ at most half as often as between
    strangers. Tables of more than a million distinct rows are not searched.

    Parameters
    ----------
    codes : (n, fields) as the contract reads them, NaN where missing.
    numeric : for each field whether its codes are figures, not names of levels.
    bad : (n,) 1 where the loan went bad, else 0; NaN where it is not known.

    Returns
    -------
    (p, 2) row numbers; none where the table has no near-copies.

    >>> draw = np.random.default_rng(0)
    >>> rows = draw.lognormal(9.0, 1.0, (600, 6))
    >>> rows[300:330] = rows[:30] * draw.uniform(0.97, 1.03, (30, 6))
    >>> bad = np.tile([0.0, 0.0, 1.0], 200)
    >>> found = find_near_copies(rows, [True] * 6, bad)
    >>> len(found), bool((found[:, 1] - found[:, 0] == 300).all())
    (30, True)
    """
    none = np.empty((0, 2), np.int64)
    first, copies = _told_apart(codes)
    if not max(_FEWEST_ROWS, _TELLING * len(codes)) <= len(first) <= _MOST_ROWS:
        return none
    distinct = codes[first]
    found = _pairs(distinct, numeric)
    if not len(found.one):
        return none
    draw = np.random.default_rng(0)
    strangers = _pairs(np.column_stack([draw.permutation(column) for column in distinct.T]), numeric)
    found = _plausible(found, strangers)
    if not _same_outcomes(found, bad[first]):
        return none
    return np.concatenate([first[np.column_stack([found.one, found.other])], copies])


def join(groups: Rows, pairs: Rows) -> Rows:
    """Number the rows so that those of one group and those of a pair have one number.

    >>> join(np.array([7, 7, 8, 9]), np.array([[1, 2]])).tolist()
    [0, 0, 0, 1]
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, number = np.unique(groups, return_inverse=True)
    ends = number[pairs]
    size = int(number.max(initial=-1)) + 1
    edges = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    together: Rows = connected_components(edges, directed=False)[1].astype(np.int64)
    return together[number]


def said(copies: NDArray[np.bool_]) -> tuple[str, ...]:
    """What to tell of (n,) rows of which some have a near-copy; () if none has.

    >>> said(np.array([True, True, False, False]))
    ('50% of the loans have a near-copy; they stay on one side of every split',)
    """
    share = float(copies.mean()) if len(copies) else 0.0
    figure = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
    return (f"{figure} of the loans have a near-copy; they stay on one side of every split",) if share else ()


def _told_apart(codes: Floats) -> tuple[Rows, Rows]:
    """Row numbers of the first of equal rows (d,), and pairs (p, 2) of an equal row and its first."""
    import polars as pl

    fields = pl.DataFrame(codes)
    first = fields.with_row_index("row").select(pl.col("row").first().over(fields.columns)).to_series().to_numpy()
    again = np.flatnonzero(first != np.arange(len(first)))
    return np.unique(first).astype(np.int64), np.column_stack([first[again], again]).astype(np.int64)


def _pairs(codes: Floats, numeric: Sequence[bool]) -> Pairs:
    coordinates = points(codes, numeric)
    if not coordinates:
        return Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))
    near = near_pairs(np.hstack(coordinates), _CHANCES[0])
    return near.take(alike(codes[near.one], codes[near.other], numeric))


def _plausible(found: Pairs, strangers: Pairs) -> Pairs:
    """The pairs of the largest chance at which a shuffled table has hardly any; of a chain the nearest alone."""
    for chance in _CHANCES:
        if len(strangers.rows(chance)) <= _FALSE * len(found.rows(chance)):
            return _unchained(found.take(found.chance <= chance))
    return found.take(np.zeros(len(found.one), np.bool_))


def _unchained(found: Pairs) -> Pairs:
    size = int(found.other.max(initial=-1)) + 1
    group = join(np.arange(size), np.column_stack([found.one, found.other]))
    large = np.bincount(group, minlength=1)[group[found.one]] > _LARGEST
    nearest = np.full(size, np.inf)
    for end in (found.one, found.other):
        np.minimum.at(nearest, end, found.chance)
    mutual = (found.chance == nearest[found.one]) & (found.chance == nearest[found.other])
    return found.take(~large | mutual)


def _same_outcomes(found: Pairs, bad: Floats) -> bool:
    """Whether outcomes differ at most half as often within pairs as between strangers."""
    one, other = bad[found.one], bad[found.other]
    known = ~np.isnan(one) & ~np.isnan(other)
    share = float(np.nanmean(bad))
    expected = 2.0 * share * (1.0 - share) * int(known.sum())
    return expected >= _EVIDENCE and int((one != other)[known].sum()) <= expected / 2.0
