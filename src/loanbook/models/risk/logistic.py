"""Logistic regression: a weight or two for each column, and a table that adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds, check_names, constant
from loanbook.models.risk.design import Design, additive, curves_text
from loanbook.models.risk.folds import drawn, inner_folds
from loanbook.models.risk.ridge import Rows, choose_strength, fit_ridge
from loanbook.models.risk.space import Range
from loanbook.models.scoring import Additive

STRENGTHS = (0.003, 0.03, 0.3, 3.0)
"""Inverse penalties tried, weakest model first."""


class Logistic(RiskClassifier):
    """Ridge-penalised logistic regression (le Cessie and van Houwelingen, 1992) on values and ranks.

    Each column enters as its value, held within the 0.5% and 99.5% quantiles, and as the normal score of its rank, so
    that outliers weigh little and an effect may level off; both fold into one line with bends. A missing value is the
    mean plus a weight of its own where no other column says that it is missing. The penalty is chosen by
    cross-validated log-loss.

    Parameters
    ----------
    strength : inverse penalty; None chooses it.
    folds : of the inner cross-validation.
    rows_to_tune : the penalty is chosen on at most this many rows; more do not change it.
    seed : of folds and of the rows drawn to tune.

    >>> x = np.column_stack([np.arange(40.0) % 10, np.ones(40)])
    >>> print(Logistic().fit(x, x[:, 0] > 5).describe(["day", "constant"]))
    Log-odds -1.600, and for each column at its lowest, middle and highest knot:
        day: -8.28 at 0, -0.78 at 4, +8.28 at 9
    """

    title: ClassVar[str] = "Logistic regression (L2)"
    interpretability: ClassVar[int] = 4
    space: ClassVar[Mapping[str, Range]] = {"strength": Range(0.001, 10.0, log=True)}

    scorer_: Additive
    spread_: Floats
    strength_: float

    def __init__(
        self, *, strength: float | None = None, folds: int = 3, rows_to_tune: int = 5000, seed: int = 0
    ) -> None:
        self.strength = strength
        self.folds = folds
        self.rows_to_tune = rows_to_tune
        self.seed = seed

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        # Matrices this small are ten times slower on several threads of a busy machine, and their last bits differ.
        with threadpool_limits(1, user_api="blas"):
            return self._learn_alone(x, y, weight)

    def _learn_alone(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        self.spread_, self.strength_ = np.zeros(x.shape[1]), STRENGTHS[0]
        design = Design.learn(x)
        rows = Rows(design(x), y, weight)
        if not len(design.source):
            return constant(base_log_odds(y, weight), x.shape[1])
        self.strength_ = self._tune(rows) if self.strength is None else self.strength
        model = fit_ridge(rows, self.strength_)
        table, self.spread_ = additive(design.curves(model.coef_[0]), float(model.intercept_[0]), x, weight)
        return table

    def _tune(self, rows: Rows) -> float:
        rows = rows.take(drawn(len(rows.y), self.rows_to_tune, self.seed))
        splits = inner_folds(rows.y, self.folds, self.seed)
        return choose_strength(STRENGTHS, ((rows.take(train), rows.take(held)) for train, held in splits))

    def describe(self, names: Sequence[str]) -> str:
        """Return what each column adds to the log-odds along its values, the one that moves most first."""
        return curves_text(self.scorer_, self.spread_, check_names(names, self.n_features_in_))
