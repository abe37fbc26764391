"""Columns cut into ranges: the counts add up, the trend is kept, and the steps are exact."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loanbook.models.risk.binning import Bins, Cutting, steps
from loanbook.models.risk.merging import round_cut
from loanbook.models.scoring import Additive

NUMBERS = st.floats(-1e30, 1e30, allow_subnormal=False)


def learn(column: np.ndarray, y: np.ndarray, **how: float) -> Bins:
    return Bins.learn(column, y.astype(np.float64), np.ones(len(y)), Cutting(**how))


def drawn(share, x: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(len(x)) < share(x)


@given(
    arrays(np.float64, st.integers(2, 80), elements=st.sampled_from([*np.linspace(-5, 5, 41), 1e30, np.nan])),
    st.integers(0, 99),
)
def test_every_row_is_in_one_range_and_the_counts_add_up(column: np.ndarray, seed: int) -> None:
    draw = np.random.default_rng(seed)
    y, weight = (draw.random(len(column)) < 0.4).astype(np.float64), draw.uniform(0.5, 2.0, len(column))
    y[:2] = 0.0, 1.0
    bins = Bins.learn(column, y, weight, Cutting(penalty=1.0))
    assert (np.diff(bins.cuts) > 0).all()
    place = bins.place(column)
    assert np.bincount(place, weight * y, minlength=len(bins.woe)) == pytest.approx(bins.bads)
    assert np.bincount(place, weight * (1 - y), minlength=len(bins.woe)) == pytest.approx(bins.goods)
    assert np.isfinite(bins.woe).all()
    assert (bins.information > -1e-12).all()
    assert np.array_equal(bins(column), bins.woe[place])


@given(NUMBERS, NUMBERS)
def test_a_cut_lies_above_the_low_value_and_not_above_the_high_one(one: float, other: float) -> None:
    low, high = sorted([one, other])
    if low < high:
        cut = round_cut(low, high)
        if cut is None:
            assert max(abs(low), abs(high)) < 1e-199
        else:
            assert low < cut <= high
            assert cut != 0.0


@pytest.mark.parametrize(("low", "high", "cut"), [(4.0, 5.0, 5.0), (23.7, 41.2, 40.0), (-7.0, -3.0, -3.0), (0, 1, 1)])
def test_cuts_have_few_digits(low: float, high: float, cut: float) -> None:
    assert round_cut(low, high) == cut


@given(
    st.lists(NUMBERS.filter(lambda cut: abs(cut) > 1e-200), min_size=1, max_size=6, unique=True).map(sorted),
    st.lists(NUMBERS, min_size=1, max_size=20),
    st.integers(0, 99),
)
def test_steps_are_the_step_function_to_the_last_bit(cuts: list[float], values: list[float], seed: int) -> None:
    heights = np.random.default_rng(seed).normal(size=len(cuts) + 1)
    knots, at = steps(np.array(cuts), heights)
    none = np.zeros(1)
    table = Additive(0.0, np.zeros(1, np.int64), knots[None], at[None], none, none, width=1)
    x = np.array([*values, *cuts, *np.nextafter(cuts, -np.inf), -1e30, 1e30])
    assert np.array_equal(table.margin(x[:, None]), heights[np.searchsorted(cuts, x, side="right")])


def test_a_rising_trend_gives_rising_ranges() -> None:
    x = np.random.default_rng(0).normal(size=4000)
    bins = learn(x, drawn(lambda at: 1 / (1 + np.exp(-at)), x))
    assert len(bins.cuts) >= 4
    assert (np.diff(bins.woe[:-1]) > 0).all()
    falling = learn(-x, drawn(lambda at: 1 / (1 + np.exp(-at)), x))
    assert (np.diff(falling.woe[:-1]) < 0).all()


def test_a_turn_is_followed_where_it_explains_enough() -> None:
    x = np.random.default_rng(0).normal(size=4000)
    y = drawn(lambda at: np.where(np.abs(at) > 1, 0.5, 0.1), x)
    low, *_, middle, high = learn(x, y).woe[[0, 1, -2]]
    assert min(low, high) > middle + 1
    straight = np.diff(learn(x, y, turn=1e9).woe[:-1])
    assert (straight > 0).all() or (straight < 0).all()


def test_noise_is_one_range() -> None:
    x = np.random.default_rng(0).normal(size=2000)
    assert not len(learn(x, drawn(lambda _: 0.3, x, seed=1), penalty=20.0).cuts)


def test_missing_has_its_own_range_and_its_own_bad_rate() -> None:
    x = np.random.default_rng(0).normal(size=1000)
    x[:300] = np.nan
    y = np.where(np.isnan(x), np.arange(1000) % 2, np.arange(1000) % 10) == 0
    bins = learn(x, y, prior=1e-9)
    assert (bins.bads[-1], bins.goods[-1]) == (150, 150)
    assert bins(np.array([np.nan]))[0] == pytest.approx(np.log(150 / 150) - np.log(220 / 780))


def test_ranges_hold_rows_enough_and_are_few_enough() -> None:
    x = np.random.default_rng(0).normal(size=3000)
    y = drawn(lambda at: np.where(np.floor(at * 5) % 2 > 0, 0.8, 0.2), x)
    bins = learn(x, y, least_share=0.1, penalty=0.0)
    assert (bins.goods + bins.bads)[:-1].min() >= 300
    assert len(learn(x, y, most=3, penalty=0.0).cuts) <= 2


def test_few_rows_are_pulled_towards_the_base_rate() -> None:
    x = np.repeat([0.0, 1.0], [990, 10])
    y = np.arange(1000) % 10 == 0
    y[990:] = True
    loose, firm = (learn(x, y, prior=prior, least_share=0.0).woe[1] for prior in (1.0, 100.0))
    assert loose > firm > 0


def test_a_common_value_is_alone_in_its_range() -> None:
    x = np.concatenate([np.zeros(500), np.random.default_rng(0).uniform(0.001, 1, 500)])
    bins = learn(x, (np.arange(1000) % 2 == 0) & (x == 0))
    assert np.unique(x[bins.place(x) == 0]).tolist() == [0.0]


def test_a_column_without_values_and_a_constant_one_have_one_range() -> None:
    y = np.arange(10) % 2 == 0
    for column in (np.full(10, np.nan), np.ones(10)):
        bins = learn(column, y)
        assert not len(bins.cuts)
        assert bins.woe == pytest.approx([0.0, 0.0])
        assert not np.signbit(bins.information).any()
