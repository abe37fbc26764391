"""Sets of outcomes cover the bad and the good loans as often as they promise, on drawn rows and on real ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.errors import BookError
from loanbook.models.scoring import sigmoid
from loanbook.models.scoring.conformal import LEVELS, Sets


def drawn(rows, seed, lean=1.5):
    draw = np.random.default_rng(seed)
    margin = draw.normal(-1.6, lean, rows)
    return sigmoid(margin), (draw.random(rows) < sigmoid(margin)).astype(float)


def covered(sets, level, probability, bad):
    """Share of the bad and of the good loans whose set holds what they became."""
    place = int(np.flatnonzero(np.isclose(LEVELS, level))[0])
    return (probability[bad == 1] >= sets.bads[place]).mean(), (probability[bad == 0] <= sets.goods[place]).mean()


@pytest.mark.parametrize("level", [0.6, 0.8, 0.9, 0.95])
def test_sets_cover_each_outcome_as_often_as_promised(level):
    shares = []
    for seed in range(20):
        probability, bad = drawn(4_000, seed)
        shares.append(covered(Sets.fit(probability[:2_000], bad[:2_000]), level, probability[2_000:], bad[2_000:]))
    assert np.mean(shares, axis=0) == pytest.approx((level, level), abs=0.015)


def test_plain_sets_would_cover_half_of_the_bad_loans():
    """One threshold for both outcomes: 90% of all loans are covered, and the few bad ones pay for it."""
    probability, bad = drawn(40_000, 0)
    fit, test = slice(0, 20_000), slice(20_000, None)
    odd = np.where(bad == 1, 1 - probability, probability)
    most = np.quantile(odd[fit], 0.9)
    assert (odd[test] <= most).mean() == pytest.approx(0.9, abs=0.01)
    assert (odd[test] <= most)[bad[test] == 1].mean() < 0.65
    sets = Sets.fit(probability[fit], bad[fit])
    assert covered(sets, 0.9, probability[test], bad[test]) == pytest.approx((0.9, 0.9), abs=0.02)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60), st.floats(0, 1), st.floats(0.5, 0.99)
)
def test_the_band_is_where_the_set_is_not_one_outcome(rows, p, level):
    """By the definition of p-values: an outcome is in the set when its p-value exceeds 1 - level."""
    probability, bad = np.array([one for one, _ in rows]), np.array([float(is_bad) for _, is_bad in rows])
    low, high = Sets.fit(probability, bad).unsure(level)
    kept = LEVELS[np.searchsorted(LEVELS, level - 1e-9)]
    bads, goods = probability[bad == 1], probability[bad == 0]
    is_bad = ((bads <= p).sum() + 1) / (len(bads) + 1) > 1 - kept + 1e-9
    is_good = ((goods >= p).sum() + 1) / (len(goods) + 1) > 1 - kept + 1e-9
    assert low <= high
    if high < 1.0 or p < 1.0:
        assert (low <= p < high) == (is_bad == is_good)


def test_a_higher_level_refers_more_while_the_sets_hold_both():
    sets = Sets.fit(*drawn(3_000, 1))
    bands = np.array([sets.unsure(level) for level in (0.85, 0.9, 0.95, 0.99)])
    assert (np.diff(bands[:, 0]) <= 0).all()
    assert (np.diff(bands[:, 1]) >= 0).all()


def test_a_level_between_two_that_are_kept_counts_as_the_higher():
    sets = Sets.fit(*drawn(3_000, 2))
    assert sets.unsure(0.9001) == sets.unsure(0.901)
    assert sets.unsure(0.9) != sets.unsure(0.901)


@pytest.mark.parametrize("level", [0.0, 0.4999, 0.9901, 1.0])
def test_levels_that_are_not_kept_are_refused(level):
    with pytest.raises(BookError, match=r"from 0\.5 to 0\.99"):
        Sets.fit(*drawn(100, 0)).unsure(level)


def test_too_few_loans_of_an_outcome_leave_everything_unsure():
    """Eight bad loans cannot rule out 'bad' at 90%: nobody is approved without a look."""
    probability = np.linspace(0.01, 0.99, 200)
    low, high = Sets.fit(probability, (probability > 0.955).astype(float)).unsure(0.9)
    assert low == 0.0
    assert high < 1.0


def test_sets_come_back_from_a_file():
    sets = Sets.fit(*drawn(500, 3))
    again = Sets.from_json(sets.to_json())
    assert again.bads.tobytes() == sets.bads.tobytes()
    assert again.goods.tobytes() == sets.goods.tobytes()
