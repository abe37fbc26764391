"""Models of a fixed shape, so that figures of the service can be compared over years: about 300 trees of depth 3 and 5.

A training would stop earlier; these are never chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loanbook.models.ladder import Rung

if TYPE_CHECKING:
    from loanbook.models.risk.base import RiskClassifier

_TREES = 268
"""On the rows that do not decide when to stop; all rows are given proportionally more."""
_SLOW = 0.02  # learning rate with which more trees still help


def _depth_3(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.boosting import Boosting

    return Boosting(depth=3, learning_rate=_SLOW, most_trees=_TREES, seed=seed, jobs=jobs)


def _depth_5(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.boosting import Boosting

    return Boosting(depth=5, learning_rate=_SLOW, most_trees=_TREES, seed=seed, jobs=jobs)


FIXED = (
    Rung("depth_3", "XGBoost of depth 3", 7, _depth_3),
    Rung("depth_5", "XGBoost of depth 5", 7, _depth_5),
)
