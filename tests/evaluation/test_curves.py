"""The points that a report draws, held against scikit-learn and against their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from loanbook.evaluation.curves import by_outcome, calibration_bins, gains_table, ranked, wilson
from loanbook.evaluation.metrics import auc, calibration_error, ks

SCORES = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=80).filter(
    lambda rows: 0 < sum(bad for bad, _ in rows) < len(rows)
)


def split(rows):
    y, p = zip(*rows, strict=True)
    return np.array(y, np.float64), np.array(p) / 20.0


@given(SCORES)
def test_the_roc_curve_is_that_of_scikit_learn_and_holds_the_auc(rows):
    y, p = split(rows)
    found = ranked(y, p)
    false, true, _ = roc_curve(y, p, drop_intermediate=False)
    assert found.disturbed == pytest.approx(false)
    assert found.caught == pytest.approx(true)
    assert np.trapezoid(found.caught, found.disturbed) == pytest.approx(roc_auc_score(y, p))
    assert found.average_precision == pytest.approx(average_precision_score(y, p))


@given(SCORES)
def test_a_thinned_curve_keeps_its_ends_and_its_widest_point(rows):
    y, p = split(rows)
    found = ranked(y, p)
    few = found.thin(3)
    assert (few.flagged[0], few.flagged[-1]) == (0.0, 1.0)
    assert (
        few.caught[few.widest] - few.disturbed[few.widest] == found.caught[found.widest] - found.disturbed[found.widest]
    )
    assert len(few.cutoffs) <= 4


@given(SCORES)
def test_the_widest_distance_is_the_ks_where_the_ranking_is_the_right_way_round(rows):
    y, p = split(rows)
    found = ranked(y, p)
    widest = found.caught[found.widest] - found.disturbed[found.widest]
    assert widest <= ks(y, p) + 1e-12
    assert max(widest, float((found.disturbed - found.caught).max())) == pytest.approx(ks(y, p))


@given(SCORES)
def test_calibration_bins_are_those_of_the_calibration_error(rows):
    y, p = split(rows)
    bins = calibration_bins(y, p)
    assert sum(one.loans for one in bins) == len(y)
    assert sum(one.bads for one in bins) == y.sum()
    surplus = sum(one.loans * abs(one.promised - one.observed) for one in bins) / len(y)
    assert surplus == pytest.approx(calibration_error(y, p))
    assert all(one.observed_low <= one.observed <= one.observed_high for one in bins)


@given(SCORES)
def test_gains_add_up_and_ties_do_not_depend_on_the_order_of_the_rows(rows):
    y, p = split(rows)
    found = gains_table(y, p)
    assert sum(one.loans for one in found) == len(y)
    assert found[-1].caught == pytest.approx(1.0)
    assert sum(one.bads for one in found) == pytest.approx(y.sum())
    again = gains_table(y[::-1], p[::-1])
    assert [one.bads for one in again] == pytest.approx([one.bads for one in found])


def test_a_perfect_ranking_gains_all_it_can():
    y = np.repeat([0.0, 1.0], [80, 20])
    found = gains_table(y, np.linspace(0, 1, 100))
    assert [one.caught for one in found[:3]] == [0.5, 1.0, 1.0]
    assert found[0].lift == 5.0
    assert auc(y, np.linspace(0, 1, 100)) == 1.0


@given(SCORES)
def test_scores_by_outcome_count_every_loan_once(rows):
    y, p = split(rows)
    heap = by_outcome(y, p, bins=7)
    assert heap.counts["bad"].sum() == y.sum()
    assert heap.counts["good"].sum() == len(y) - y.sum()


@given(st.integers(1, 500), st.data())
def test_wilsons_interval_holds_the_share_and_narrows_with_more_loans(loans, data):
    bads = data.draw(st.integers(0, loans))
    low, high = wilson(bads, loans)
    assert 0.0 <= low <= bads / loans <= high <= 1.0
    less, more = wilson(4 * bads, 4 * loans)
    assert more - less < high - low


def test_loans_of_one_outcome_have_no_curve():
    with pytest.raises(ValueError, match="good and bad loans"):
        ranked([0, 0], [0.1, 0.2])
