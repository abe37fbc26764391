"""Missing numbers: predicted from the other columns, turn by turn."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from loanbook.models.preparation.base import Family, Floats, Prepared, Rows
from loanbook.models.preparation.missing import require_missing


@dataclass(frozen=True)
class Iterative:
    """Each column with missing numbers regressed on others, in turns (van Buuren and Groothuis-Oudshoorn, 2011).

    Done by scikit-learn's IterativeImputer with Bayesian ridge regression; flags stay.

    Parameters
    ----------
    turns : how often each column is predicted anew.
    neighbours : columns it is predicted from, drawn by their correlation.
    """

    turns: int = 5
    neighbours: int = 12
    name: str = "iterative"
    title: str = "Iterative, flags kept"
    family: Family = "missing"

    def fit(self, rows: Rows, seed: int) -> Prepared:
        """Learn the regressions."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401 (it unlocks the next line)
        from sklearn.impute import IterativeImputer
        from threadpoolctl import threadpool_limits

        require_missing(rows)
        low, high = np.nanmin(rows.x, axis=0, initial=np.inf), np.nanmax(rows.x, axis=0, initial=-np.inf)
        low, high = np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)
        width = rows.x.shape[1]
        imputer = IterativeImputer(
            max_iter=self.turns,
            n_nearest_features=min(self.neighbours, width - 1) or None,
            initial_strategy="median",
            keep_empty_features=True,
            random_state=seed,
        )

        def apply(x: Floats) -> Floats:
            with threadpool_limits(1, user_api="blas"):
                filled: Floats = imputer.transform(x)
            # A line leads anywhere; what is filled in stays within what was seen.
            return np.where(np.isnan(x), filled.clip(low, high), x)

        with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
            warnings.simplefilter("ignore", ConvergenceWarning)  # the turns are limited on purpose
            imputer.fit(rows.x)
        return rows.prepared(x=apply(rows.x), apply=apply)
