"""How far two lists of counts lie apart, and which columns of numbers move together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from loanbook.evaluation.intervals import Floats

_SMOOTH = 0.5  # rows that every place has, so that no logarithm is of nothing


def stability(one: ArrayLike, other: ArrayLike) -> float:
    """Sum over places of (share in one - share in other) ln(share in one / share in other).

    Of earlier and later rows it is called the population stability index, of good and bad loans the information value
    (Good, 1950; Kullback, 1959): 0 where both are spread alike; from 0.25 on they clearly are not.

    Parameters
    ----------
    one, other : (k,) rows of either at each place.

    >>> stability([50, 50], [50, 50]), round(stability([80, 20], [20, 80]), 2)
    (0.0, 1.63)
    """
    first, second = (np.asarray(counts, dtype=np.float64) + _SMOOTH for counts in (one, other))
    first, second = first / first.sum(), second / second.sum()
    return float(((first - second) * np.log(first / second)).sum())


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns of numbers that move together: Spearman's rank correlation over the rows that have both."""

    first: str
    second: str
    correlation: float


def pairs(columns: Sequence[tuple[str, Floats]], *, least: float = 0.8, rows: int = 20_000) -> tuple[Pair, ...]:
    """Pairs of columns whose ranks agree (or are opposed), strongest first.

    Parameters
    ----------
    columns : names with (n,) values. least : the correlation from which a pair is named. rows : looked at, at most.

    >>> pairs([("a", np.array([1.0, 2.0, 3.0])), ("b", np.array([9.0, 5.0, 1.0])), ("c", np.array([1.0, 3.0, 2.0]))])
    (Pair(first='a', second='b', correlation=-1.0),)
    """
    found = []
    for place, (first, one) in enumerate(columns):
        for second, other in columns[place + 1 :]:
            correlation = _spearman(one, other, rows)
            if abs(correlation) >= least:
                found.append(Pair(first, second, correlation))
    return tuple(sorted(found, key=lambda pair: -abs(pair.correlation)))


def _spearman(one: Floats, other: Floats, rows: int) -> float:
    step = max(1, len(one) // rows)
    one, other = one[::step], other[::step]
    both = ~np.isnan(one) & ~np.isnan(other)
    if both.sum() < 3:
        return 0.0
    first, second = (pl.Series(values[both]).rank().to_numpy() for values in (one, other))
    if np.ptp(first) == 0.0 or np.ptp(second) == 0.0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
