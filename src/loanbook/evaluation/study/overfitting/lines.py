"""Logistic regression on hundreds of columns, and the penalties that hold it back."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from loanbook.evaluation.study.overfitting.base import Fitted, Floats, Scaled
from loanbook.models.risk.folds import inner_folds, loss_of

_PAIRED = 24  # columns that are multiplied with each other: 276 products
_NEXT_TO_NOTHING = 1e5  # inverse penalty at which a penalty is none, and the equations can still be solved
_RIDGE = (0.0003, 0.003, 0.03, 0.3)
_LASSO = 10  # penalties tried


class _Products:
    """Scaled columns, and the products of every two of those that vary most evenly."""

    def __init__(self, x: Floats) -> None:
        self.scaled = Scaled.on(x)
        filled = self.scaled(x)
        tails = (filled**4).mean(axis=0)
        order = np.argsort(np.where(filled.std(axis=0) > 0, tails, np.inf), kind="stable")[:_PAIRED]
        self.first, self.second = order[np.array(np.triu_indices(len(order), 1))]
        products = self._of(filled)
        self.mean, spread = products.mean(axis=0), products.std(axis=0)
        self.spread = np.where(spread > 0, spread, 1.0)

    def _of(self, filled: Floats) -> Floats:
        return np.asarray(filled[:, self.first] * filled[:, self.second])

    def __call__(self, x: Floats) -> Floats:
        filled = self.scaled(x)
        return np.hstack([filled, (self._of(filled) - self.mean) / self.spread])


def unpenalised(x: Floats, y: Floats, seed: int) -> Fitted:  # noqa: ARG001
    """Every weight as the rows want it."""
    columns = _Products(x)
    return _fitted(columns, x, y, _ridge(columns(x), y, _NEXT_TO_NOTHING))


def ridge(x: Floats, y: Floats, seed: int) -> Fitted:
    """Large weights cost their square (L2); how much by cross-validated log-loss."""
    columns = _Products(x)
    design = columns(x)
    losses = [
        [_loss(_ridge(design[train], y[train], strength), design[held], y[held]) for strength in _RIDGE]
        for train, held in inner_folds(y, 3, seed)
    ]
    return _fitted(columns, x, y, _ridge(design, y, _RIDGE[int(np.argmin(np.mean(losses, axis=0)))]))


def lasso(x: Floats, y: Floats, seed: int) -> Fitted:
    """Every weight costs its size (L1), so that most become zero; how much by cross-validated log-loss."""
    from loanbook.models.risk.path import l1_path, penalties
    from loanbook.models.risk.ridge import Rows

    columns = _Products(x)
    rows = Rows(columns(x), y, np.ones(len(y)))
    tried = penalties(rows, _LASSO, 0.05)
    losses = [
        [_loss(line, rows.design[held], y[held]) for line in l1_path(rows.take(train), tried)]
        for train, held in inner_folds(y, 3, seed)
    ]
    best = int(np.argmin(np.mean(losses, axis=0)))
    return _fitted(columns, x, y, l1_path(rows, tried[: best + 1])[best])


def _fitted(columns: _Products, x: Floats, y: Floats, line: Callable[[Floats], Floats]) -> Fitted:
    return Fitted.on(x, y, lambda rows: line(columns(rows)))


def _ridge(design: Floats, y: Floats, strength: float) -> Callable[[Floats], Floats]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        warnings.simplefilter(
            "ignore"
        )  # it does not converge where the rows can be parted without error: that is the point
        line = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=30).fit(design, y)
    weights, intercept = line.coef_[0], float(line.intercept_[0])
    return lambda rows: np.asarray(rows @ weights + intercept)


def _loss(line: Callable[[Floats], Floats], design: Floats, y: Floats) -> float:
    return loss_of(line(design), y, np.ones(len(y)))
