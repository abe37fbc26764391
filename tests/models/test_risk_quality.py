"""The ladder on real loans: as good as design/QUALITY.md measured it, and never so good that a leak must be feared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.splits import folds
from loanbook.evaluation.metrics import auc
from loanbook.lifecycle import load
from loanbook.models.risk import LADDER
from loanbook.models.risk.stack import Stack
from loanbook.models.training import Setting, fit_plan
from loanbook.usecases.risk import Risk

LEAST = {
    "approve_all": 0.5,
    "one_rule": 0.62,
    "three_rules": 0.7,
    "scorecard": 0.73,
    "logistic": 0.739,
    "logistic_l1": 0.739,
    "logistic_woe": 0.747,
    "tree": 0.735,
    "ebm": 0.765,
    "xgboost": 0.77,
    "lightgbm": 0.775,
    "catboost": 0.775,
    "forest": 0.768,
    "extra_trees": 0.765,
    "network": 0.765,
}
LEAKED = 0.82


@pytest.fixture(scope="module")
def parts():
    """Model rows of the bundled loans, three quarters to train on and one to test."""
    book = Book.load(Path(samples.__file__).parent / "sba_7a.toml")
    section = book.section("risk")
    table, types = load(book, section)
    loans = Risk().learn(table, section, types)
    train, test = next(folds(loans.bad, loans.groups, count=4, seed=0))
    plan, x = fit_plan(loans.take(train), Setting(time=section.time, amount=section.amount))
    return x, loans.bad[train], plan.transform(loans.codes[test]), loans.bad[test]


@pytest.mark.parametrize("rung", [rung for rung in LADDER if not rung.members], ids=lambda rung: rung.name)
def test_random_split_of_the_bundled_loans(rung, parts: tuple[np.ndarray, ...]) -> None:
    x, bad, x_test, bad_test = parts
    score = auc(bad_test, rung.make(0, 2).fit(x, bad).scorer_.margin(x_test))
    assert LEAST[rung.name] <= score < LEAKED


def test_a_stack_is_better_than_its_members(parts: tuple[np.ndarray, ...]) -> None:
    x, bad, x_test, bad_test = parts
    stack = Stack(members=("logistic", "xgboost", "forest"), folds=2, jobs=2).fit(x, bad)
    alone = [auc(bad_test, member.scorer_.margin(x_test)) for member in stack.members_.values()]
    assert max(alone) < auc(bad_test, stack.scorer_.margin(x_test)) < LEAKED
