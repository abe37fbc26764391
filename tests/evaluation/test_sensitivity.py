from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from loanbook.book import Economics
from loanbook.evaluation.economics import break_even, profit, profit_curve
from loanbook.evaluation.intervals import draw_weights, interval
from loanbook.evaluation.sensitivity import _around, sensitivity

TERMS = Economics(loss_given_default=0.60, margin=0.08, review_cost=40.0)


def loans(rows: int = 400, seed: int = 0):
    draw = np.random.default_rng(seed)
    p = draw.beta(1.2, 8.0, rows)
    y = (draw.random(rows) < p).astype(np.float64)
    return y, p, np.round(np.exp(draw.normal(10, 1, rows)))


def test_the_grid_lies_around_the_book_and_never_loses_more_than_everything():
    found = sensitivity(*loans(), TERMS, 0.1, resamples=5)
    assert found.losses == (0.3, 0.45, 0.6, 0.75, 0.9)
    assert found.margins == (0.04, 0.06, 0.08, 0.12, 0.16)
    assert [[(cell.loss_given_default, cell.margin) for cell in row] for row in found.cells] == [
        [(loss, margin) for margin in found.margins] for loss in found.losses
    ]
    assert _around(0.9, (0.5, 1.0, 1.25, 1.5)) == (0.45, 0.9, 1.0)


def test_every_cell_equals_reckoning_it_alone():
    y, p, amount = loans()
    found = sensitivity(y, p, amount, TERMS, 0.1, resamples=10)
    assert found.approval_rate == (p < 0.1).mean()
    for cell in (one for row in found.cells for one in row):
        there = replace(TERMS, loss_given_default=cell.loss_given_default, margin=cell.margin)
        curve = profit_curve(y, p, amount, there, resamples=10)
        assert cell.break_even == break_even(there)
        assert cell.best_cutoff == curve.best_cutoff
        assert cell.best_profit.value == pytest.approx(curve.profit.max())
        assert cell.best_approval_rate == curve.approval_rate[curve.best]
        assert cell.profit.value == pytest.approx(profit(y, amount, p < 0.1, there))
        assert cell.lost.value == pytest.approx(cell.best_profit.value - cell.profit.value)
        assert cell.lost.value >= -1e-6


def test_the_interval_of_what_is_lost_is_paired():
    y, p, amount = loans(200)
    cell = sensitivity(y, p, amount, TERMS, 0.05, seed=4, resamples=30).cells[2][2]
    gain = amount * np.where(y == 1, -0.60, 0.08)
    lost = gain * ((p < cell.best_cutoff.value) * 1.0 - (p < 0.05))
    slow = interval(lost.sum(), [weights @ lost for weights in draw_weights(200, 30, seed=4)])
    assert (cell.lost.low, cell.lost.high) == pytest.approx((slow.low, slow.high))


def test_the_policy_that_is_best_for_the_book_loses_nothing_there():
    y, p, amount = loans()
    best = profit_curve(y, p, amount, TERMS, resamples=0).best_cutoff.value
    found = sensitivity(y, p, amount, TERMS, best, resamples=5)
    assert found.cells[2][2].lost.value == pytest.approx(0.0, abs=1e-6)
    assert found.cells[4][0].lost.value > 0.0


def test_dearer_losses_make_for_stricter_cut_offs():
    y, p, amount = loans(4000)
    found = sensitivity(y, p, amount, TERMS, 0.1, resamples=5)
    for column in range(5):
        assert found.cells[4][column].best_approval_rate <= found.cells[0][column].best_approval_rate
    for row in found.cells:
        assert row[0].best_approval_rate <= row[-1].best_approval_rate


def test_the_sentence_names_the_range_the_worst_case_and_the_losing_ones():
    y, p, amount = loans(2000)
    found = sensitivity(y, p, amount, TERMS, 0.5, resamples=20)
    every = [cell for row in found.cells for cell in row]
    worst = max(every, key=lambda cell: cell.lost.value)
    text = found.sentence()
    assert "With a loss given default from 30% to 90% and a margin from 4.0% to 16.0%" in text
    assert f"{worst.lost.value:,.0f} ({worst.lost.low:,.0f} to {worst.lost.high:,.0f}) less than the best" in text
    assert f"where {worst.loss_given_default:.0%} is lost and {worst.margin:.1%} earned" in text
    assert f"in {sum(cell.profit.value < 0 for cell in every)} of 25 cases" in text
    counted = sensitivity(y, p, None, TERMS, 0.5, resamples=5)
    assert counted.unit == "loans"
    assert " loans (" in counted.sentence()


def test_economics_without_a_loss_or_margin_have_a_grid_of_what_is_left():
    y, p, amount = loans(50)
    found = sensitivity(y, p, amount, Economics(loss_given_default=0.0, margin=0.08), 0.1, resamples=5)
    assert found.losses == (0.0,)
    assert len(found.cells) == 1
    assert {cell.best_approval_rate for cell in found.cells[0]} == {1.0}


def test_the_json_is_plain():
    found = json.loads(json.dumps(sensitivity(*loans(60), TERMS, 0.1, resamples=5).to_json()))
    assert found["cells"][0][0]["lost"].keys() == {"value", "low", "high"}
    assert found["sentence"].startswith("With a loss given default from")
