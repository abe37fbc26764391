"""Many deep trees on drawn rows and columns, averaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sklearn.ensemble import RandomForestClassifier

from loanbook.models.risk.base import Floats
from loanbook.models.risk.space import Range
from loanbook.models.risk.voting import Voting


class Forest(Voting):
    """A random forest (Breiman, 2001), whose mean vote a line turns into log-odds.

    Parameters
    ----------
    trees : how many.
    depth : of a tree at most.
    rows : share of the rows drawn for each tree; 0 draws all of at most `small`, else half of them, up to `most_rows`.
    columns : share of the columns looked at in each split; 0 for the square root of their number.
    trials : trees that are grown to choose when to stop splitting.
    small : up to so many rows, any node may be split, and all of them are held out in turn.
    finest : beyond, none that has fewer rows than its tree divided by this: it would bring nodes, but no accuracy.
    folds : one of so many parts of the rows is held out to choose.
    seed : of the drawn rows and columns.
    jobs : threads.

    >>> x = [[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10
    >>> Forest(trees=10).fit(x, [age < 38 for (age,) in x]).describe(["age"])
    '10 trees. What bought most of the fit: age 100%.'
    """

    title: ClassVar[str] = "Random forest"
    interpretability: ClassVar[int] = 9
    space: ClassVar[Mapping[str, Range]] = {
        "trees": Range(60, 300, log=True, whole=True),
        "depth": Range(6, 24, whole=True),
        "rows": Range(0.2, 1.0),
        "columns": Range(0.05, 0.8, log=True),
    }

    def __init__(
        self,
        *,
        trees: int = 100,
        depth: int = 20,
        rows: float = 0.0,
        most_rows: int = 20_000,
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
        self.rows = rows
        self.most_rows = most_rows
        self.columns = columns
        self.trials = trials
        self.small = small
        self.finest = finest
        self.folds = folds
        self.seed = seed
        self.jobs = jobs

    def _drawn(self, rows: int) -> int:
        if self.rows:
            return max(1, round(rows * self.rows))
        return rows if rows <= self.small else min(rows // 2, self.most_rows)

    def _grow(self, x: Floats, y: Floats, weight: Floats, *, trees: int, least_split: int) -> RandomForestClassifier:
        return RandomForestClassifier(
            trees,
            max_depth=self.depth,
            min_samples_split=least_split,
            max_samples=self._drawn(len(y)),
            max_features=self.columns or "sqrt",
            random_state=self.seed,
            n_jobs=self.jobs,
        ).fit(x, y, weight)
