"""The ladder of `risk` (will this loan go bad?), floor first.

To add a rung, write its file beside the others and its line into LADDER; `loanbook.testing` finds it there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loanbook.models.risk.base import RiskClassifier

__all__ = ["LADDER", "Rung"]


@dataclass(frozen=True, slots=True)
class Rung:
    """One model of the ladder, not yet made, so that listing the ladder loads no library.

    Parameters
    ----------
    name : what the command line calls it.
    title : what a leaderboard calls it.
    interpretability : 0 for what a child could follow; of equally good rungs the lowest is chosen.
        Boosting stands before the forest: on the bundled loans it has two thousand nodes, the forest fifty thousand.
    make : (seed, jobs) to an unfitted classifier.
    needs, extra : module it cannot do without, and the extra of the package that brings it; "" for none.
    standard : whether it runs when nobody asks for the full ladder.
    members : names of the rungs it is made of, if it is a blend of others.
    """

    name: str
    title: str
    interpretability: int
    make: Callable[[int, int], RiskClassifier]
    needs: str = ""
    extra: str = ""
    standard: bool = True
    members: tuple[str, ...] = ()


def _approve_all(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.approve_all import ApproveAll

    return ApproveAll()


def _one_rule(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.one_rule import OneRule

    return OneRule(seed=seed)


def _logistic(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.logistic import Logistic

    return Logistic(seed=seed)


def _tree(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.tree import Tree

    return Tree(seed=seed)


def _forest(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.forest import Forest

    return Forest(seed=seed, jobs=jobs)


def _xgboost(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.boosting import Boosting

    return Boosting(seed=seed, jobs=jobs)


LADDER: tuple[Rung, ...] = (
    Rung("approve_all", "Approve everyone", 0, _approve_all),
    Rung("one_rule", "One rule", 1, _one_rule),
    Rung("logistic", "Logistic regression (L2)", 4, _logistic),
    Rung("tree", "Decision tree", 5, _tree),
    Rung("forest", "Random forest", 9, _forest),
    Rung("xgboost", "XGBoost, early stopped", 7, _xgboost),
)
