"""Many deep trees on drawn rows and columns, averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from loanbook.models.amount.base import AmountRegressor, Floats
from loanbook.models.risk.base import check_names
from loanbook.models.risk.growing import importance_text, joined
from loanbook.models.scoring import TreeEnsemble


class AmountForest(AmountRegressor):
    """A random forest (Breiman, 2001) of the amount's logarithm.

    Parameters
    ----------
    trees : how many.
    depth : of a tree at most.
    columns : share of the columns drawn for each split.
    leaf_share : least share of the rows in a leaf.
    least_leaf : least number of rows in a leaf.
    seed : of the drawn rows and columns.
    jobs : threads.

    >>> income = np.linspace(1_000.0, 9_000.0, 60)
    >>> AmountForest(trees=10).fit(income[:, None], 2.5 * income).describe(["income"])
    '10 trees. What bought most of the fit: income 100%.'
    """

    title: ClassVar[str] = "Random forest"
    interpretability: ClassVar[int] = 4

    scorer_: TreeEnsemble
    importances_: Floats

    def __init__(
        self,
        *,
        trees: int = 60,
        depth: int = 14,
        columns: float = 0.33,
        leaf_share: float = 0.0005,
        least_leaf: int = 3,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        self.trees = trees
        self.depth = depth
        self.columns = columns
        self.leaf_share = leaf_share
        self.least_leaf = least_leaf
        self.seed = seed
        self.jobs = jobs

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> TreeEnsemble:
        forest = RandomForestRegressor(
            self.trees,
            max_depth=self.depth,
            min_samples_leaf=max(self.least_leaf, int(self.leaf_share * len(x))),
            max_features=self.columns,
            random_state=self.seed,
            n_jobs=self.jobs,
        ).fit(x, y, weight)
        self.importances_ = forest.feature_importances_
        trees = [estimator.tree_ for estimator in forest.estimators_]
        value = np.concatenate([tree.value[:, 0, 0] for tree in trees]) / len(trees)
        return joined(trees, value, x.shape[1])

    def describe(self, names: Sequence[str]) -> str:
        """Return the size and the columns that bought most of the fit."""
        called = check_names(names, self.n_features_in_)
        return importance_text(self.importances_, called, len(self.scorer_.roots))
