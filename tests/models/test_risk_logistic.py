"""The logistic rung: bends, weights, and the table they fold into."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loanbook.models.risk.bends import Bends
from loanbook.models.risk.design import Design
from loanbook.models.risk.logistic import STRENGTHS, Logistic
from loanbook.models.risk.ridge import Rows, fit_ridge
from loanbook.testing import example


@given(arrays(np.float64, st.integers(1, 60), elements=st.sampled_from([*np.linspace(-5, 5, 21), 1e6, np.nan])))
def test_every_shape_rises_along_its_knots_and_is_standard(column: np.ndarray) -> None:
    bends = Bends.learn(column)
    assert (np.diff(bends.knots) > 0).all()
    assert (np.diff(bends.shapes, axis=1) > 0).all()
    moved = bends(column)[~np.isnan(column)]
    if bends.shapes.size:
        assert moved.mean(axis=0) == pytest.approx(np.zeros(len(bends.shapes)), abs=1e-9)
        assert moved.std(axis=0) == pytest.approx(np.ones(len(bends.shapes)), abs=1e-9)
    assert not bends(column)[np.isnan(column)].any()


def test_an_outlier_pulls_no_harder_than_the_outer_knot() -> None:
    column = np.random.default_rng(0).lognormal(size=5000)
    bends = Bends.learn(column)
    assert np.array_equal(bends(np.array([1e30, -1e30])), bends(bends.knots[[-1, 0]]))
    assert np.abs(bends.shapes).max() < 12


def test_shapes_by_the_number_of_values() -> None:
    assert len(Bends.learn(np.ones(9)).shapes) == 0
    assert len(Bends.learn(np.full(9, np.nan)).shapes) == 0
    assert len(Bends.learn(np.arange(9.0) % 2).shapes) == 1
    assert len(Bends.learn(np.arange(9.0) % 3).shapes) == 2
    rare = Bends.learn(np.append(np.zeros(5000), [3.0, 4.0, 5.0]))
    assert rare.knots.tolist() == [0.0, 4.0]


def test_the_table_says_what_the_regression_said() -> None:
    rows = example(600)
    rung = Logistic().fit(rows.x, rows.y)
    design = Design.learn(rows.x)
    seen = design(rows.x)
    theirs = fit_ridge(Rows(seen, rows.y, np.ones(600)), rung.strength_).decision_function(seen)
    assert rung.decision_function(rows.x) == pytest.approx(theirs, abs=1e-6)
    assert design.flagged.size == 0  # income and amount_per_income are marked by income_missing


def test_a_missing_value_has_a_weight_of_its_own() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(4000, 2))
    x[draw.random(4000) < 0.3, 1] = np.nan
    y = draw.random(4000) < np.where(np.isnan(x[:, 1]), 0.7, 0.2)
    rung = Logistic().fit(x, y)
    known, missing = rung.predict_proba([[0.0, 0.0], [0.0, np.nan]])[:, 1]
    assert (known, missing) == pytest.approx((0.2, 0.7), abs=0.05)
    assert "missing" in rung.describe(["a", "b"])


def test_flags_of_other_columns_are_not_doubled() -> None:
    x = np.array([[np.nan, 1.0, np.nan], [1.0, 0.0, 2.0], [2.0, 0.0, np.nan], [3.0, 0.0, 1.0]])
    design = Design.learn(x)
    assert design.flagged.tolist() == [2]
    assert design(x)[:, -1].tolist() == [1.0, 0.0, 1.0, 0.0]


def test_contributions_are_measured_from_the_mean_loan() -> None:
    rows = example(800)
    scorer = Logistic().fit(rows.x, rows.y).scorer_
    assert scorer.contributions(rows.x).mean(axis=0) == pytest.approx(np.zeros(rows.x.shape[1]), abs=1e-9)
    assert scorer.base == pytest.approx(scorer.margin(rows.x).mean(), abs=1e-9)


def test_the_penalty_follows_the_rows() -> None:
    draw = np.random.default_rng(0)
    noise, wide = draw.random(200) < 0.3, draw.normal(size=(200, 60))
    assert Logistic().fit(wide, noise).strength_ == STRENGTHS[0]
    large = example(6000)
    assert Logistic().fit(large.x, large.y).strength_ > STRENGTHS[0]


def test_a_u_shaped_effect_is_followed() -> None:
    draw = np.random.default_rng(0)
    x = draw.lognormal(size=(6000, 1))
    y = draw.random(6000) < np.where((x[:, 0] < 0.3) | (x[:, 0] > 4), 0.6, 0.1)
    low, middle, high = Logistic().fit(x, y).predict_proba([[0.15], [1.0], [8.0]])[:, 1]
    assert min(low, high) > middle + 0.1


def test_description_puts_the_strongest_column_first() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(3000, 3))
    y = draw.random(3000) < 1 / (1 + np.exp(-2.0 * x[:, 2] - 0.3 * x[:, 0]))
    lines = Logistic().fit(x, y).describe(["weak", "none", "strong"]).splitlines()
    assert lines[1].startswith("    strong: -")
    assert lines[2].startswith("    weak: -")


def test_separable_rows_give_finite_weights_without_a_warning() -> None:
    x = np.arange(100.0)[:, None]
    margin = Logistic().fit(x, x[:, 0] > 50).decision_function(x)
    assert np.isfinite(margin).all()
    assert (np.diff(margin) >= 0).all()
