"""The rungs are scikit-learn classifiers, by scikit-learn's own checks."""

from __future__ import annotations

import os

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from loanbook.models.risk import LADDER, Rung
from loanbook.models.risk.approve_all import ApproveAll

COUNTS_ROWS = {
    "check_sample_weight_equivalence_on_dense_data": "folds, draws and least sizes count rows, whatever they weigh",
}
ARRAY_API = "SCIPY_ARRAY_API is not set"


def light(rung: Rung) -> BaseEstimator:
    """The rung with few trees: the checks are about manners, not about accuracy."""
    few = {
        "forest": {"trees": 15},
        "logistic_l1": {"steps": 8, "folds": 2},
        "xgboost": {"most_trees": 40},
        "lightgbm": {"most_trees": 40, "least_leaf": 2},
        "catboost": {"most_trees": 40, "depth": 3},
        "extra_trees": {"trees": 15, "trials": 5},
        "ebm": {"bags": 1, "pairs": 2, "most_rounds": 60},
        "network": {"networks": 2, "most_epochs": 8},
        "blend": {"members": ("logistic", "tree")},
        "stack": {"members": ("logistic", "tree")},
    }
    return rung.make(0, 1).set_params(**few.get(rung.name, {}))


def expected_to_fail(estimator: BaseEstimator) -> dict[str, str]:
    """Checks that a rung does not pass, each with its reason."""
    return {} if isinstance(estimator, ApproveAll) else COUNTS_ROWS


@pytest.mark.filterwarnings("ignore:Can't check dok sparse matrix:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.EstimatorCheckFailedWarning")
@parametrize_with_checks([light(rung) for rung in LADDER], expected_failed_checks=expected_to_fail)
def test_scikit_learn_accepts_the_rung(estimator, check) -> None:
    if "array_api" in str(check) and "SCIPY_ARRAY_API" not in os.environ:
        pytest.skip(ARRAY_API)
    check(estimator)
