"""Three rules: the right columns, few bands, points that can be added in the head."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from loanbook.evaluation.metrics import auc
from loanbook.models.risk.binning import Cutting
from loanbook.models.risk.one_rule import OneRule
from loanbook.models.risk.three_rules import ThreeRules, _Placed
from loanbook.testing import example


def columns_of(rung: ThreeRules) -> list[int]:
    return [item.column for item in rung.card_.items]


def test_the_three_columns_that_matter_are_taken_the_strongest_first() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 8))
    y = draw.random(4000) < expit(0.8 * x[:, 2] + 2.0 * x[:, 5] - 1.2 * x[:, 6] + 0.1 * x[:, 0])
    assert columns_of(ThreeRules().fit(x, y)) == [5, 6, 2]
    assert columns_of(ThreeRules(columns=2).fit(x, y)) == [5, 6]


def test_a_column_that_says_the_same_again_is_not_taken() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(3000, 3))
    x[:, 1] = x[:, 0] ** 3
    y = draw.random(3000) < expit(2 * x[:, 0] + 0.6 * x[:, 2])
    assert sorted(columns_of(ThreeRules().fit(x, y))) in ([0, 2], [1, 2])


def test_bands_are_few_and_hold_rows_enough() -> None:
    rows = example(3000)
    card = ThreeRules().fit(rows.x, rows.y).card_
    assert 1 <= len(card.items) <= 3
    for item in card.items:
        *known, _ = item.bands
        assert len(known) <= 5
        assert min(band.share for band in known) >= 0.015
        assert max(band.points for band in known) < 60


def test_three_rules_rank_fresh_loans_better_than_one() -> None:
    train, fresh = example(3000), example(3000, seed=1)
    three, one = (
        auc(fresh.y, made.fit(train.x, train.y).decision_function(fresh.x)) for made in (ThreeRules(), OneRule())
    )
    assert three > one + 0.02


def test_cells_add_up_to_the_rows() -> None:
    rows = example(500)
    weight = np.random.default_rng(0).uniform(0.5, 2.0, 500)
    bins = Cutting().learn(rows.x, rows.y, weight)
    placed = _Placed.of(bins, rows.x, rows.y, weight)
    for columns in ([], [5], [5, 0, 3]):
        places, goods, bads = placed.cells(columns)
        assert places.shape == (len(goods), len(columns))
        assert bads.sum() == pytest.approx(weight @ rows.y)
        assert goods.sum() == pytest.approx(weight @ (1 - rows.y))
        for at, column in enumerate(columns):
            there = np.bincount(places[:, at], goods + bads, minlength=len(bins[column].woe))
            assert there == pytest.approx(bins[column].goods + bins[column].bads)


def test_effects_are_those_of_a_logistic_regression_on_the_bands() -> None:
    from sklearn.linear_model import LogisticRegression

    rows = example(800)
    bins = Cutting().learn(rows.x, rows.y, np.ones(800))
    placed = _Placed.of(bins, rows.x, rows.y, np.ones(800))
    effects = placed.fit([5, 0], 2.0)
    flat = np.hstack([np.eye(placed.size)[placed.bands[:, at]] for at in (5, 0)])
    theirs = LogisticRegression(C=0.5, tol=1e-10, solver="newton-cholesky").fit(flat, rows.y)
    assert effects.bands.ravel() == pytest.approx(theirs.coef_[0], abs=1e-5)
    assert effects.level == pytest.approx(theirs.intercept_[0], abs=1e-5)
    margin = theirs.decision_function(flat)
    loss = np.logaddexp(0, np.where(rows.y > 0, -margin, margin)).sum()
    assert effects.loss(placed, [5, 0]) == pytest.approx(loss, abs=1e-3)
