"""The ladder of `risk` (will this loan go bad?), floor first.

To add a rung, write its file beside the others and its line into LADDER; `loanbook.testing` finds it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loanbook.models.ladder import Rung

if TYPE_CHECKING:
    from loanbook.models.risk.base import RiskClassifier

__all__ = ["LADDER", "MEMBERS", "Rung"]

MEMBERS = (
    "logistic",
    "logistic_woe",
    "ebm",
    "xgboost",
    "lightgbm",
    "catboost",
    "forest",
    "extra_trees",
    "network",
)
"""What a blend is made of, as far as it is there and was measured: rungs that err in different ways."""


def _approve_all(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.approve_all import ApproveAll

    return ApproveAll()


def _one_rule(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.one_rule import OneRule

    return OneRule(seed=seed)


def _three_rules(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.three_rules import ThreeRules

    return ThreeRules(seed=seed)


def _scorecard(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.scorecard import Scorecard

    return Scorecard(seed=seed)


def _logistic(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.logistic import Logistic

    return Logistic(seed=seed)


def _logistic_l1(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.lasso import Lasso

    return Lasso(seed=seed)


def _logistic_woe(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.woe import LogisticWoe

    return LogisticWoe(seed=seed)


def _tree(seed: int, jobs: int) -> RiskClassifier:  # noqa: ARG001
    from loanbook.models.risk.tree import Tree

    return Tree(seed=seed)


def _forest(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.forest import Forest

    return Forest(seed=seed, jobs=jobs)


def _xgboost(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.boosting import Boosting

    return Boosting(seed=seed, jobs=jobs)


def _lightgbm(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.gbm import LightGBM

    return LightGBM(seed=seed, jobs=jobs)


def _catboost(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.cat import CatBoost

    return CatBoost(seed=seed, jobs=jobs)


def _ebm(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.ebm import Ebm

    return Ebm(seed=seed, jobs=jobs)


def _extra_trees(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.extra_trees import ExtraTrees

    return ExtraTrees(seed=seed, jobs=jobs)


def _network(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.network import Network

    return Network(seed=seed, jobs=jobs)


def _blend(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.stack import GreedyBlend

    return GreedyBlend(seed=seed, jobs=jobs)


def _stack(seed: int, jobs: int) -> RiskClassifier:
    from loanbook.models.risk.stack import Stack

    return Stack(seed=seed, jobs=jobs)


LADDER: tuple[Rung, ...] = (
    Rung("approve_all", "Approve everyone", 0, _approve_all),
    Rung("one_rule", "One rule", 1, _one_rule),
    Rung("three_rules", "Three rules", 2, _three_rules),
    Rung("scorecard", "Scorecard", 3, _scorecard),
    Rung("logistic", "Logistic regression (L2)", 4, _logistic),
    Rung("logistic_l1", "Logistic regression (L1)", 4, _logistic_l1),
    Rung("logistic_woe", "Logistic regression on weights of evidence", 5, _logistic_woe, standard=False),
    Rung("tree", "Decision tree", 5, _tree),
    Rung("ebm", "Explainable boosting machine", 6, _ebm, needs="interpret", extra="models", standard=False),
    Rung("xgboost", "XGBoost, early stopped", 7, _xgboost),
    Rung("lightgbm", "LightGBM, early stopped", 8, _lightgbm, needs="lightgbm", extra="models"),
    Rung("catboost", "CatBoost, early stopped", 8, _catboost, needs="catboost", extra="models", standard=False),
    Rung("forest", "Random forest", 9, _forest),
    Rung("extra_trees", "Extra trees", 9, _extra_trees, standard=False),
    Rung("network", "Neural network (64, 32)", 10, _network, needs="keras", extra="neural", standard=False),
    Rung("blend", "Greedy blend", 11, _blend, members=MEMBERS),
    Rung("stack", "Stack", 12, _stack, members=MEMBERS),
)
