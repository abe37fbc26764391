"""How sure a difference between two models is when both were measured on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from benchmarks.results import NONE
from loanbook.evaluation.study.paired import Paired

TESTED = 0.3
"""Share of the rows that tests in each split."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference with its standard error; nan where one measurement says nothing about its spread."""

    mean: float
    error: float

    @classmethod
    def over_splits(cls, differences: Sequence[float], tested: float = TESTED) -> Difference:
        """One table, split again and again: the splits share rows, so that they tell less than their number says.

        The error is corrected for that as Nadeau and Bengio (2003) do it.

        >>> Difference.over_splits([0.01, 0.03])
        Difference(mean=0.02, error=0.013...)
        """
        found = Paired.of(differences, [0.0] * len(differences), test_share=tested)
        return cls(found.value, found.error)

    @classmethod
    def over_tables(cls, differences: Sequence[float]) -> Difference:
        """One mean difference each of tables that share nothing.

        >>> Difference.over_tables([0.01, 0.03])
        Difference(mean=0.02, error=0.00999...)
        """
        count = len(differences)
        return cls(fmean(differences), stdev(differences) / sqrt(count) if count > 1 else float("nan"))

    def __str__(self) -> str:
        return f"{self.mean:+.4f} ± {self.error:.4f}" if self.error == self.error else f"{self.mean:+.4f}"


def written(value: float, digits: int = 4) -> str:
    """A figure, or a dash where there is none.

    >>> written(0.12345), written(float("nan"))
    ('0.1235', '–')
    """
    return f"{value:.{digits}f}" if value == value else NONE  # noqa: PLR0124
