"""Few bad loans: weighed up, or joined by synthetic ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loanbook.models.preparation.base import DoesNotApply, Family, Floats, Prepared, Rows
from loanbook.models.preparation.copula import Copula
from loanbook.models.preparation.smote import smote

Sampler = Callable[[Floats, int, np.random.Generator], Floats]
"""(n, m) rows of one outcome, how many more, a source of chance; to so many rows like them."""

_FEWEST = 10  # rows of the rarer outcome that others can be modelled on


@dataclass(frozen=True)
class ClassWeights:
    """Both outcomes weigh equally in sum; all rows together weigh what they did.

    >>> rows = Rows(np.zeros((4, 1)), np.array([0.0, 0.0, 0.0, 1.0]), np.ones(4), ("number",), ("age",),
    ...             np.zeros((4, 1)))
    >>> ClassWeights().fit(rows, seed=0).weight.round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """

    name: str = "class_weights"
    title: str = "Class weights"
    family: Family = "balance"

    def fit(self, rows: Rows, seed: int) -> Prepared:  # noqa: ARG002
        """Weigh the outcomes."""
        total = rows.weight.sum()
        bads = float(rows.weight @ rows.y)
        factor = np.where(rows.y > 0, total / (2.0 * bads), total / (2.0 * (total - bads)))
        return rows.prepared(weight=rows.weight * factor)


@dataclass(frozen=True)
class Synthetic:
    """Synthetic loans of the rarer outcome, until both are equally many; only training rows ever see them.

    Parameters
    ----------
    sampler : makes more rows of the kind.
    """

    name: str
    title: str
    sampler: Sampler
    family: Family = "balance"

    def fit(self, rows: Rows, seed: int) -> Prepared:
        """Add the rows."""
        rarer = float(rows.y.mean() < 0.5)
        few = rows.y == rarer
        short = int((~few).sum() - few.sum())
        if short < 1:
            raise DoesNotApply("both outcomes are equally common")
        if few.sum() < _FEWEST:
            raise DoesNotApply(f"fewer than {_FEWEST} loans to model others on")
        made = self.sampler(rows.x[few], short, np.random.default_rng(seed))
        return rows.prepared(
            x=np.vstack([rows.x, made]),
            y=np.append(rows.y, np.full(short, rarer)),
            weight=np.append(rows.weight, np.full(short, rows.weight[few].mean())),
        )


def from_copula(x: Floats, count: int, chance: np.random.Generator) -> Floats:
    """Rows out of a Gaussian copula that was fitted to x."""
    return Copula.fit(x).sample(count, chance)


SMOTE = Synthetic("smote", "SMOTE", smote)
COPULA = Synthetic("copula", "Gaussian copula", from_copula)
