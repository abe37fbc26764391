"""Logistic regression that leaves columns out: the lasso, with the path along which they come in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds, check_names, constant
from loanbook.models.risk.design import Design, additive, curves_text
from loanbook.models.risk.folds import drawn, inner_folds
from loanbook.models.risk.path import HeldOut, Point, l1_path, penalties
from loanbook.models.risk.ridge import Rows
from loanbook.models.scoring import Additive


@dataclass(frozen=True)
class RegularisationPath:
    """How columns come in as the penalty falls.

    Parameters
    ----------
    penalties : (p,) strongest first; the first leaves every column out.
    coefficients : (p, m) log-odds per standard deviation of each column: the sum over the shapes it enters in.
    losses : (p,) log-loss on rows held out. errors : (p,) standard error of its difference from the least.
    chosen : which penalty the model has.
    """

    penalties: Floats
    coefficients: Floats
    losses: Floats
    errors: Floats
    chosen: int


class Lasso(RiskClassifier):
    """L1-penalised logistic regression (Tibshirani 1996) on values and ranks, as `Logistic` has them.

    The penalty is the strongest whose held-out log-loss is worse than the best by no more than the standard error of
    the difference (Breiman et al. 1984).

    Parameters
    ----------
    steps : penalties along the path.
    weakest : the last of them, as a share of the first.
    folds : of the inner cross-validation.
    rows_to_tune : the penalty is chosen on at most this many rows.
    seed : of folds and of the rows drawn to tune.

    Attributes
    ----------
    path_ : the regularisation path, as plain arrays.

    >>> x = np.column_stack([np.arange(200.0) % 10, np.arange(200.0) % 7])
    >>> rung = Lasso().fit(x, x[:, 0] + np.arange(200) % 3 > 5)
    >>> rung.path_.coefficients[0].tolist(), rung.path_.coefficients[rung.path_.chosen].round().tolist()
    ([0.0, 0.0], [5.0, 0.0])
    """

    title: ClassVar[str] = "Logistic regression (L1)"
    interpretability: ClassVar[int] = 4

    scorer_: Additive
    spread_: Floats
    path_: RegularisationPath

    def __init__(
        self,
        *,
        steps: int = 24,
        weakest: float = 2e-3,
        folds: int = 5,
        rows_to_tune: int = 10_000,
        seed: int = 0,
    ) -> None:
        self.steps = steps
        self.weakest = weakest
        self.folds = folds
        self.rows_to_tune = rows_to_tune
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        with threadpool_limits(1, user_api="blas"):  # as in Logistic
            return self._learn_alone(x, y, weight)

    def _learn_alone(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        width = x.shape[1]
        self.spread_ = np.zeros(width)
        self.path_ = RegularisationPath(np.empty(0), np.empty((0, width)), np.empty(0), np.empty(0), 0)
        design = Design.learn(x)
        rows, scale = _standard(Rows(design(x), y, weight))
        tried = penalties(rows, self.steps, self.weakest)
        if not len(tried):
            return constant(base_log_odds(y, weight), width)
        path = l1_path(rows, tried)
        held = HeldOut.measure(self._folds(rows), tried)
        chosen = held.simplest if held else 0
        self.path_ = RegularisationPath(
            penalties=tried,
            coefficients=_by_column(path, design, width),
            losses=held.losses if held else np.full(len(tried), np.nan),
            errors=held.errors if held else np.full(len(tried), np.nan),
            chosen=chosen,
        )
        point = path[chosen]
        table, self.spread_ = additive(design.curves(point.weights / scale), point.intercept, x, weight)
        return table

    def _folds(self, rows: Rows) -> list[tuple[Rows, Rows]]:
        rows = rows.take(drawn(len(rows.y), self.rows_to_tune, self.seed))
        return [(rows.take(train), rows.take(held)) for train, held in inner_folds(rows.y, self.folds, self.seed)]

    def describe(self, names: Sequence[str]) -> str:
        """Return how many columns are left, and what each adds along its values, the one that moves most first."""
        called = check_names(names, self.n_features_in_)
        left = int((self.spread_ > 0).sum())
        return f"{left} of {len(called)} columns are left. {curves_text(self.scorer_, self.spread_, called)}"


def _standard(rows: Rows) -> tuple[Rows, Floats]:
    """The columns of the design divided by their spread; a flag counts as much as a number."""
    scale = rows.design.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return Rows(rows.design / scale, rows.y, rows.weight), scale


def _by_column(path: Sequence[Point], design: Design, width: int) -> Floats:
    """Sum the weights of each column's shapes; a flag of missing values is not a shape."""
    shapes = len(design.source) - len(design.flagged)
    source = design.source[:shapes]
    return np.stack([np.bincount(source, point.weights[:shapes], minlength=width) for point in path])
