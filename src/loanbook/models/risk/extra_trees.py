"""Many trees with drawn thresholds, each on all rows, averaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sklearn.ensemble import ExtraTreesClassifier

from loanbook.models.risk.base import Floats
from loanbook.models.risk.space import Range
from loanbook.models.risk.voting import Voting


class ExtraTrees(Voting):
    """Extremely randomised trees (Geurts, Ernst and Wehenkel, 2006): thresholds are drawn, the best of a few is kept.

    Parameters
    ----------
    trees : how many.
    depth : of a tree at most.
    columns : share of the columns looked at in each split; 0 for the square root of their number.
    trials : trees that are grown to choose when to stop splitting.
    small : up to so many rows, any node may be split, and all of them are held out in turn.
    finest : beyond, none that has fewer rows than its tree divided by this: it would bring nodes, but no accuracy.
    folds : one of so many parts of the rows is held out to choose.
    seed : of the drawn columns and thresholds.
    jobs : threads.

    >>> x = [[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10
    >>> ExtraTrees(trees=10).fit(x, [age < 38 for (age,) in x]).describe(["age"])
    '10 trees. What bought most of the fit: age 100%.'
    """

    title: ClassVar[str] = "Extra trees"
    interpretability: ClassVar[int] = 9
    space: ClassVar[Mapping[str, Range]] = {
        "trees": Range(60, 300, log=True, whole=True),
        "depth": Range(8, 40, whole=True),
        "columns": Range(0.05, 1.0, log=True),
    }

    def __init__(
        self,
        *,
        trees: int = 100,
        depth: int = 40,
        columns: float = 0.0,
        trials: int = 30,
        small: int = 6000,
        finest: int = 600,
        folds: int = 4,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        self.trees = trees
        self.depth = depth
        self.columns = columns
        self.trials = trials
        self.small = small
        self.finest = finest
        self.folds = folds
        self.seed = seed
        self.jobs = jobs

    def _grow(self, x: Floats, y: Floats, weight: Floats, *, trees: int, least_split: int) -> ExtraTreesClassifier:
        return ExtraTreesClassifier(
            trees,
            max_depth=self.depth,
            min_samples_split=least_split,
            max_features=self.columns or "sqrt",
            random_state=self.seed,
            n_jobs=self.jobs,
        ).fit(x, y, weight)
