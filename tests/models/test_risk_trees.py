"""What scikit-learn and XGBoost grow is what decides: the same comparison, the same leaf, the same reasons."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from loanbook.models.risk.boosting import Boosting, _base_margin, ensemble_of
from loanbook.models.risk.forest import Forest
from loanbook.models.risk.growing import rules, share_of_bad, smoothed_log_odds, strictly_below, to_ensemble
from loanbook.models.risk.one_rule import OneRule
from loanbook.models.risk.tree import LEAVES, Tree, cut_back
from loanbook.testing import example


def on_the_thresholds(x: np.ndarray, ensemble) -> np.ndarray:
    """Rows that sit on, just below and just above the thresholds of an ensemble."""
    rows = np.repeat(x[:1], 3 * len(ensemble.feature), axis=0).astype(np.float32)
    for node in np.flatnonzero((ensemble.feature >= 0) & np.isfinite(ensemble.threshold)):
        cut = ensemble.threshold[node]
        near = [np.nextafter(cut, np.float32(-np.inf)), cut, np.nextafter(cut, np.float32(np.inf))]
        rows[3 * node : 3 * node + 3, ensemble.feature[node]] = near
    return rows.astype(np.float64)


@given(st.floats(-1e30, 1e30), st.integers(-3, 3))
def test_strictly_below_says_what_below_or_equal_said(threshold: float, steps: int) -> None:
    value = np.float32(threshold)
    for _ in range(abs(steps)):
        value = np.nextafter(value, np.float32(np.inf if steps > 0 else -np.inf))
    cut = strictly_below(np.array([threshold]))[0]
    assert (value < cut) == (np.float64(value) <= threshold)


@pytest.mark.parametrize("seed", range(4))
def test_forest_walks_as_scikit_learn_walks(seed: int) -> None:
    rows, fresh = example(300, seed), example(100, seed + 50)
    grown = RandomForestClassifier(7, max_depth=6, random_state=seed).fit(rows.x, rows.y)
    trees = [one.tree_ for one in grown.estimators_]
    ensemble = to_ensemble(trees, 0.2, 1.5, rows.x.shape[1])
    probes = np.vstack([fresh.x, rows.x, on_the_thresholds(rows.x, ensemble)])
    values = [smoothed_log_odds(share_of_bad(tree), tree.weighted_n_node_samples, 0.2, 1.5) for tree in trees]
    theirs = np.mean([v[one.apply(probes)] for v, one in zip(values, grown.estimators_, strict=True)], axis=0)
    assert ensemble.margin(probes) == pytest.approx(theirs, abs=1e-12)
    assert np.isnan(probes).any()


def test_leaves_without_smoothing_hold_scikit_learns_probabilities() -> None:
    rows = example(300)
    grown = DecisionTreeClassifier(max_leaf_nodes=6, min_samples_leaf=20, random_state=0).fit(rows.x, rows.y)
    p = grown.predict_proba(rows.x)[:, 1]
    mixed = (p > 0) & (p < 1)
    margin = to_ensemble([grown.tree_], 0.5, 1e-9, rows.x.shape[1]).margin(rows.x)
    assert mixed.any()
    assert margin[mixed] == pytest.approx(np.log(p / (1 - p))[mixed], abs=1e-6)


def test_smoothing_pulls_towards_the_base_rate_and_keeps_log_odds_finite() -> None:
    weak, strong = (
        smoothed_log_odds(np.array([0.0, 1.0]), np.array([5.0, 5.0]), 0.3, strength) for strength in (0.1, 50.0)
    )
    base = np.log(0.3 / 0.7)
    assert np.isfinite(weak).all()
    assert (np.abs(strong - base) < np.abs(weak - base)).all()


@pytest.mark.parametrize("leaves", LEAVES)
def test_cutting_back_equals_growing_less(leaves: int) -> None:
    rows, fresh = example(2000), example(300, seed=1)
    large = DecisionTreeClassifier(max_leaf_nodes=LEAVES[-1], min_samples_leaf=5, random_state=0)
    small = DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=5, random_state=0)
    large.fit(rows.x, rows.y)
    small.fit(rows.x, rows.y)
    end = cut_back(large.tree_, leaves)[large.apply(fresh.x)]
    assert np.array_equal(share_of_bad(large.tree_)[end], small.predict_proba(fresh.x)[:, 1])


def test_a_tree_that_finds_nothing_stays_a_stump() -> None:
    draw = np.random.default_rng(1)
    tree = Tree().fit(draw.normal(size=(2000, 5)), draw.random(2000) < 0.3)
    assert len(tree.scorer_.feature) <= 5


def test_rules_lead_each_row_to_its_leaf() -> None:
    rows = example(1000)
    tree = Tree().fit(rows.x, rows.y)
    text = tree.describe(rows.names)
    leaves = int((tree.scorer_.feature < 0).sum())
    assert text.count("% bad (") == leaves
    assert text.count(" < ") == text.count(" >= ") == text.count("or missing") == leaves - 1
    assert text == rules(tree.scorer_, rows.names)


def known_or_missing() -> tuple[np.ndarray, np.ndarray]:
    """Rows on which only being missing matters: scikit-learn then splits at infinity."""
    x = np.random.default_rng(0).normal(size=(1000, 1))
    x[::4] = np.nan
    return x, np.isnan(x[:, 0]).astype(float)


def test_a_split_of_known_from_missing_is_kept_and_told() -> None:
    x, y = known_or_missing()
    tree = Tree(smoothing=1.0).fit(x, y)
    assert np.isposinf(tree.scorer_.threshold[0])
    assert tree.describe(["income"]).splitlines()[::2] == ["income known", "income missing"]
    assert tree.predict([[-1e30], [0.0], [1e30], [np.nan]]).tolist() == [0.0, 0.0, 0.0, 1.0]
    assert tree.scorer_.contributions(x[:8]).sum(axis=1) + tree.scorer_.base == pytest.approx(
        tree.decision_function(x[:8]), abs=1e-9
    )
    assert OneRule().fit(x, y).describe(["income"]) == "Decide by income alone: known, 0.1% bad; missing, 99.1% bad."


def booster_of(x: np.ndarray, y: np.ndarray, trees: int = 60, **settings) -> xgboost.Booster:
    plain = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.2, "nthread": 1, "seed": 0}
    return xgboost.train(plain | settings, xgboost.DMatrix(x, y), trees)


@pytest.mark.parametrize("settings", [{}, {"base_score": 0.2}, {"tree_method": "exact"}, {"max_depth": 1}])
def test_xgboost_margin_and_contributions_are_kept(settings: dict) -> None:
    rows, fresh = example(800), example(150, seed=1)
    booster = booster_of(rows.x, rows.y, **settings)
    ensemble = ensemble_of(booster)
    probes = np.vstack([fresh.x, on_the_thresholds(rows.x, ensemble)[:600], np.full((1, rows.x.shape[1]), np.nan)])
    matrix = xgboost.DMatrix(probes)
    assert ensemble.margin(probes) == pytest.approx(booster.predict(matrix, output_margin=True), abs=1e-5)
    theirs = booster.predict(xgboost.DMatrix(fresh.x), pred_contribs=True)
    assert ensemble.contributions(fresh.x) == pytest.approx(theirs[:, :-1], abs=1e-4)
    assert np.full(len(fresh.x), ensemble.base) == pytest.approx(theirs[:, -1], abs=1e-4)


def test_a_booster_that_never_splits_is_kept_too() -> None:
    booster = booster_of(np.ones((50, 2)), np.arange(50) % 2)
    margin = booster.predict(xgboost.DMatrix(np.ones((3, 2))), output_margin=True)
    assert ensemble_of(booster).margin(np.ones((3, 2))) == pytest.approx(margin, abs=1e-6)


@pytest.mark.parametrize("written", ["2E-1", "[2E-1]", "2.0000000E-1", "0.2"])
def test_base_score_is_read_as_any_release_writes_it(written: str) -> None:
    assert _base_margin(written, "binary:logistic") == pytest.approx(np.log(0.25), abs=1e-6)


def test_boosting_stops_before_it_learns_noise() -> None:
    draw = np.random.default_rng(0)
    rung = Boosting().fit(draw.normal(size=(1000, 5)), draw.random(1000) < 0.3)
    assert len(rung.scorer_.roots) < 60
    assert len(Boosting(most_trees=25).fit(example().x, example().y).scorer_.roots) <= 28
    assert len(Boosting(trees_if_few=7).fit(example(30).x, np.arange(30) < 5).scorer_.roots) == 7


def test_boosting_is_the_booster_it_grew() -> None:
    rows, fresh = example(), example(200, seed=1)
    rung = Boosting()
    booster = rung._grow(rows.x, rows.y, np.ones(len(rows.y)))
    theirs = booster.predict(xgboost.DMatrix(fresh.x), output_margin=True)
    assert rung.fit(rows.x, rows.y).decision_function(fresh.x) == pytest.approx(theirs, abs=1e-5)


def test_threads_follow_the_number_of_rows() -> None:
    few, many = (np.tile([0.0, 1.0], rows // 2) for rows in (1_000, 400_000))
    threads = [Boosting(jobs=8)._settings(y[:, None], y, np.ones(len(y)))["nthread"] for y in (few, many)]
    assert threads == [1, 2]
    assert Boosting(jobs=1)._settings(many[:, None], many, np.ones(len(many)))["nthread"] == 1


def test_one_rule_picks_the_column_that_tells_most() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(3000, 6))
    x[draw.random(3000) < 0.1, 4] = np.nan
    y = draw.random(3000) < np.where(np.isnan(x[:, 4]), 0.9, np.where(x[:, 4] > 0.5, 0.5, 0.1))
    rule = OneRule().fit(x, y)
    names = ["a", "b", "c", "d", "income", "e"]
    assert set(rule.scorer_.feature) == {4, -1}
    assert rule.describe(names).startswith("Decide by income alone: below ")
    assert rule.describe(names).count("(or missing)") == 1
    bands = rule.predict_proba([[0, 0, 0, 0, value, 0] for value in (0.0, 1.0, np.nan)])[:, 1]
    assert bands == pytest.approx([0.1, 0.5, 0.9], abs=0.25)
    assert bands[0] < bands[1] < bands[2]


def test_one_rule_says_so_when_no_column_tells_anything() -> None:
    rule = OneRule().fit(np.ones((40, 2)), np.arange(40) % 4 == 0)
    assert rule.describe(["a", "b"]) == "No column tells good from bad: 25.0% bad."


def test_one_rule_prints_each_band_once() -> None:
    x = np.repeat(np.arange(4.0), 500)[:, None]
    y = np.random.default_rng(0).random(2000) < np.array([0.1, 0.4, 0.2, 0.7])[x[:, 0].astype(int)]
    text = OneRule().fit(x, y).describe(["grade"])
    assert [text.count(part) for part in ("below 0.5", "0.5 to 1.5", "1.5 to 2.5", "from 2.5")] == [1, 1, 1, 1]


def test_forest_is_the_same_on_one_and_on_two_threads() -> None:
    rows = example()
    one, two = (Forest(trees=20, jobs=jobs).fit(rows.x, rows.y).decision_function(rows.x) for jobs in (1, 2))
    assert np.array_equal(one, two)
