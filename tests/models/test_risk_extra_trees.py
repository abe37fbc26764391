"""Votes are scikit-learn's probabilities, a line turns them into log-odds, and the rows say how fine to split."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier

from loanbook.models.risk.extra_trees import ExtraTrees
from loanbook.models.risk.forest import Forest
from loanbook.models.risk.voting import Line, Voting, _cut_back, _votes
from loanbook.models.scoring import sigmoid
from loanbook.testing import example

Rows = tuple[np.ndarray, np.ndarray]
BOTH = pytest.mark.parametrize("made", [Forest, ExtraTrees])


@BOTH
def test_margin_is_the_line_through_scikit_learns_probability(made: type[Voting], model_rows: Rows) -> None:
    x, bad = model_rows
    rung = made(trees=15).fit(x, bad)
    grown = rung._grow(x, bad, np.ones(len(bad)), trees=15, least_split=rung.least_split_)
    theirs = rung.line_(grown.predict_proba(x)[:, 1])
    assert np.isnan(x).any()
    assert rung.scorer_.margin(x) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("least", [2, 5, 20, 1000])
def test_cutting_back_equals_growing_less(least: int) -> None:
    rows, fresh = example(600), example(200, seed=1).x.astype(np.float32)
    full = ExtraTreesClassifier(5, random_state=0).fit(rows.x, rows.y)
    for tree in (one.tree_ for one in full.estimators_):
        end = _cut_back(tree, least)[tree.apply(fresh)]
        inner = tree.children_left[end] >= 0
        assert (tree.n_node_samples[end[inner]] < least).all()
        votes = _votes(tree, least, tree.apply(fresh))
        assert np.array_equal(votes, tree.value[end, 0, 1])
        if least == 2:
            assert np.array_equal(end, tree.apply(fresh))
        if least == 1000:
            assert (end == 0).all()


@BOTH
def test_near_copies_are_split_apart_and_noise_is_not(made: type[Voting]) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(2000, 6))
    noise = draw.random(2000) < sigmoid(x[:, 0] - 1.0)
    apart = draw.normal(size=(500, 6))
    twins = np.repeat(apart, 4, axis=0) + draw.normal(scale=1e-3, size=(2000, 6))
    copied = np.repeat(draw.random(500) < 0.3, 4)
    assert made(trees=10).fit(twins, copied).least_split_ <= 4
    assert made(trees=10).fit(x, noise).least_split_ >= 16


@BOTH
def test_promised_shares_come_true_on_fresh_loans(made: type[Voting]) -> None:
    train, fresh = example(4000), example(4000, seed=1)
    promised = made().fit(train.x, train.y).predict_proba(fresh.x)[:, 1]
    assert promised.mean() == pytest.approx(fresh.y.mean(), abs=0.02)
    order = np.argsort(promised)
    for part in np.array_split(order, 5):
        assert promised[part].mean() == pytest.approx(fresh.y[part].mean(), abs=0.06)


@BOTH
def test_votes_that_rank_nobody_give_the_base_rate(made: type[Voting]) -> None:
    rung = made(trees=20).fit(np.ones((100, 2)), np.arange(100) % 4 == 0)
    assert rung.predict_proba([[1.0, 1.0]])[0, 1] == pytest.approx(0.25, abs=0.02)


def test_the_tangent_touches_the_log_odds_at_the_base_rate() -> None:
    line, at = Line.tangent(0.2), np.array([0.2])
    assert line(at) == pytest.approx(np.log(0.25))
    assert line.slope == pytest.approx(1 / 0.16)


@BOTH
def test_the_same_on_one_and_on_two_threads(made: type[Voting]) -> None:
    rows = example()
    one, two = (made(trees=20, jobs=jobs).fit(rows.x, rows.y).decision_function(rows.x) for jobs in (1, 2))
    assert np.array_equal(one, two)


def test_rows_drawn_for_a_tree_are_all_half_or_the_most() -> None:
    def drawn(rows: int) -> float:
        draw = np.random.default_rng(0)
        x, y = draw.normal(size=(rows, 2)), draw.random(rows) < 0.3
        forest = Forest(small=500, most_rows=900)._grow(x, y, np.ones(rows), trees=2, least_split=rows)
        return float(forest.estimators_[0].tree_.weighted_n_node_samples[0])

    assert [drawn(rows) for rows in (400, 1000, 5000)] == [400, 500, 900]
