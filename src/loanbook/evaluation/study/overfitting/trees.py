"""Trees that grow until no leaf can be split, and what keeps them small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from loanbook.evaluation.metrics import auc
from loanbook.evaluation.study.overfitting.base import Fitted, Floats
from loanbook.models.risk.folds import hold_out, inner_folds

_LEAVES = (4, 8, 16, 32, 64, 128, 256, 512)
_SMALL = 16
_TREES, _PATIENCE = 600, 30


def unpruned_tree(x: Floats, y: Floats, seed: int) -> Fitted:
    """A tree whose leaves hold one outcome each."""
    return Fitted.on(x, y, _tree(x, y, seed, None))


def small_tree(x: Floats, y: Floats, seed: int) -> Fitted:
    """A tree of 16 leaves."""
    return Fitted.on(x, y, _tree(x, y, seed, _SMALL))


def tree_by_training_rows(x: Floats, y: Floats, seed: int) -> Fitted:
    """Of trees of 4 to 512 leaves the one that is best on the rows that it was grown on."""
    grown = [Fitted.on(x, y, _tree(x, y, seed, leaves)) for leaves in _LEAVES]
    return max(grown, key=lambda one: one.promised)


def tree_by_folds(x: Floats, y: Floats, seed: int) -> Fitted:
    """Of the same trees the one that is best in cross-validation; its promise is what the folds showed."""
    means = [
        np.mean(
            [auc(y[held], _tree(x[train], y[train], seed, leaves)(x[held])) for train, held in inner_folds(y, 5, seed)]
        )
        for leaves in _LEAVES
    ]
    best = int(np.argmax(means))
    return Fitted(_tree(x, y, seed, _LEAVES[best]), float(means[best]))


def _tree(x: Floats, y: Floats, seed: int, leaves: int | None) -> Callable[[Floats], Floats]:
    from sklearn.tree import DecisionTreeClassifier

    grown = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=seed).fit(x, y)
    return lambda rows: np.asarray(grown.predict_proba(rows)[:, 1])


def boosting_to_the_end(x: Floats, y: Floats, seed: int) -> Fitted:
    """600 deep boosted trees."""
    return Fitted.on(x, y, _boosted(x, y, seed, _TREES))


def boosting_stopped(x: Floats, y: Floats, seed: int) -> Fitted:
    """As many of them as were best on a fifth of the rows that was held out, grown on all rows."""
    import xgboost

    split = hold_out(y, 0.2, seed, least=2)
    if split is None:
        return Fitted.on(x, y, _boosted(x, y, seed, 1))
    train, held = split
    judge = xgboost.DMatrix(x[held], y[held])
    grown = xgboost.train(
        _settings(seed),
        xgboost.DMatrix(x[train], y[train]),
        _TREES,
        evals=[(judge, "held_out")],
        early_stopping_rounds=_PATIENCE,
        verbose_eval=False,
    )
    return Fitted.on(x, y, _boosted(x, y, seed, grown.best_iteration + 1))


def _boosted(x: Floats, y: Floats, seed: int, trees: int) -> Callable[[Floats], Floats]:
    import xgboost

    grown = xgboost.train(_settings(seed), xgboost.DMatrix(x, y), trees)
    return lambda rows: np.asarray(grown.predict(xgboost.DMatrix(rows)), np.float64)


def _settings(seed: int) -> dict[str, Any]:
    return {"objective": "binary:logistic", "max_depth": 6, "eta": 0.2, "seed": seed, "nthread": 1}
