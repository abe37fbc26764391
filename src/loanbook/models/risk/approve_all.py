"""The floor of the ladder: everybody gets the base rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from loanbook.models.risk.base import Floats, RiskClassifier, base_log_odds, constant
from loanbook.models.scoring import Additive, sigmoid


class ApproveAll(RiskClassifier):
    """Every loan is as risky as the average one, so every loan is approved.

    >>> rung = ApproveAll().fit([[1.0], [2.0], [3.0], [4.0]], [0, 0, 0, 1])
    >>> rung.predict_proba([[9.0]]).tolist()
    [[0.75, 0.25]]
    >>> rung.describe(["amount"])
    'Everybody is approved: 25.0% of the loans are bad, whatever the application says.'
    """

    title: ClassVar[str] = "Approve everyone"
    interpretability: ClassVar[int] = 0

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> Additive:
        return constant(base_log_odds(y, weight), x.shape[1])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def describe(self, names: Sequence[str]) -> str:  # noqa: ARG002  # there is nothing to name
        """One sentence with the base rate."""
        share = float(sigmoid(np.array([self.scorer_.base]))[0])
        return f"Everybody is approved: {share:.1%} of the loans are bad, whatever the application says."
