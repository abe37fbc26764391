"""Small trees added one after the other: XGBoost, stopped early."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from loanbook.models.amount.base import AmountRegressor, Floats, weighted_median
from loanbook.models.risk.base import check_names
from loanbook.models.risk.boosting import bought_by, ensemble_of
from loanbook.models.risk.growing import importance_text
from loanbook.models.risk.stopping import threads
from loanbook.models.scoring import TreeEnsemble


class AmountBoosting(AmountRegressor):
    """Gradient-boosted trees (Friedman, 2001; Chen and Guestrin, 2016) of the amount's logarithm.

    The number of trees comes from a held-out fifth of the rows, on which the squared error stops falling.

    Parameters
    ----------
    depth, learning_rate, columns, rows, penalty : of each tree; shares of columns and rows drawn, L2 on leaves.
    most_trees : limit on the number of trees.
    held_out : share of the rows that decides when to stop.
    patience : trees without improvement before stopping.
    few_rows : below so many rows none are held out, and `trees_if_few` trees are grown.
    seed : of every draw.
    jobs : threads at most.

    >>> income = np.linspace(1_000.0, 9_000.0, 60)
    >>> AmountBoosting(most_trees=20).fit(income[:, None], 2.5 * income).describe(["income"])
    '20 trees. What bought most of the fit: income 100%.'
    """

    title: ClassVar[str] = "XGBoost, early stopped"
    interpretability: ClassVar[int] = 3

    scorer_: TreeEnsemble
    importances_: Floats

    def __init__(
        self,
        *,
        depth: int = 5,
        learning_rate: float = 0.06,
        columns: float = 0.6,
        rows: float = 0.8,
        penalty: float = 5.0,
        most_trees: int = 1200,
        held_out: float = 0.2,
        patience: int = 30,
        few_rows: int = 100,
        trees_if_few: int = 60,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        self.depth = depth
        self.learning_rate = learning_rate
        self.columns = columns
        self.rows = rows
        self.penalty = penalty
        self.most_trees = most_trees
        self.held_out = held_out
        self.patience = patience
        self.few_rows = few_rows
        self.trees_if_few = trees_if_few
        self.seed = seed
        self.jobs = jobs

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> TreeEnsemble:
        import xgboost

        settings = self._settings(y, weight)
        rows = xgboost.QuantileDMatrix(x, y, weight=weight, nthread=settings["nthread"])
        booster = xgboost.train(settings, rows, self._trees(settings, x, y, weight))
        self.importances_ = bought_by(booster, x.shape[1])
        return ensemble_of(booster)

    def _settings(self, y: Floats, weight: Floats) -> dict[str, Any]:
        return {
            "objective": "reg:squarederror",
            "base_score": weighted_median(y, weight),
            "tree_method": "hist",
            "max_depth": self.depth,
            "eta": self.learning_rate,
            "colsample_bytree": self.columns,
            "subsample": self.rows,
            "reg_lambda": self.penalty,
            "seed": self.seed,
            "nthread": threads(self.jobs, len(y)),
        }

    def _trees(self, settings: dict[str, Any], x: Floats, y: Floats, weight: Floats) -> int:
        """How many trees all rows deserve."""
        import xgboost

        if len(y) < self.few_rows:
            return min(self.trees_if_few, self.most_trees)
        held = np.zeros(len(y), np.bool_)
        held[np.random.default_rng(self.seed).permutation(len(y))[: int(self.held_out * len(y))]] = True
        used = settings["nthread"]
        rows = xgboost.QuantileDMatrix(x[~held], y[~held], weight=weight[~held], nthread=used)
        judge = xgboost.QuantileDMatrix(x[held], y[held], weight=weight[held], ref=rows, nthread=used)
        stopped = xgboost.train(
            settings,
            rows,
            self.most_trees,
            evals=[(judge, "held_out")],
            early_stopping_rounds=self.patience,
            verbose_eval=False,
        )
        return min(self.most_trees, round((int(stopped.best_iteration) + 1) / math.sqrt(1.0 - self.held_out)))

    def describe(self, names: Sequence[str]) -> str:
        """Return the size and the columns that bought most of the fit."""
        called = check_names(names, self.n_features_in_)
        return importance_text(self.importances_, called, len(self.scorer_.roots))
