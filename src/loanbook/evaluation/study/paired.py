"""Two ways to do a thing, compared fold by fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Verdict = Literal["helps", "harms", "no difference seen"]

_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Paired:
    """Mean difference over folds and its standard error; more is better.

    The differences of folds that share training rows are not independent, so the error is the corrected one of Nadeau
    and Bengio (2003): s √(1/k + n_test / n_train).

    value : mean of the differences. error : its standard error. folds : how many.

    >>> Paired.of([0.71, 0.72, 0.73, 0.70], [0.70, 0.71, 0.72, 0.70], test_share=0.25)
    Paired(value=0.0075, error=0.00381..., folds=4)
    """

    value: float
    error: float
    folds: int

    @classmethod
    def of(cls, after: Sequence[float], before: Sequence[float], *, test_share: float) -> Paired:
        """Compare the same folds; `test_share` of the rows is tested in each."""
        differences = np.asarray(after, np.float64) - np.asarray(before, np.float64)
        count = len(differences)
        spread = float(differences.std(ddof=1)) if count > 1 else float("nan")
        error = spread * float(np.sqrt(1.0 / count + test_share / (1.0 - test_share)))
        return cls(round(float(differences.mean()), 12), error, count)

    @property
    def verdict(self) -> Verdict:
        """What a t-test at 95% says.

        >>> Paired(0.004, 0.001, 10).verdict, Paired(0.001, 0.001, 10).verdict, Paired(-0.01, 0.0, 5).verdict
        ('helps', 'no difference seen', 'harms')
        """
        from scipy.stats import t

        if self.value == 0.0 or not abs(self.value) > t.ppf(0.5 + _SURE / 2, self.folds - 1) * self.error:
            return "no difference seen"
        return "helps" if self.value > 0 else "harms"

    def to_json(self) -> dict[str, Any]:
        return {"difference": self.value, "error": self.error, "verdict": self.verdict}


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """One verdict out of several figures: what harms one of them harms.

    >>> overall(["helps", "no difference seen"]), overall(["helps", "harms"])
    ('helps', 'harms')
    """
    for verdict in ("harms", "helps"):
        if verdict in verdicts:
            return verdict
    return "no difference seen"
