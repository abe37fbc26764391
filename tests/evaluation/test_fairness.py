"""Fairness: who is grouped with whom, and every figure recomputed from fairlearn's definitions."""

from __future__ import annotations

import datetime as dt
import json
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.book.columns import ColumnType
from loanbook.evaluation.fairness import FOUR_FIFTHS, audit
from loanbook.evaluation.intervals import draw_blocks, interval
from loanbook.evaluation.metrics import auc
from loanbook.evaluation.protected import MISSING, OTHERS, Grouping, grouping

CATEGORY, NUMBER = ColumnType("category"), ColumnType("integer")


def groups(*names: str) -> Grouping:
    return grouping(pl.Series("who", list(names)), CATEGORY, smallest=1)


def lent(rows: int = 400, seed: int = 0, *, shares=(0.5, 0.3, 0.2), lift=(0.0, 0.1, 0.0)):
    """Outcomes, probabilities, approvals and groups a, b, c; b is made out riskier than it is."""
    draw = np.random.default_rng(seed)
    who = draw.choice(["a", "b", "c"], rows, p=shares)
    risk = draw.beta(1.5, 5.0, rows)
    p = np.round(np.clip(risk + np.array(lift)[np.searchsorted(["a", "b", "c"], who)], 0, 1), 3)
    y = (draw.random(rows) < risk).astype(np.float64)
    return y, p, p < 0.25, who


# --- who belongs together -----------------------------------------------------------------------------------------


def test_numbers_are_cut_into_four_bands_of_about_equal_size() -> None:
    ages = pl.Series("age", list(range(20, 60)) * 5)
    found = grouping(ages, NUMBER)
    assert found.names == ("20 to 29", "30 to 39", "40 to 49", "50 to 59")
    assert found.sizes.tolist() == [50] * 4


def test_bands_keep_equal_numbers_together_and_hold_every_row() -> None:
    column = pl.Series("children", [0] * 80 + list(range(1, 11)) * 2)
    found = grouping(column, NUMBER)
    assert found.names == ("0", "1 to 10")
    assert found.sizes.tolist() == [80, 20]


def test_a_few_numbers_are_groups_as_they_are() -> None:
    found = grouping(pl.Series("sex", [1, 2] * 50), NUMBER)
    assert found.names == ("1", "2")


def test_numbers_that_came_as_text_and_dates_are_read_as_the_book_says() -> None:
    texts = pl.Series("age", [f"{age},0" for age in range(20, 60)])
    assert grouping(texts, ColumnType("decimal", "1.234,56")).names[0] == "20 to 29"
    born = pl.Series("born", [dt.date(1950 + year, 1, 1) for year in range(40)])
    assert grouping(born, ColumnType("date")).names[0] == "1950-01-01 to 1959-01-01"


def test_what_is_missing_is_a_group_of_its_own_in_any_kind_of_column() -> None:
    assert grouping(pl.Series("sex", ["f", None, "m", ""] * 40), CATEGORY).names == ("f", "m", MISSING)
    found = grouping(pl.Series("age", [*range(20, 60), None, None]), NUMBER)
    assert found.names[-1] == MISSING
    assert found.sizes[-1] == 2
    nothing = grouping(pl.Series("age", [None, None], dtype=pl.Int64), NUMBER)
    assert (nothing.names, nothing.sizes.tolist()) == ((MISSING,), [2])


def test_small_groups_are_pooled_and_one_alone_keeps_its_name() -> None:
    found = grouping(pl.Series(["a"] * 40 + ["b"] * 29 + ["c"] * 3), CATEGORY)
    assert (found.names, found.sizes.tolist()) == (("a", OTHERS), [40, 32])
    alone = grouping(pl.Series(["a"] * 40 + ["b"] * 29), CATEGORY)
    assert alone.names == ("a", "b")


def test_no_more_than_twelve_groups_and_the_rest() -> None:
    found = grouping(pl.Series([f"state {place:02d}" for place in range(40) for _ in range(30 + place)]), CATEGORY)
    assert len(found.names) == 13
    assert found.names[:2] == ("state 28", "state 29")
    assert found.names[-1] == OTHERS


@given(st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=1, max_size=60), st.sampled_from([CATEGORY, NUMBER]))
def test_every_row_has_a_group_and_every_group_a_row(values, kind) -> None:
    found = grouping(pl.Series("column", values, dtype=pl.Int64), kind)
    assert len(found.member) == len(values)
    assert found.sizes.sum() == len(values)
    assert (found.sizes > 0).all()
    assert len(set(found.names)) == len(found.names)


# --- what is counted ----------------------------------------------------------------------------------------------


def test_figures_are_those_of_fairlearn() -> None:
    """Worked out by hand from fairlearn's definitions, with y_true = good and y_pred = approved.

    Of each ten in a: 6 good (5 approved), 4 bad (1 approved); in b: 5 good (2 approved), 5 bad (1 approved).
    """
    y = np.tile([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 5)
    approved = np.tile([1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0], 5)
    p = np.tile([0.25] * 10 + [0.75] * 10, 5)
    found = audit("sex", groups(*(["a"] * 10 + ["b"] * 10) * 5), y, p, approved, resamples=20)
    a, b = found.groups
    assert (a.loans, a.bad_loans, a.approved) == (50, 20, 30)
    assert (a.approval_rate.value, b.approval_rate.value) == (0.6, 0.3)  # selection_rate
    assert (a.good_approved.value, b.good_approved.value) == (5 / 6, 2 / 5)  # true_positive_rate
    assert (a.bad_approved.value, b.bad_approved.value) == (1 / 4, 1 / 5)  # false_positive_rate
    assert (a.bad_rate.value, b.bad_rate.value) == (1 / 6, 1 / 3)
    assert (a.promised.value, a.observed.value, a.calibration_gap.value) == (0.25, 0.4, pytest.approx(-0.15))
    assert b.calibration_gap.value == pytest.approx(0.25)
    assert found.approval_ratio.value == 0.5  # demographic_parity_ratio
    assert found.approval_difference.value == 0.3  # demographic_parity_difference
    assert found.good_approved_difference.value == pytest.approx(float(Fraction(5, 6) - Fraction(2, 5)))
    assert found.odds_difference == found.good_approved_difference  # equalized_odds_difference: the greater one
    assert a.auc.value == 0.5


def test_odds_difference_takes_the_greater_of_both_rates() -> None:
    y = np.tile([0, 0, 1, 1], 20)
    approved = np.array([1, 1, 0, 0] * 10 + [1, 1, 1, 1] * 10)
    found = audit("sex", groups(*["a"] * 40, *["b"] * 40), y, np.full(80, 0.5), approved, resamples=10)
    assert found.good_approved_difference.value == 0.0
    assert found.odds_difference.value == 1.0


def test_every_figure_equals_the_slow_way_with_paired_resamples() -> None:
    y, p, approved, who = lent()
    found = audit("who", groups(*who), y, p, approved, seed=3, resamples=25)
    drawn = np.concatenate(list(draw_blocks(len(y), 25, seed=3)))
    slow = {
        "approval_rate": lambda y, p, approved: approved.mean(),
        "bad_rate": lambda y, p, approved: y[approved].mean(),
        "promised": lambda y, p, approved: p.mean(),
        "observed": lambda y, p, approved: y.mean(),
        "calibration_gap": lambda y, p, approved: (p - y).mean(),
        "good_approved": lambda y, p, approved: approved[y == 0].mean(),
        "bad_approved": lambda y, p, approved: approved[y == 1].mean(),
    }
    best = who == found.highest
    for group in found.groups:
        for name, figure in slow.items():
            values = [figure(*(one[rows][who[rows] == group.name] for one in (y, p, approved))) for rows in drawn]
            here = who == group.name
            expected = interval(float(figure(y[here], p[here], approved[here])), [np.array(values)])
            mine = getattr(group, name)
            assert (mine.value, mine.low, mine.high) == pytest.approx((expected.value, expected.low, expected.high))
        rates = [(approved[rows][who[rows] == group.name].mean(), approved[rows][best[rows]].mean()) for rows in drawn]
        expected = interval(group.ratio.value, [np.array([mine / theirs for mine, theirs in rates])])
        assert (group.ratio.low, group.ratio.high) == pytest.approx((expected.low, expected.high))
        assert group.auc.value == pytest.approx(auc(y[who == group.name], p[who == group.name]))


def test_a_group_that_is_made_out_riskier_is_found() -> None:
    y, p, approved, who = lent(8000)
    by_name = {group.name: group for group in audit("who", groups(*who), y, p, approved, resamples=100).groups}
    assert by_name["b"].calibration_gap.low > 0.05
    assert by_name["b"].verdict == "below four fifths"
    assert by_name["a"].calibration_gap.low < 0.01
    assert by_name["c"].verdict in ("at least four fifths", "highest")


# --- the verdict --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approved", "rows", "verdict"),
    [(0.30, 1000, "below four fifths"), (0.48, 1000, "at least four fifths"), (0.40, 1000, "not clear")],
)
def test_the_verdict_is_what_the_interval_allows(approved, rows, verdict) -> None:
    granted = np.concatenate([np.arange(rows) < rows * 0.5, np.arange(rows) < rows * approved])
    y = np.tile([0, 1], rows)
    found = audit("who", groups(*["a"] * rows, *["b"] * rows), y, np.full(2 * rows, 0.5), granted, resamples=200)
    assert [group.verdict for group in found.groups] == ["highest", verdict]
    assert found.verdict == verdict
    ratio = found.groups[1].ratio
    assert ratio.value == pytest.approx(approved / 0.5)
    assert (ratio.high < FOUR_FIFTHS, ratio.low >= FOUR_FIFTHS) == (
        verdict == "below four fifths",
        verdict == "at least four fifths",
    )


def test_small_groups_get_figures_but_neither_a_verdict_nor_the_lead() -> None:
    who = groups(*["a"] * 100, *["b"] * 100, *["c"] * 29)
    granted = np.concatenate([np.arange(100) < 50, np.arange(100) < 50, np.ones(29)])
    found = audit("who", who, np.tile([0.0, 1.0], 115)[:229], np.full(229, 0.5), granted, resamples=50)
    small = found.groups[2]
    assert (small.verdict, small.approval_rate.value) == ("too few loans", 1.0)
    assert found.highest == "a"
    assert found.approval_ratio.value == 1.0


def test_a_handful_of_lucky_applicants_is_no_mark_for_the_others() -> None:
    who = groups(*["a"] * 1500, *["b"] * 1500, *["c"] * 50)  # c: enough for a figure, less than 2% of all
    granted = np.concatenate([np.arange(1500) < 600, np.arange(1500) < 570, np.ones(50)])
    found = audit("who", who, np.tile([0.0, 1.0], 1525), np.full(3050, 0.5), granted, resamples=50)
    assert found.highest == "a"
    assert [group.verdict for group in found.groups] == ["highest", "at least four fifths", "at least four fifths"]
    assert found.groups[2].ratio.value == pytest.approx(2.5)
    assert found.approval_ratio.value == pytest.approx(0.95)


def test_nothing_to_compare() -> None:
    alone = audit("who", groups(*["a"] * 50), np.tile([0, 1], 25), np.full(50, 0.5), np.ones(50), resamples=10)
    assert alone.verdict == "too few loans"
    assert np.isnan(alone.approval_ratio.value)
    assert "fewer than two groups" in alone.sentence()
    few = audit("who", groups("a", "b"), [0, 1], [0.5, 0.5], [1, 0], resamples=10)
    assert (few.highest, few.verdict) == ("", "too few loans")
    none = audit("who", groups(*["a", "b"] * 40), [0, 1] * 40, np.full(80, 0.5), np.zeros(80), resamples=10)
    assert none.sentence() == "who: nobody is approved."
    assert none.verdict == "not clear"


def test_the_sentence_names_both_ends_the_ratio_and_the_verdict() -> None:
    y, p, approved, who = lent(8000)
    found = audit("minority_owned", groups(*who), y, p, approved, resamples=100)
    text = found.sentence()
    assert text.startswith("minority_owned: ")
    assert ", b at " in text
    assert text.endswith("By the four-fifths rule: below four fifths (b).")
    assert text.count("%") == 6


def test_the_json_is_plain() -> None:
    y, p, approved, who = lent()
    found = json.loads(json.dumps(audit("who", groups(*who), y, p, approved, resamples=10).to_json()))
    assert found["groups"][0]["approval_rate"].keys() == {"value", "low", "high"}
    assert found["verdict"] in found["sentence"]


@given(st.permutations(range(90)))
def test_the_order_of_the_rows_does_not_matter(order) -> None:
    y, p, approved, who = lent(90, shares=(0.4, 0.3, 0.3))
    here = audit("who", groups(*who), y, p, approved, resamples=0)
    there = audit("who", groups(*who[order]), y[order], p[order], approved[order], resamples=0)
    for one, other in zip(here.groups, there.groups, strict=True):
        assert one.approval_rate == other.approval_rate
        assert one.promised.value == pytest.approx(other.promised.value)
        assert one.verdict == other.verdict
