"""Many deep trees on drawn rows and columns, averaged in log-odds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from loanbook.models.risk.base import Floats, RiskClassifier, check_names
from loanbook.models.risk.growing import importance_text, to_ensemble
from loanbook.models.scoring import TreeEnsemble


class Forest(RiskClassifier):
    """A random forest (Breiman, 2001) whose trees vote with smoothed log-odds instead of probabilities.

    Averaging log-odds makes every contribution exact in the space in which reasons are given. It ranks as well as
    averaging probabilities when leaves are not tiny, hence `leaf_share` and `smoothing`.

    Parameters
    ----------
    trees : how many.
    depth : of a tree at most.
    leaf_share : least share of the rows in a leaf.
    least_leaf : least number of rows in a leaf.
    smoothing : base rate in every leaf, as a share of the least leaf.
    seed : of the drawn rows and columns.
    jobs : threads.

    >>> x = np.array([[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10)
    >>> Forest(trees=10).fit(x, (x[:, 0] < 38).astype(int)).describe(["age"])
    '10 trees. What bought most of the fit: age 100%.'
    """

    title: ClassVar[str] = "Random forest"
    interpretability: ClassVar[int] = 9

    scorer_: TreeEnsemble
    importances_: Floats

    def __init__(
        self,
        *,
        trees: int = 100,
        depth: int = 14,
        leaf_share: float = 0.0008,
        least_leaf: int = 3,
        smoothing: float = 0.2,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        self.trees = trees
        self.depth = depth
        self.leaf_share = leaf_share
        self.least_leaf = least_leaf
        self.smoothing = smoothing
        self.seed = seed
        self.jobs = jobs

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> TreeEnsemble:
        least = max(self.least_leaf, int(self.leaf_share * len(x)))
        forest = RandomForestClassifier(
            self.trees,
            max_depth=self.depth,
            min_samples_leaf=least,
            max_features="sqrt",
            random_state=self.seed,
            n_jobs=self.jobs,
        ).fit(x, y, weight)
        self.importances_ = forest.feature_importances_
        trees = [estimator.tree_ for estimator in forest.estimators_]
        return to_ensemble(trees, float(np.average(y, weights=weight)), self.smoothing * least, x.shape[1])

    def describe(self, names: Sequence[str]) -> str:
        """Return the size and the columns that bought most impurity."""
        called = check_names(names, self.n_features_in_)
        return importance_text(self.importances_, called, len(self.scorer_.roots))
