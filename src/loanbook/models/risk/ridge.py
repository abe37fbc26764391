"""Ridge-penalised logistic regression on a ready design, and the choice of its penalty."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from loanbook.models.risk.base import Floats
from loanbook.models.risk.folds import loss_of


class Rows(NamedTuple):
    """Rows as a linear model wants them: design (n, d) without NaN, y (n,) with 1.0 for bad, weight (n,) above 0."""

    design: Floats
    y: Floats
    weight: Floats

    def take(self, at: NDArray[np.intp]) -> Rows:
        """Some of the rows."""
        return Rows(self.design[at], self.y[at], self.weight[at])


def fit_ridge(rows: Rows, strength: float) -> LogisticRegression:
    """Minimise the log-loss, with a penalty on the squares of the weights (le Cessie and van Houwelingen 1992).

    Parameters
    ----------
    strength : inverse of the penalty.
    """
    with warnings.catch_warnings():
        # On separable rows the weak penalties stop early; what counts is the held-out loss, which has the last word.
        warnings.simplefilter("ignore", ConvergenceWarning)
        made = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=50)
        return made.fit(rows.design, rows.y, rows.weight)


def choose_strength(strengths: Sequence[float], folds: Iterable[tuple[Rows, Rows]]) -> float:
    """Return the strength with the least mean log-loss on held-out rows; the first where there are no folds.

    Parameters
    ----------
    strengths : weakest model first.
    folds : rows to fit on, and rows held out.
    """
    losses = [
        [
            loss_of(fit_ridge(train, strength).decision_function(held.design), held.y, held.weight)
            for strength in strengths
        ]
        for train, held in folds
    ]
    return strengths[int(np.argmin(np.mean(losses, axis=0)))] if losses else strengths[0]
