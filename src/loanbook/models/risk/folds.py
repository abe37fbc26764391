"""Inner cross-validation of the rungs: small, stratified, and content with few rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit

from loanbook.models.risk.base import Floats

Split = tuple[NDArray[np.intp], NDArray[np.intp]]


def inner_folds(y: Floats, folds: int, seed: int) -> list[Split]:
    """Stratified folds as (training rows, held-out rows); fewer when a class is rare, none when it is a single row.

    >>> [len(held) for _, held in inner_folds(np.array([0.0, 1.0] * 6), folds=3, seed=0)]
    [4, 4, 4]
    >>> inner_folds(np.array([0.0, 0.0, 1.0]), folds=3, seed=0)
    []
    """
    folds = min(folds, int(y.sum()), int(len(y) - y.sum()))
    if folds < 2:
        return []
    return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(y[:, None], y))


def hold_out(y: Floats, share: float, seed: int, *, least: int) -> Split | None:
    """One stratified split (training rows, held-out rows); None when a class has fewer than `least` rows.

    >>> split = hold_out(np.array([0.0, 1.0] * 10), 0.2, seed=0, least=5)
    >>> len(split[0]), len(split[1])
    (16, 4)
    """
    if min(y.sum(), len(y) - y.sum()) < least:
        return None
    splitter = StratifiedShuffleSplit(1, test_size=share, random_state=seed)
    train, held = next(iter(splitter.split(y[:, None], y)))
    return train, held


def drawn(count: int, most: int, seed: int) -> NDArray[np.intp]:
    """Numbers of `most` rows out of `count`, or of all when there are no more.

    >>> drawn(3, 5, seed=0).tolist(), len(drawn(9, 5, seed=0))
    ([0, 1, 2], 5)
    """
    if count <= most:
        return np.arange(count)
    return np.random.default_rng(seed).choice(count, most, replace=False)


def losses_of(margin: Floats, y: Floats) -> Floats:
    """Log-loss of each row's log-odds, (n,).

    >>> losses_of(np.array([0.0, 0.0]), np.array([0.0, 1.0])).round(4).tolist()
    [0.6931, 0.6931]
    """
    return np.asarray(np.logaddexp(0.0, np.where(y > 0, -margin, margin)))


def loss_of(margin: Floats, y: Floats, weight: Floats) -> float:
    """Weighted mean log-loss of log-odds.

    >>> round(loss_of(np.array([0.0, 0.0]), np.array([0.0, 1.0]), np.ones(2)), 4)
    0.6931
    """
    return float(np.average(losses_of(margin, y), weights=weight))
