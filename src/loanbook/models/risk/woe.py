"""Logistic regression on shapes and on weights of evidence together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds, check_names, constant
from loanbook.models.risk.binning import Bins, Cutting
from loanbook.models.risk.design import Curve, Design, additive, curves_text
from loanbook.models.risk.folds import drawn, inner_folds
from loanbook.models.risk.ridge import Rows, choose_strength, fit_ridge
from loanbook.models.risk.space import Range
from loanbook.models.scoring import Additive

STRENGTHS = (0.003, 0.01, 0.03, 0.1)
"""Inverse penalties tried, weakest model first."""


class LogisticWoe(RiskClassifier):
    """Ridge-penalised logistic regression on the shapes of `Logistic`, on binned weights of evidence, and on the bins.

    The shapes follow what is smooth, the weight of evidence what jumps, and the bins one by one correct it for what
    other columns say already. All fold into one curve a column. The bins are coarse and pulled towards the base rate,
    so that a row's own outcome hardly moves its weight of evidence: weights from other folds gave the same log-loss
    (to 0.0015 on 700 rows, to 0.0005 on 3,000 and more) and took twice as long.

    Parameters
    ----------
    penalty : deviance that one more bin must explain. least_share : least share of the rows in a bin.
    most : most bins of a column. prior : rows' worth of the base rate in each bin.
    folds : of the inner cross-validation.
    rows_to_tune : the penalty on the weights is chosen on at most this many rows.
    seed : of folds and of the rows drawn to tune.

    >>> x = np.column_stack([np.arange(400.0) % 10, np.ones(400)])
    >>> print(LogisticWoe().fit(x, (x[:, 0] > 5) & (x[:, 0] != 8)).describe(["day", "constant"]))
    Log-odds -2.487, and for each column at its lowest, middle and highest knot:
        day: -3.29 at 0, -2.59 at 6, +5.57 at 9
    """

    title: ClassVar[str] = "Logistic regression on weights of evidence"
    interpretability: ClassVar[int] = 5
    space: ClassVar[Mapping[str, Range]] = {
        "penalty": Range(2.0, 15.0, log=True),
        "least_share": Range(0.005, 0.05, log=True),
        "prior": Range(2.0, 100.0, log=True),
    }

    scorer_: Additive
    spread_: Floats
    strength_: float

    def __init__(
        self,
        *,
        penalty: float = 4.0,
        least_share: float = 0.02,
        most: int = 10,
        prior: float = 20.0,
        folds: int = 3,
        rows_to_tune: int = 5000,
        seed: int = 0,
    ) -> None:
        self.penalty = penalty
        self.least_share = least_share
        self.most = most
        self.prior = prior
        self.folds = folds
        self.rows_to_tune = rows_to_tune
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        with threadpool_limits(1, user_api="blas"):  # as in Logistic
            return self._learn_alone(x, y, weight)

    def _learn_alone(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        self.spread_, self.strength_ = np.zeros(x.shape[1]), STRENGTHS[0]
        design = Design.learn(x)
        stairs = self._stairs(x, y, weight)
        if not len(design.source):
            return constant(base_log_odds(y, weight), x.shape[1])
        seen = design(x)
        self.strength_ = choose_strength(STRENGTHS, self._folds(seen, x, y, weight))
        model = fit_ridge(Rows(np.hstack([seen, *_blocks(stairs, x)]), y, weight), self.strength_)
        smooth, *jumps = np.split(model.coef_[0], np.cumsum([len(design.source), *(one.width for one in stairs)])[:-1])
        curves = [one.on(curve, part) for one, curve, part in zip(stairs, design.curves(smooth), jumps, strict=True)]
        table, self.spread_ = additive(curves, float(model.intercept_[0]), x, weight)
        return table

    def _stairs(self, x: Floats, y: Floats, weight: Floats) -> list[Stairs]:
        cutting = Cutting(self.penalty, self.penalty, self.least_share, self.most, self.prior)
        return [Stairs(bins) for bins in cutting.learn(x, y, weight)]

    def _folds(self, seen: Floats, x: Floats, y: Floats, weight: Floats) -> Iterator[tuple[Rows, Rows]]:
        """Rows to fit on and rows held out, in bins that were learned on the former."""
        some = drawn(len(y), self.rows_to_tune, self.seed)
        for split in inner_folds(y[some], self.folds, self.seed):
            train, held = (some[part] for part in split)
            stairs = self._stairs(x[train], y[train], weight[train])
            first, second = (
                Rows(np.hstack([seen[part], *_blocks(stairs, x[part])]), y[part], weight[part])
                for part in (train, held)
            )
            yield first, second

    def describe(self, names: Sequence[str]) -> str:
        """Return what each column adds to the log-odds along its values, the one that moves most first."""
        return curves_text(self.scorer_, self.spread_, check_names(names, self.n_features_in_))


@dataclass(frozen=True)
class Stairs:
    """A column's bins in a linear model: the weight of evidence, and each bin by itself where there are three or more.

    Parameters
    ----------
    bins : the ranges; the one for missing values counts where training rows are in it.
    """

    bins: Bins

    @cached_property
    def shapes(self) -> Floats:
        """(s, k + 2) what each column of the design is in each bin, 0 on average; missing is average if never seen."""
        rows = self.bins.goods + self.bins.bads
        filled = np.flatnonzero(rows > 0)
        if len(filled) < 2:
            return np.empty((0, len(rows)))
        alone = np.eye(len(rows))[filled] if len(filled) > 2 else np.empty((0, len(rows)))
        raw = np.vstack([self.bins.woe, alone])
        return np.where(rows > 0, raw - np.average(raw, axis=1, weights=rows)[:, None], 0.0)

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(self.shapes)

    def __call__(self, column: Floats) -> Floats:
        """The columns of the design, (n, s)."""
        return np.asarray(self.shapes.T[self.bins.place(column)])

    def on(self, curve: Curve, weights: Floats) -> Curve:
        """Put the stairs on a curve; weights (s,)."""
        heights, cuts = weights @ self.shapes, self.bins.cuts
        knots = np.unique(np.concatenate([curve.knots, np.nextafter(cuts, -np.inf), cuts]))
        values = np.interp(knots, curve.knots, curve.values) + heights[self.bins.place(knots)]
        return Curve(knots, values, curve.missing + float(heights[-1]))


def _blocks(stairs: Sequence[Stairs], x: Floats) -> list[Floats]:
    return [one(column) for one, column in zip(stairs, x.T, strict=True)]
