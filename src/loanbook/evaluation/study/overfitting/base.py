"""What a model before or after a remedy is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.evaluation.metrics import auc
from loanbook.models.preparation.missing import medians

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    score : (k, m) rows to (k,) scores, higher for riskier. promised : the AUC that whoever fitted it believed to have.
    """

    score: Callable[[Floats], Floats]
    promised: float

    @classmethod
    def on(cls, x: Floats, y: Floats, score: Callable[[Floats], Floats]) -> Fitted:
        """Promise what it reaches on its own training rows."""
        return cls(score, auc(y, score(x)))


Model = Callable[[Floats, Floats, int], Fitted]
"""(n, m) rows, (n,) outcomes and a seed to a fitted model."""


@dataclass(frozen=True)
class Scaled:
    """Columns with mean 0 and spread 1 over the training rows, missing at the median; held within four spreads.

    >>> scaled = Scaled.on(np.array([[1.0], [3.0], [np.nan]]))
    >>> scaled(np.array([[2.0], [np.nan], [100.0]])).ravel().tolist()
    [0.0, 0.0, 4.0]
    """

    middle: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def on(cls, x: Floats) -> Scaled:
        """Learn from training rows."""
        middle = medians(x)
        filled = np.where(np.isnan(x), middle, x)
        spread = filled.std(axis=0)
        return cls(middle, filled.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def __call__(self, x: Floats) -> Floats:
        return np.asarray(((np.where(np.isnan(x), self.middle, x) - self.mean) / self.spread).clip(-4.0, 4.0))
