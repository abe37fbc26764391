"""The ladder of amounts: its contract, scikit-learn's own checks, and better towards the top."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from loanbook.evaluation.amounts import evaluate, mae
from loanbook.models.amount import LADDER
from loanbook.models.amount.boosting import AmountBoosting
from loanbook.models.amount.forest import AmountForest
from loanbook.models.amount.linear import Linear
from loanbook.models.amount.median import Median
from loanbook.models.amount.ratio import OneRatio
from loanbook.models.scoring import output_from_json
from loanbook.models.scoring.amounts import Amounts, to_amount, to_margin
from loanbook.testing import RungSuite, example

COUNTS_ROWS = {
    "check_sample_weight_equivalence_on_dense_data": "folds, draws and knots count rows, whatever they weigh",
}


class TestAmountLadder(RungSuite):
    rungs = LADDER


@parametrize_with_checks(
    [Median(), OneRatio(), Linear(), AmountForest(trees=5), AmountBoosting(most_trees=10)],
    expected_failed_checks=lambda made: {} if isinstance(made, Median) else COUNTS_ROWS,
)
def test_scikit_learn_accepts_it(estimator, check) -> None:
    check(estimator)


def test_fresh_amounts_are_missed_by_less_up_the_ladder() -> None:
    train, fresh = example(3000), example(3000, seed=1)
    off = {rung.name: mae(fresh.taken, rung.make(0, 1).fit(train.x, train.taken).predict(fresh.x)) for rung in LADDER}
    assert off["xgboost"] < off["median"] * 0.6
    assert off["linear"] < off["median"] * 0.6
    assert off["forest"] < off["median"] * 0.7


def test_xgboost_says_what_its_library_says() -> None:
    import xgboost

    rows = example(600)
    rung = AmountBoosting(most_trees=40)
    made = rung.fit(rows.x, rows.taken)
    weight = np.ones(len(rows.taken))
    settings = rung._settings(to_margin(rows.taken), weight)
    data = xgboost.QuantileDMatrix(rows.x, to_margin(rows.taken), weight=weight)
    booster = xgboost.train(settings, data, len(made.scorer_.roots))
    theirs = booster.predict(xgboost.DMatrix(rows.x), output_margin=True)
    assert made.scorer_.margin(rows.x) == pytest.approx(theirs, abs=1e-4)


def test_the_forest_says_what_its_library_says() -> None:
    from sklearn.ensemble import RandomForestRegressor

    rows = example(600)
    made = AmountForest(trees=8).fit(rows.x, rows.taken)
    theirs = RandomForestRegressor(8, max_depth=14, min_samples_leaf=3, max_features=0.33, random_state=0)
    theirs.fit(rows.x, to_margin(rows.taken), np.ones(600))
    assert made.scorer_.margin(rows.x) == pytest.approx(theirs.predict(rows.x))


@pytest.mark.parametrize("rows", [30, 150, 4000])
def test_intervals_hold_nine_in_ten_of_small_and_of_large_amounts(rows: int) -> None:
    draw = np.random.default_rng(rows)

    def drawn(count: int):
        margin = draw.normal(9.0, 1.5, count)
        return margin, to_amount(margin + draw.normal(0.0, 1.0, count) * (0.1 + 0.1 * (margin > 9.0)))

    fitted = Amounts.fit(*drawn(rows))
    margin, y = drawn(20_000)
    said = fitted.answer(margin)
    inside = (said.lower <= y) & (y <= said.upper)
    assert inside.mean() > (0.88 if rows > 100 else 0.80)
    assert inside.mean() < (0.92 if rows > 1000 else 1.0)
    if rows > 1000:
        for part in (margin < 9.0, margin >= 9.0):
            assert inside[part].mean() == pytest.approx(0.9, abs=0.025)


def test_contributions_add_up_in_money() -> None:
    rows = example(500)
    scorer = Linear().fit(rows.x, rows.taken).scorer_
    margin = scorer.margin(rows.x)
    fitted = Amounts.fit(margin, rows.taken)
    moved = scorer.contributions(rows.x) * fitted.scale(margin, scorer.base)[:, None]
    base = fitted.level(np.array([scorer.base]))[0]
    assert base + moved.sum(axis=1) == pytest.approx(fitted.level(margin), rel=1e-9)


def test_an_output_is_read_back_and_says_the_same_alone_and_in_a_table() -> None:
    draw = np.random.default_rng(0)
    margin = draw.normal(9.0, 1.0, 500)
    fitted = Amounts.fit(margin, to_amount(margin + draw.normal(0.0, 0.3, 500)))
    again = output_from_json(fitted.to_json())
    assert again.answer(margin).upper.tobytes() == fitted.answer(margin).upper.tobytes()
    alone = np.array([fitted.answer(row[None]).value[0] for row in margin])
    assert alone.tobytes() == fitted.answer(margin).value.tobytes()
    assert np.isnan(fitted.answer(np.array([np.nan])).value).all()


def test_figures_of_amounts() -> None:
    y = np.array([100.0, 200.0, 300.0, 0.0])
    found = evaluate(y, np.full(4, 150.0), np.zeros(4), np.full(4, 250.0))
    assert found["mae"].value == pytest.approx((50 + 50 + 150 + 150) / 4)
    assert found["r2"].value == pytest.approx(1 - (50**2 * 2 + 150**2 * 2) / ((y - 150.0) ** 2).sum())
    assert found["coverage"].value == 0.75
    assert found["relative_error"].value == pytest.approx(0.5)
    for figure in found.values():
        assert figure.low <= figure.value <= figure.high
