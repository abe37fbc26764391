"""The floor of the ladder: everybody gets the usual amount."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from loanbook.models.amount.base import AmountRegressor, Floats, amount_text, weighted_median
from loanbook.models.risk.base import constant
from loanbook.models.scoring import Additive


class Median(AmountRegressor):
    """The median amount, whatever the application says: of all constants the one with the least absolute error.

    >>> rung = Median().fit([[1.0], [2.0], [3.0]], [100.0, 300.0, 200.0])
    >>> rung.describe(["age"])
    'Everybody gets the usual amount, 200.'
    """

    title: ClassVar[str] = "The usual amount"
    interpretability: ClassVar[int] = 0

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        return constant(weighted_median(y, weight), x.shape[1])

    def describe(self, names: Sequence[str]) -> str:  # noqa: ARG002  # there is nothing to name
        """One sentence with the median."""
        return f"Everybody gets the usual amount, {amount_text(self.scorer_.base)}."
