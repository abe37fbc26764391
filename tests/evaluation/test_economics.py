"""What decisions earn and what a model is worth, recomputed the slow way."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.book import Economics
from loanbook.evaluation.economics import break_even, impact, profit, profit_curve
from loanbook.evaluation.impact import called, policies
from loanbook.evaluation.intervals import draw_blocks, interval
from loanbook.evaluation.money import exposure

TERMS = Economics(loss_given_default=0.60, margin=0.08, review_cost=40.0)


def loans(seed: int = 0, rows: int = 300, decimals: int = 2):
    """Outcomes, a fair model, a coarse rule and amounts."""
    draw = np.random.default_rng(seed)
    p = np.round(draw.beta(1.2, 5.0, rows), decimals)
    y = (draw.random(rows) < p).astype(np.float64)
    rule = np.where(p + draw.normal(0, 0.15, rows) > 0.3, 0.4, 0.1)
    y[:2] = (0.0, 1.0)
    return y, p, rule, np.round(np.exp(draw.normal(10, 1, rows)))


def approve(score: np.ndarray, rate: float) -> np.ndarray:
    """Chance of approval of each loan: the lowest scores first, a tied group at the border in equal parts."""
    room, share = rate * len(score), np.zeros(len(score))
    for value in np.unique(score):
        group = score == value
        share[group] = np.clip(room / group.sum(), 0.0, 1.0)
        room -= share[group].sum()
    return share


def earned(y, amount, share) -> float:
    return float((share * amount * np.where(y == 1, -0.60, 0.08)).sum())


def test_profit_adds_up() -> None:
    assert profit([0, 0, 1], [1000, 2000, 500], [1, 0, 1], TERMS) == 80.0 - 300.0
    assert profit([0, 0, 1], [1000, 2000, 500], [1, 0.5, 0], TERMS) == 80.0 + 80.0
    assert profit([0, 1], [100, 100], [0, 0], TERMS) == 0.0


def test_review_costs_money_and_nothing_where_money_is_unknown() -> None:
    assert profit([0, 1], [1000, 1000], [1, 0], TERMS, referred=[1, 1]) == 0.0
    assert profit([0, 1], None, [1, 0], TERMS, referred=[1, 1]) == 0.08


def test_unknown_amounts_stand_at_the_median() -> None:
    found = exposure([100.0, np.nan, -5.0, 300.0, np.inf], 5)
    assert found.amounts.tolist() == [100.0, 200.0, 200.0, 300.0, 200.0]
    assert (found.unit, found.unknown) == ("money", 3)
    assert exposure([np.nan, np.nan], 2).unit == exposure(None, 2).unit == "loans"
    with pytest.raises(ValueError, match="one number for each of the 3 loans"):
        exposure([1.0, 2.0], 3)


@given(st.floats(0.01, 1.0), st.floats(0.001, 1.0))
def test_a_loan_at_break_even_earns_nothing(lgd: float, margin: float) -> None:
    terms = Economics(loss_given_default=lgd, margin=margin, review_cost=0.0)
    p = break_even(terms)
    assert 0 < p < 1
    assert (1 - p) * margin - p * lgd == pytest.approx(0.0, abs=1e-12)
    assert break_even(Economics(loss_given_default=0.0, margin=0.0)) == 1.0


@pytest.mark.parametrize("decimals", [1, 2, 12])
def test_curve_equals_trying_every_cut_off(decimals: int) -> None:
    y, p, _, amount = loans(decimals=decimals)
    curve = profit_curve(y, p, amount, TERMS, points=10_000, resamples=20)
    assert len(curve.cutoffs) == len(np.unique(p)) + 1
    for cutoff, rate, bad, gained in zip(curve.cutoffs, curve.approval_rate, curve.bad_rate, curve.profit, strict=True):
        passed = p < cutoff
        assert rate == passed.mean()
        assert gained == pytest.approx(earned(y, amount, passed), abs=1e-6)
        assert bad == pytest.approx(y[passed].mean(), abs=1e-12) if passed.any() else np.isnan(bad)
    assert curve.profit[curve.best] == curve.profit.max() == curve.best_profit.value
    assert curve.cutoffs[curve.best] == curve.best_cutoff.value
    assert (np.diff(curve.cutoffs) > 0).all()


def test_curve_goes_from_nobody_to_everybody_even_at_certainty() -> None:
    curve = profit_curve([0, 1, 1], [0.0, 0.5, 1.0], None, TERMS, resamples=10)
    assert curve.approval_rate.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert curve.cutoffs[0] == 0.0
    assert curve.cutoffs[-1] > 1.0
    assert curve.unit == "loans"


def test_neighbouring_scores_can_still_be_told_apart() -> None:
    low = 0.3
    curve = profit_curve([0, 1], [low, np.nextafter(low, 1.0)], None, TERMS, resamples=0)
    assert curve.approval_rate[curve.best] == 0.5
    assert low < curve.best_cutoff.value <= np.nextafter(low, 1.0)


def test_thinned_curve_keeps_the_best_cut_off() -> None:
    y, p, _, amount = loans(rows=3000, decimals=12)
    whole, thin = (profit_curve(y, p, amount, TERMS, points=points, resamples=10) for points in (10**6, 50))
    assert 50 <= len(thin.cutoffs) <= 51
    assert thin.cutoffs[thin.best] == whole.cutoffs[whole.best] == thin.best_cutoff.value
    assert (thin.approval_rate[0], thin.approval_rate[-1]) == (0.0, 1.0)


def test_right_probabilities_put_the_best_cut_off_at_break_even() -> None:
    draw = np.random.default_rng(0)
    p = draw.random(200_000) * 0.3
    curve = profit_curve(draw.random(200_000) < p, p, None, TERMS, resamples=50)
    assert curve.best_cutoff.value == pytest.approx(break_even(TERMS), abs=0.02)
    assert curve.best_cutoff.low <= break_even(TERMS) <= curve.best_cutoff.high


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_impact_equals_the_slow_way(rate: float, seed: int) -> None:
    y, p, rule, amount = loans(seed)
    found = impact(y, p, {"one_rule": rule}, amount, TERMS, rate, resamples=10)
    mine, theirs = approve(p, rate), approve(rule, rate)
    assert mine.sum() == pytest.approx(rate * len(y)) == theirs.sum()
    assert found.bad_rate.value == pytest.approx(mine @ y / mine.sum())
    assert found.avoided["everyone"].value == pytest.approx(1 - mine @ y / y.sum())
    assert found.avoided["random"].value == pytest.approx(1 - mine @ y / (rate * y.sum()))
    assert found.avoided["one_rule"].value == pytest.approx(1 - (mine @ y) / (theirs @ y))
    gained = earned(y, amount, mine)
    assert found.profit.value == pytest.approx(gained)
    assert found.gained["everyone"].value == pytest.approx(gained - earned(y, amount, np.ones(len(y))), abs=1e-6)
    assert found.gained["random"].value == pytest.approx(gained - rate * earned(y, amount, np.ones(len(y))), abs=1e-6)
    assert found.gained["one_rule"].value == pytest.approx(gained - earned(y, amount, theirs), abs=1e-6)


def test_intervals_are_paired_resamples() -> None:
    y, p, rule, amount = loans(1, rows=120)
    found = impact(y, p, {"one_rule": rule}, amount, TERMS, 0.7, seed=3, resamples=25)
    avoided, gained = [], []
    for row in np.concatenate(list(draw_blocks(120, 25, seed=3))):
        mine, theirs = approve(p[row], 0.7), approve(rule[row], 0.7)
        avoided.append(1 - (mine @ y[row]) / (theirs @ y[row]))
        gained.append(earned(y[row], amount[row], mine) - earned(y[row], amount[row], theirs))
    for mine, drawn in ((found.avoided["one_rule"], avoided), (found.gained["one_rule"], gained)):
        slow = interval(mine.value, [np.array(drawn)])
        assert (mine.low, mine.high) == pytest.approx((slow.low, slow.high), rel=1e-9)


def test_the_rule_itself_avoids_nothing_against_the_rule() -> None:
    y, _, rule, amount = loans()
    found = impact(y, rule, {"one_rule": rule}, amount, TERMS, 0.8, resamples=50)
    assert found.avoided["one_rule"] == interval(0.0, [np.zeros(1)])
    assert found.gained["one_rule"].value == 0.0
    assert "about as many bad loans as the one-rule policy" in found.sentence()


def test_every_policy_given_is_a_baseline_of_its_own() -> None:
    y, p, rule, amount = loans(rows=2000, decimals=12)
    line = np.clip(p + np.random.default_rng(5).normal(0, 0.02, len(p)), 0, 1)
    both = impact(y, p, {"one_rule": rule, "logistic": line}, amount, TERMS, 0.8, resamples=50)
    assert list(both.avoided) == list(both.gained) == ["everyone", "random", "one_rule", "logistic"]
    for name, theirs in (("one_rule", rule), ("logistic", line)):
        alone = impact(y, p, {name: theirs}, amount, TERMS, 0.8, resamples=50)
        assert alone.avoided[name] == both.avoided[name]
        assert alone.gained[name] == both.gained[name]
    assert both.sentence().count("bad loans than ") + both.sentence().count("bad loans as ") == 4
    assert "a logistic policy (" in both.sentence()
    assert "that of a logistic policy (" in both.earnings()
    nobody = impact(y, p, {}, amount, TERMS, 0.8, resamples=10)
    assert list(nobody.avoided) == ["everyone", "random"]
    assert "policy" not in nobody.sentence()


def test_a_difference_that_is_not_clear_is_stated_with_its_size() -> None:
    y, p, _, amount = loans(1, rows=600)
    line = np.clip(p + np.random.default_rng(5).normal(0, 0.02, len(p)), 0, 1)
    found = impact(y, p, {"logistic": line}, amount, TERMS, 0.8, resamples=100)
    share = found.avoided["logistic"]
    assert share.low < 0 < share.high
    change = f"{abs(share.value):.0%} {'fewer' if share.value >= 0 else 'more'}"
    spread = f"from {-share.low:.0%} more to {share.high:.0%} fewer"
    assert f"about as many bad loans as a logistic policy ({change}; {spread})" in found.sentence()


def test_a_rung_is_compared_with_the_rules_that_lenders_know_and_not_with_itself() -> None:
    said = {name: np.zeros(1) for name in ("approve_all", "one_rule", "logistic", "tree")}
    assert list(policies(said, "tree")) == ["one_rule", "logistic"]
    assert list(policies(said, "logistic")) == ["one_rule"]
    assert list(policies({"tree": np.zeros(1)}, "tree")) == []
    assert called("scorecard") == "the policy of scorecard"


def test_order_of_the_rows_does_not_matter_even_with_ties() -> None:
    y, p, rule, amount = loans(decimals=1)
    order = np.random.default_rng(9).permutation(len(y))
    here = impact(y, p, {"one_rule": rule}, amount, TERMS, 0.63, resamples=0)
    there = impact(y[order], p[order], {"one_rule": rule[order]}, amount[order], TERMS, 0.63, resamples=0)
    assert here.bad_rate.value == pytest.approx(there.bad_rate.value)
    assert here.profit.value == pytest.approx(there.profit.value)


def test_sentence_names_every_baseline_and_its_interval() -> None:
    y, p, rule, amount = loans(rows=5000, decimals=12)
    text = impact(y, p, {"one_rule": rule}, amount, TERMS, 0.8, resamples=100).sentence()
    assert text.startswith("Approving 80% of 5,000 loans, the model lets through ")
    for baseline in ("approving everyone", "approving the same share at random", "the one-rule policy"):
        assert text.count(f"than {baseline} (") == 1
    assert text.count(" fewer bad loans than ") == 3
    assert text.count("%") == 1 + 3 * 3


def test_earnings_name_the_share_the_sum_and_two_baselines() -> None:
    y, p, rule, amount = loans(rows=5000, decimals=12)
    found = impact(y, p, {"one_rule": rule}, amount, TERMS, 0.8, resamples=100)
    text = found.earnings()
    assert text.startswith(f"Approving 80% earns {found.profit.value:,.0f} ({found.profit.low:,.0f} to ")
    for baseline in ("approving everyone", "the one-rule policy"):
        assert text.count(f"that of {baseline} (") == 1
    assert "each loan counted" not in text


def test_sentence_says_when_the_model_is_worse() -> None:
    y, p, rule, amount = loans(rows=5000, decimals=12)
    found = impact(y, 1 - p, {"one_rule": rule}, amount, TERMS, 0.8, resamples=100)
    assert " more bad loans than the one-rule policy (" in found.sentence()
    text = found.earnings()
    assert " below that of the one-rule policy (-" in text


def test_sentence_counts_loans_where_no_amount_is_known() -> None:
    y, p, rule, _ = loans(rows=2000)
    found = impact(y, p, {"one_rule": rule}, None, TERMS, 0.8, resamples=50)
    assert found.unit == "loans"
    assert "each loan counted as 1 because no amounts are known" in found.earnings()


def test_nothing_to_avoid() -> None:
    spotless = impact([0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], {"one_rule": [0.1] * 4}, None, TERMS, 0.5, resamples=10)
    assert spotless.avoided["everyone"].value == 0.0
    beaten = impact([0, 0, 1], [0.3, 0.2, 0.1], {"one_rule": [0.1, 0.2, 0.9]}, None, TERMS, 0.3, resamples=0)
    assert np.isnan(beaten.avoided["one_rule"].value)
    assert "some bad loans where the one-rule policy lets through none" in beaten.sentence()


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.01, np.nan])
def test_impossible_approval_rates_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="approval_rate must be above 0"):
        impact([0, 1], [0.1, 0.2], {}, None, TERMS, rate)


def test_ten_thousand_loans_take_about_half_a_second_of_cpu() -> None:
    y, p, rule, amount = loans(rows=10_000, decimals=12)
    start = time.process_time()
    impact(y, p, {"one_rule": rule}, amount, TERMS, 0.8)
    profit_curve(y, p, amount, TERMS)
    assert time.process_time() - start < 3.0  # 0.6 s measured; room for a busy machine
