"""The ladder of `amount` (what amount will this customer take and can carry?), floor first.

To add a rung, write its file beside the others and its line into LADDER; `loanbook.testing` finds it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loanbook.models.ladder import Rung

if TYPE_CHECKING:
    from loanbook.models.amount.base import AmountRegressor

__all__ = ["LADDER", "Rung"]


def _median(seed: int, jobs: int) -> AmountRegressor:  # noqa: ARG001
    from loanbook.models.amount.median import Median

    return Median()


def _ratio(seed: int, jobs: int) -> AmountRegressor:  # noqa: ARG001
    from loanbook.models.amount.ratio import OneRatio

    return OneRatio()


def _linear(seed: int, jobs: int) -> AmountRegressor:  # noqa: ARG001
    from loanbook.models.amount.linear import Linear

    return Linear(seed=seed)


def _forest(seed: int, jobs: int) -> AmountRegressor:
    from loanbook.models.amount.forest import AmountForest

    return AmountForest(seed=seed, jobs=jobs)


def _xgboost(seed: int, jobs: int) -> AmountRegressor:
    from loanbook.models.amount.boosting import AmountBoosting

    return AmountBoosting(seed=seed, jobs=jobs)


LADDER: tuple[Rung, ...] = (
    Rung("median", "The usual amount", 0, _median),
    Rung("one_ratio", "One ratio", 1, _ratio),
    Rung("linear", "Linear regression (L2)", 2, _linear),
    Rung("xgboost", "XGBoost, early stopped", 3, _xgboost),
    Rung("forest", "Random forest", 4, _forest),
)
