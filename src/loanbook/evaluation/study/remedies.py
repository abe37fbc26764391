"""Each remedy for overfitting before and after, over the same folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from loanbook.data.loans import Loans
from loanbook.evaluation.benchmark import Progress, quiet
from loanbook.evaluation.metrics import auc
from loanbook.evaluation.study.overfitting import lines, network, trees
from loanbook.evaluation.study.overfitting.base import Model
from loanbook.evaluation.study.paired import Paired
from loanbook.evaluation.study.rows import Course, Fold, nested
from loanbook.models.training import Setting

MOST = 4_000
"""Loans that are studied; more are sampled: the fewer there are, the more there is to overfit."""

_FEW = 0.125  # of the training rows, before "more data"


@dataclass(frozen=True)
class Remedy:
    """One way to learn less by heart.

    before, after : the models. said_before, said_after : what they are, for a table.
    few : whether `before` sees an eighth of the training rows only. needs : a module that both cannot do without.
    """

    name: str
    title: str
    said_before: str
    said_after: str
    before: Model
    after: Model
    few: bool = False
    needs: str = ""


REMEDIES: tuple[Remedy, ...] = (
    Remedy(
        "more_data",
        "More data",
        "logistic regression on hundreds of columns, an eighth of the loans",
        "the same, all loans",
        lines.unpenalised,
        lines.unpenalised,
        few=True,
    ),
    Remedy(
        "k_fold",
        "k-fold validation",
        "tree size chosen by the training rows",
        "tree size chosen by five folds",
        trees.tree_by_training_rows,
        trees.tree_by_folds,
    ),
    Remedy(
        "l2",
        "L2 penalty",
        "logistic regression on hundreds of columns, no penalty",
        "the same, L2 penalty",
        lines.unpenalised,
        lines.ridge,
    ),
    Remedy(
        "l1",
        "L1 penalty",
        "logistic regression on hundreds of columns, no penalty",
        "the same, L1 penalty",
        lines.unpenalised,
        lines.lasso,
    ),
    Remedy(
        "dropout",
        "Dropout",
        "network (64, 32), no dropout, 40 epochs",
        "the same, dropout of one half",
        network.without_dropout,
        network.with_dropout,
        needs="keras",
    ),
    Remedy(
        "early_stopping",
        "Early stopping",
        "600 boosted trees of depth 6",
        "the same, stopped early",
        trees.boosting_to_the_end,
        trees.boosting_stopped,
    ),
    Remedy(
        "simpler_model",
        "A simpler model",
        "tree without limit",
        "tree of 16 leaves",
        trees.unpruned_tree,
        trees.small_tree,
    ),
)


def study_remedies(
    loans: Loans,
    setting: Setting,
    *,
    remedies: Sequence[Remedy] = REMEDIES,
    most: int = MOST,
    repeats: int = 2,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Fit the models before and after each remedy, and compare fold by fold.

    Returns
    -------
    Plain data: `rows`, `available`, `folds` and `remedies`, a list: each has `remedy`, `title` and either `skipped` or
    `before` and `after` (each `model`, `promised`, `validation`, `gap`: the AUC that it was believed to have, that it
    had on rows held out, and the difference), `difference` of the latter AUC with its `error`, and `verdict`.
    """
    progress("Features", 0, 1)
    course = Course.lay_out(loans, setting, most=most, repeats=repeats)
    total = len(remedies) * len(course.folds)
    found = []
    for number, remedy in enumerate(remedies):
        head = {"remedy": remedy.name, "title": remedy.title}
        if remedy.needs and not find_spec(remedy.needs):
            found.append({**head, "skipped": "not installed: pip install 'loanbook[neural]'"})
            continue
        pairs = []
        for place, fold in enumerate(course.folds):
            progress(remedy.title, number * len(course.folds) + place, total)
            before = _judged(remedy.before, fold, setting.seed, few=remedy.few)
            pairs.append((before, _judged(remedy.after, fold, setting.seed)))
        found.append({**head, **_compared(remedy, np.array(pairs), course.test_share)})
    return {"rows": course.rows, "available": course.available, "folds": len(course.folds), "remedies": found}


def _judged(model: Model, fold: Fold, seed: int, *, few: bool = False) -> tuple[float, float]:
    """AUC that was promised, and AUC on the rows held out."""
    x, y = fold.train.x, fold.train.y
    if few:
        rows = next(nested(y, [max(20, round(_FEW * len(y)))], seed))
        x, y = x[rows], y[rows]
    fitted = model(x, y, seed)
    return fitted.promised, auc(fold.y_test, fitted.score(fold.x_test))


def _compared(remedy: Remedy, pairs: Any, test_share: float) -> dict[str, Any]:
    """`pairs`: (folds, before and after, promised and validation)."""
    means = pairs.mean(axis=0)

    def told(place: int, model: str) -> dict[str, Any]:
        promised, validation = (float(one) for one in means[place])
        return {"model": model, "promised": promised, "validation": validation, "gap": promised - validation}

    pair = Paired.of(pairs[:, 1, 1], pairs[:, 0, 1], test_share=test_share)
    return {"before": told(0, remedy.said_before), "after": told(1, remedy.said_after), **pair.to_json()}
