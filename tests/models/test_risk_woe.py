"""Logistic regression on shapes, weights of evidence and bins: what is smooth and what jumps, in one table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from loanbook.evaluation.metrics import auc
from loanbook.models.risk.binning import Bins
from loanbook.models.risk.design import Curve, Design
from loanbook.models.risk.folds import loss_of
from loanbook.models.risk.logistic import Logistic
from loanbook.models.risk.ridge import Rows, fit_ridge
from loanbook.models.risk.woe import LogisticWoe, Stairs
from loanbook.testing import example


def test_the_table_says_what_the_regression_said() -> None:
    rows = example(900)
    rung = LogisticWoe().fit(rows.x, rows.y)
    stairs = rung._stairs(rows.x, rows.y, np.ones(900))
    blocks = [one(column) for one, column in zip(stairs, rows.x.T, strict=True)]
    seen = np.hstack([Design.learn(rows.x)(rows.x), *blocks])
    theirs = fit_ridge(Rows(seen, rows.y, np.ones(900)), rung.strength_).decision_function(seen)
    assert rung.decision_function(rows.x) == pytest.approx(theirs, abs=1e-6)


def test_a_jump_on_a_slope_is_followed_better_than_by_shapes_alone() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(8000, 2))
    y = draw.random(8000) < expit(0.8 * x[:, 0] + 2.5 * (np.abs(x[:, 1] - 0.4) < 0.3) - 1.5)
    train, fresh = slice(0, 4000), slice(4000, None)
    scores = [
        auc(y[fresh].astype(float), made.fit(x[train], y[train]).decision_function(x[fresh]))
        for made in (LogisticWoe(), Logistic())
    ]
    assert scores[0] > scores[1] + 0.03
    inside, outside = LogisticWoe().fit(x, y).decision_function([[0.0, 0.4], [0.0, 1.2]])
    assert inside - outside == pytest.approx(2.5, abs=0.6)


def test_its_own_outcome_does_not_fool_it_about_noise() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2000, 40))
    y = (draw.random(2000) < 0.3).astype(np.float64)
    fresh, bad = draw.normal(size=(4000, 40)), (draw.random(4000) < 0.3).astype(np.float64)
    loss = loss_of(LogisticWoe().fit(x, y).decision_function(fresh), bad, np.ones(4000))
    usual = loss_of(np.full(4000, np.log(y.mean() / (1 - y.mean()))), bad, np.ones(4000))
    assert loss < usual + 0.01


def test_a_missing_value_that_training_never_saw_counts_as_the_average() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(3000, 2))
    y = draw.random(3000) < expit(2 * x[:, 0])
    scorer = LogisticWoe().fit(x, y).scorer_
    assert scorer.contributions(np.array([[np.nan, np.nan]])) == pytest.approx(np.zeros((1, 2)), abs=1e-9)


def test_stairs_stand_on_a_curve() -> None:
    bins = Bins(np.array([1.0, 5.0]), np.array([30.0, 20.0, 10.0, 0.0]), np.array([10.0, 20.0, 30.0, 0.0]), 1.0)
    stairs = Stairs(bins)
    assert stairs.width == 4  # the weight of evidence, and three bins that rows are in
    assert np.average(stairs.shapes, axis=1, weights=bins.goods + bins.bads) == pytest.approx(np.zeros(4))
    on = stairs.on(Curve(np.array([0.0, 4.0]), np.array([0.0, 8.0]), 7.0), np.array([1.0, 0.0, 0.0, 0.0]))
    heights = stairs.shapes[0]
    for value, place, line in (
        (-3.0, 0, 0.0),
        (0.9, 0, 1.8),
        (1.0, 1, 2.0),
        (2.0, 1, 4.0),
        (4.0, 1, 8.0),
        (6.0, 2, 8.0),
    ):
        assert np.interp(value, on.knots, on.values) == pytest.approx(line + heights[place])
    assert on.missing == 7.0


def test_a_constant_column_has_no_stairs() -> None:
    bins = Bins(np.empty(0), np.array([30.0, 0.0]), np.array([10.0, 0.0]), 1.0)
    assert Stairs(bins).width == 0
    assert Stairs(bins)(np.array([1.0, np.nan])).shape == (2, 0)


def test_bins_of_held_out_rows_are_learned_elsewhere() -> None:
    rows = example(600)
    rung = LogisticWoe()
    seen = Design.learn(rows.x)(rows.x)
    for train, held in rung._folds(seen, rows.x, rows.y, np.ones(600)):
        assert train.design.shape[1] == held.design.shape[1] > seen.shape[1]
        assert len(train.y) == 400
        assert len(held.y) == 200
