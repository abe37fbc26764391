"""A column as it is: every row in one band, whatever is in the column."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.data.fields import BooleanField, CategoryField, DateField, NumberField
from loanbook.evaluation.association import pairs, stability
from loanbook.evaluation.bands import MISSING, MOST, OTHERS
from loanbook.evaluation.portrait import Target, portrait

NUMBER = NumberField("x", "decimal", required=False)
LEVEL = CategoryField("x", "category", required=False, levels=(), closed=False)
NUMBERS = st.lists(st.none() | st.integers(-50, 50), min_size=1, max_size=80)
LEVELS = st.lists(st.none() | st.sampled_from([*"abcdefghijklmnop", MISSING, OTHERS]), min_size=1, max_size=80)


@given(NUMBERS)
def test_every_number_lies_in_one_band_and_bands_are_in_order(values):
    found = portrait(NUMBER, pl.Series("x", values, dtype=pl.Float64))
    assert sum(band.rows for band in found.bands) == len(values)
    assert found.missing == values.count(None)
    assert found.distinct == len({value for value in values if value is not None})
    known = [band for band in found.bands if band.label != MISSING]
    assert len(known) <= MOST
    for before, after in itertools.pairwise(known):
        assert before.high < after.low
    for band in known:
        assert band.rows == sum(value is not None and band.low <= value <= band.high for value in values)
    assert found.counts.sum() == len(values) - found.missing


@given(LEVELS)
def test_every_level_lies_in_one_band_and_the_missing_are_not_the_level_of_that_name(values):
    found = portrait(LEVEL, pl.Series("x", values, dtype=pl.String))
    assert sum(band.rows for band in found.bands) == len(values)
    assert found.missing == values.count(None)
    assert found.distinct == len(set(values) - {None})
    if found.distinct <= MOST + 1:
        named = [band for band in found.bands if band.label == "a"]
        assert sum(band.rows for band in named) == values.count("a")


def test_outcomes_that_are_not_known_are_not_counted_as_good():
    y = Target(np.array([1.0, np.nan, np.nan, 0.0]), share=True)
    found = portrait(LEVEL, pl.Series("x", ["a", "a", "b", "b"]), y)
    assert [(band.label, band.rows, band.known, band.mean) for band in found.bands] == [
        ("a", 2, 1, 1.0),
        ("b", 2, 1, 0.0),
    ]


def test_a_column_that_tells_all_is_stronger_than_one_that_tells_nothing():
    y = np.tile([0.0, 1.0], 200)
    target = Target(y, share=True)
    telling = portrait(NUMBER, pl.Series("x", y * 100 + np.arange(400) % 7), target)
    silent = portrait(NUMBER, pl.Series("x", np.arange(400.0) // 2), target)
    assert telling.strength > 3
    assert silent.strength < 0.1


def test_the_share_of_the_variance_is_one_where_the_bands_are_the_amount():
    amounts = np.repeat([10.0, 20.0, 50.0], 20)
    found = portrait(NUMBER, pl.Series("x", amounts), Target(amounts, share=False))
    assert found.strength == pytest.approx(1.0)
    assert [band.mean for band in found.bands] == [10.0, 20.0, 50.0]


def test_a_column_that_moved_drifts_and_one_that_did_not_does_not():
    days = np.arange(1000.0)
    moved = portrait(NUMBER, pl.Series("x", (days > 500) * 100 + days % 10), None, days)
    still = portrait(NUMBER, pl.Series("x", days % 10), None, days)
    assert moved.drift > 1
    assert still.drift < 0.01
    assert [year.year for year in moved.years] == [1970, 1971, 1972]
    assert sum(year.rows for year in moved.years) == 1000


def test_dates_and_booleans_have_their_own_words():
    dates = pl.Series("x", [dt.date(2001, 2, 3), None, dt.date(2001, 2, 3)])
    assert [band.label for band in portrait(DateField("x", "date", required=False), dates).bands] == [
        "2001-02-03",
        MISSING,
    ]
    marks = pl.Series("x", [True, False, True])
    assert [band.label for band in portrait(BooleanField("x", "boolean", required=False), marks).bands] == [
        "true",
        "false",
    ]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=10), st.data())
def test_the_stability_index_is_never_negative_and_zero_for_the_same_counts(one, data):
    other = data.draw(st.lists(st.integers(0, 100), min_size=len(one), max_size=len(one)))
    assert stability(one, other) >= 0.0
    assert stability(one, one) == 0.0
    assert stability(one, other) == pytest.approx(stability(other, one))


def test_only_pairs_that_move_together_are_named_whichever_way():
    draw = np.random.default_rng(0)
    x = draw.normal(size=300)
    columns = [("x", x), ("exp", np.exp(x)), ("down", -(x**3)), ("noise", draw.normal(size=300)), ("none", x * np.nan)]
    found = {(pair.first, pair.second): pair.correlation for pair in pairs(columns)}
    assert found == pytest.approx({("x", "exp"): 1.0, ("x", "down"): -1.0, ("exp", "down"): -1.0})
