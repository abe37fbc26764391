"""The rows of a study: a sample of those before the test rows, in repeated folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loanbook.data.loans import Loans
from loanbook.data.splits import folds
from loanbook.evaluation.metrics import auc, brier, calibration_error, log_loss
from loanbook.models.preparation import Rows, kinds_of
from loanbook.models.scoring import sigmoid
from loanbook.models.training import Setting, fit_plan

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fold:
    """Rows to train on, and rows to judge by."""

    train: Rows
    x_test: Floats
    y_test: Floats


@dataclass(frozen=True)
class Course:
    """What every comparison of a study runs over.

    folds : repeats × count of them. rows : how many loans. available : how many there were.
    count : folds of one repeat.
    """

    folds: tuple[Fold, ...]
    rows: int
    available: int
    count: int

    @property
    def test_share(self) -> float:
        return 1.0 / self.count

    @classmethod
    def lay_out(cls, loans: Loans, setting: Setting, *, most: int, count: int = 5, repeats: int = 1) -> Course:
        """Draw at most so many loans and divide them, repeat by repeat anew."""
        drawn = sample(loans, most, setting.seed)
        made = [
            fold(drawn, train, test, setting)
            for repeat in range(repeats)
            for train, test in folds(drawn.bad, drawn.groups, count=count, seed=setting.seed + repeat)
        ]
        return cls(tuple(made), len(drawn), len(loans), count)


def sample(loans: Loans, most: int, seed: int) -> Loans:
    """Return so many of the loans, in their order; all where there are no more."""
    if len(loans) <= most:
        return loans
    drawn = np.random.default_rng(seed).choice(len(loans), most, replace=False)
    return loans.take(np.sort(drawn))


def fold(loans: Loans, train: NDArray[np.intp], test: NDArray[np.intp], setting: Setting) -> Fold:
    """Fit the feature plan on the rows to train, and apply it to both."""
    part = loans.take(train)
    plan, x = fit_plan(part, setting)
    rows = Rows(x, part.y, np.ones(len(x)), kinds_of(plan), plan.names, plan.transform(part.codes))
    return Fold(rows, plan.transform(loans.codes[test]), loans.y[test])


FIGURES = ("auc", "log_loss", "brier", "calibration_error")
"""What treatments are compared by; all but the first are better when less."""


def figures(y: Floats, margin: Floats) -> dict[str, float]:
    """FIGURES of log-odds, and `surplus`: the mean of what was predicted less the share that went bad."""
    p = sigmoid(margin)
    made = (auc(y, p), log_loss(y, p), brier(y, p), calibration_error(y, p))
    return {**dict(zip(FIGURES, made, strict=True)), "surplus": float(p.mean() - y.mean())}


def sign(figure: str) -> float:
    """1 where more of a figure is better, else -1."""
    return 1.0 if figure == "auc" else -1.0


def nested(y: Floats, sizes: list[int], seed: int) -> Iterator[NDArray[np.intp]]:
    """Yield row numbers of samples of these sizes, each inside the next, with both outcomes in the share of all.

    >>> [sorted(part.tolist()) for part in nested(np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0]), [3, 6], seed=0)]
    [[1, 3, 5], [0, 1, 2, 3, 4, 5]]
    """
    chance = np.random.default_rng(seed)
    place = np.empty(len(y))
    for outcome in (0.0, 1.0):
        rows = np.flatnonzero(y == outcome)
        place[rows] = (chance.permutation(len(rows)) + 0.5) / max(1, len(rows))
    order = np.argsort(place, kind="stable")
    for size in sizes:
        yield order[:size]
