"""The lasso's path for logistic regression: weights for a row of penalties, strongest first."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from loanbook.models.risk.base import Floats, base_log_odds
from loanbook.models.risk.folds import losses_of
from loanbook.models.risk.ridge import Rows

_ROUNDS = 50
_SETTLED = 1e-3  # change of a weight, in log-odds per unit of its column, that is not worth another round
_STALE = 0.1  # shift of a log-odds, on average, after which the curvature is computed anew
_RIDGE = 1e-6  # times the mean curvature: columns that say the same have one answer


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a path: weights (d,) and the intercept."""

    weights: Floats
    intercept: float

    def __call__(self, design: Floats) -> Floats:
        """Log-odds of rows, (n,)."""
        return np.asarray(design @ self.weights + self.intercept)


def penalties(rows: Rows, count: int, least: float, *, positive: bool = False) -> Floats:
    """A row of penalties from the least one that leaves no column a weight down to `least` times as much, (count,).

    Empty where no column has anything to say.
    """
    share = rows.weight / rows.weight.sum()
    slopes = (share * (rows.y - share @ rows.y)) @ rows.design
    strongest = float((slopes if positive else np.abs(slopes)).max(initial=0.0))
    return strongest * np.geomspace(1.0, least, count) if strongest > 1e-12 else np.empty(0)


def l1_path(rows: Rows, penalties: Floats, *, positive: bool = False) -> tuple[Point, ...]:
    """Minimise mean log-loss + penalty x the sum of absolute weights, for each penalty (Tibshirani 1996).

    Newton steps, each solved by coordinate descent (Friedman, Hastie and Tibshirani 2010), started from the penalty
    before. The curvature is kept while the log-odds hardly move: that changes the steps, not where they end.

    Parameters
    ----------
    rows : columns of the design of about unit spread.
    penalties : (p,) descending.
    positive : whether weights below zero are forbidden.

    >>> x = np.array([[-1.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    >>> path = l1_path(Rows(x, np.array([0.0, 0.0, 1.0, 1.0, 0.0]), np.ones(5)), np.array([0.5, 0.05]))
    >>> [point.weights.round(2).tolist() for point in path]
    [[0.0, 0.0], [1.78, -0.55]]
    """
    share = rows.weight / rows.weight.sum()
    now = Point(np.zeros(rows.design.shape[1]), base_log_odds(rows.y, rows.weight))
    curvature = _Curvature.at(rows.design, share, now(rows.design))
    found = []
    for penalty in penalties:
        for _ in range(_ROUNDS):
            margin = now(rows.design)
            if np.abs(margin - curvature.margin).mean() > _STALE:
                curvature = _Curvature.at(rows.design, share, margin)
            residual = share * (rows.y - expit(margin))
            after = curvature.step(rows.design, residual, now, float(penalty), positive=positive)
            moved = float(np.abs(after.weights - now.weights).max())
            now = after
            if moved < _SETTLED:
                break
        found.append(now)
    return tuple(found)


@dataclass(frozen=True)
class HeldOut:
    """Log-loss on held-out rows for each penalty of a path.

    Parameters
    ----------
    losses : (p,) mean.
    errors : (p,) standard error of the difference from the best, on the same rows.
    """

    losses: Floats
    errors: Floats

    @classmethod
    def measure(
        cls, folds: Iterable[tuple[Rows, Rows]], penalties: Floats, *, positive: bool = False
    ) -> HeldOut | None:
        """Fit the path to the rows of each fold and try it on the rows held out; None where there are no folds."""
        losses, weights = [], []
        for train, held in folds:
            path = l1_path(train, penalties, positive=positive)
            losses.append(np.stack([losses_of(point(held.design), held.y) for point in path]))
            weights.append(held.weight)
        if not losses:
            return None
        loss, weight = np.hstack(losses), np.concatenate(weights) / np.concatenate(weights).sum()
        mean = loss @ weight
        beyond = loss - loss[int(np.argmin(mean))]
        spread = ((beyond - (beyond @ weight)[:, None]) ** 2) @ weight
        return cls(mean, np.sqrt(spread / loss.shape[1]))

    @property
    def simplest(self) -> int:
        """The strongest penalty that is worse than the best by no more than a standard error (Breiman et al. 1984)."""
        return int(np.flatnonzero(self.losses <= self.losses.min() + self.errors)[0])


@dataclass(frozen=True)
class _Curvature:
    """The log-loss near some log-odds: the root of its second derivative, and where the columns balance."""

    margin: Floats
    root: Floats
    centre: Floats
    total: float

    @classmethod
    def at(cls, design: Floats, share: Floats, margin: Floats) -> _Curvature:
        bad = expit(margin)
        bend = share * (bad * (1 - bad)).clip(1e-9)
        total = float(bend.sum())
        centre = bend @ design / total
        moved = (design - centre) * np.sqrt(bend)[:, None]
        gram = moved.T @ moved
        gram[np.diag_indices_from(gram)] += max(_RIDGE * float(gram.trace()) / len(gram), 1e-12)
        return cls(margin, np.asfortranarray(np.linalg.cholesky(gram).T), centre, total)

    def step(self, design: Floats, residual: Floats, now: Point, penalty: float, *, positive: bool) -> Point:
        """The minimum of the parabola that touches the log-loss where `now` is, and of the penalty."""
        rest = float(residual.sum())
        slope = residual @ design - self.centre * rest
        target = self.root @ now.weights + np.linalg.solve(self.root.T, slope)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the next round goes on from where this one stopped
            weights = enet_path(
                self.root,
                target,
                l1_ratio=1.0,
                alphas=[penalty / len(self.root)],
                coef_init=now.weights.copy(),  # it is written into
                positive=positive,
                precompute=False,
                check_input=False,
                tol=1e-5,
                max_iter=300,
            )[1][:, 0]
        intercept = now.intercept + rest / self.total - float(self.centre @ (weights - now.weights))
        return Point(weights, intercept)
