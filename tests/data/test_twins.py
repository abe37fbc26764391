"""Near-copies are found, strangers are not, and a table is never chained into one group."""

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.data.splits import folds, split
from loanbook.data.twins import find_near_copies, join, said
from loanbook.data.twins.pairs import near_pairs

NUMERIC = [True] * 7 + [False] * 3


def applications(rows, seed=0, related=True):
    """Applicants who have nothing to do with each other: figures of one size each, levels, missing values, an outcome.

    Income drives the amount, the amount the instalment; three levels of work, two of purpose, forty towns.
    """
    draw = np.random.default_rng(seed)
    income = draw.lognormal(7.5, 0.6, rows)
    amount = income * draw.lognormal(1.0, 0.5 if related else 2.0, rows)
    figures = [
        income.round(),
        amount.round(-2),
        (amount / draw.integers(12, 60, rows)).round(2),
        draw.integers(18, 75, rows),
        draw.poisson(0.4, rows),
        draw.gamma(2.0, 40.0, rows).round(1),
        draw.lognormal(10.0, 1.0, rows).round(),
    ]
    levels = [draw.integers(0, 3, rows), draw.integers(0, 2, rows), draw.zipf(1.5, rows) % 40]
    codes = np.column_stack(figures + levels).astype(np.float64)
    codes[draw.random(rows) < 0.1, 5] = np.nan
    return codes, (draw.random(rows) < 0.3).astype(float)


def blurred(codes, bad, originals, times, seed=1):
    """Copies of some rows behind the table: each figure moved by a few percent, the outcome kept."""
    draw = np.random.default_rng(seed)
    copies = codes[originals].repeat(times, axis=0)
    moved = (copies[:, :7] * draw.uniform(0.97, 1.03, (len(copies), 7))).round(1)
    moved[:, 3:5] = copies[:, 3:5]
    copies[:, :7] = moved
    return np.concatenate([codes, copies]), np.concatenate([bad, bad[originals].repeat(times)])


@pytest.mark.parametrize("rows", [600, 6_000])
@pytest.mark.parametrize("related", [True, False], ids=["related columns", "loose columns"])
def test_strangers_are_not_taken_for_copies(rows, related):
    codes, bad = applications(rows, seed=rows, related=related)
    assert len(np.unique(find_near_copies(codes, NUMERIC, bad))) <= 0.005 * rows


def test_a_table_of_levels_only_has_no_near_copies():
    """Equal rows are common there, and say nothing."""
    draw = np.random.default_rng(0)
    codes = draw.integers(0, 4, (3_000, 6)).astype(np.float64)
    assert not len(find_near_copies(codes, [False] * 6, (draw.random(3_000) < 0.2).astype(float)))


@pytest.mark.parametrize(("share", "times"), [(0.05, 1), (0.5, 1), (0.1, 8)])
def test_blurred_copies_are_found_and_joined_with_their_originals(share, times):
    codes, bad = applications(3_000)
    originals = np.arange(int(share * 3_000))
    codes, bad = blurred(codes, bad, originals, times)
    groups = join(np.arange(len(codes)), find_near_copies(codes, NUMERIC, bad))
    own = groups[3_000:] == groups[originals].repeat(times)
    assert own.mean() > 0.9
    alone = np.delete(groups[:3_000], originals)
    assert np.isin(alone, np.delete(groups, np.setdiff1d(np.arange(3_000), originals))).mean() < 0.01
    assert np.bincount(groups).max() <= times + 2, "strangers were chained together"


def test_rows_that_look_alike_but_end_differently_are_no_copies():
    """People of one street and one employer may apply for the same; their outcomes are their own."""
    codes, bad = applications(3_000)
    codes, _ = blurred(codes, bad, np.arange(600), 1)
    own = (np.random.default_rng(5).random(len(codes)) < 0.3).astype(float)
    assert not len(find_near_copies(codes, NUMERIC, own))


def test_a_ladder_of_small_steps_is_not_one_group():
    """Each row is near to the next one, the first and the last have nothing in common."""
    step = np.linspace(0, 3, 4_000)
    codes = np.exp(step[:, None] + np.arange(6)) * np.random.default_rng(0).uniform(0.999, 1.001, (4_000, 6))
    groups = join(np.arange(4_000), find_near_copies(codes, [True] * 6, (step > 1.5).astype(float)))
    assert np.bincount(groups).max() <= 100


def test_a_missing_value_is_like_a_missing_value_and_like_nothing_else():
    codes, bad = applications(2_000)
    codes, bad = blurred(codes, bad, np.arange(200), 1)
    codes[2_000:2_050, 6], codes[:50, 6] = np.nan, np.nan
    codes[2_050:2_100, 6] = np.nan
    found = {tuple(pair) for pair in find_near_copies(codes, NUMERIC, bad).tolist()}
    both = [(row, 2_000 + row) in found for row in range(50)]
    one = [(row, 2_000 + row) in found for row in range(50, 100)]
    assert np.mean(both) > 0.8
    assert not any(one)


def test_outcomes_that_are_not_known_do_not_hide_copies():
    codes, bad = applications(2_000)
    codes, bad = blurred(codes, bad, np.arange(400), 1)
    bad[::3] = np.nan
    assert len(find_near_copies(codes, NUMERIC, bad)) > 300


def test_the_same_table_gives_the_same_pairs():
    codes, bad = blurred(*applications(1_000), np.arange(100), 2)
    found = find_near_copies(codes, NUMERIC, bad)
    assert found.tolist() == find_near_copies(codes.copy(), NUMERIC, bad).tolist()


def test_nobody_is_compared_with_everybody():
    """Each of 20,000 points is held against a few hundred marks; the pairs in reach stay a small part of all."""
    at = np.random.default_rng(0).random((20_000, 6))
    at[:50] = at[50:100] + 1e-4
    found = near_pairs(at, 1e-3)
    assert len(found.rows(1e-6)) == 100
    assert len(found.one) < 200


def test_a_crowded_place_is_searched_a_block_at_a_time(monkeypatch):
    draw = np.random.default_rng(0)
    at = np.concatenate([draw.random((2_000, 5)), 0.5 + 0.001 * draw.random((2_000, 5))])
    at[:40] = at[40:80] + 1e-5
    whole = near_pairs(at, 1e-3)
    monkeypatch.setattr("loanbook.data.twins.pairs._BLOCK", 17)
    blocks = near_pairs(at, 1e-3)
    assert len(whole.one) >= 40
    assert np.array_equal(whole.one, blocks.one)
    assert np.array_equal(whole.other, blocks.other)


@pytest.mark.parametrize("rows", [0, 5, 99])
def test_a_table_too_small_to_tell_has_none(rows):
    assert find_near_copies(np.ones((rows, 3)), [True] * 3, np.zeros(rows)).shape == (0, 2)


def test_constant_columns_give_no_pairs():
    codes = np.column_stack([np.ones(300), np.full(300, np.nan)])
    assert not len(find_near_copies(codes, [True, True], np.zeros(300)))


def test_what_is_said_names_the_share():
    assert said(np.zeros(10, np.bool_)) == ()
    assert said(np.arange(1_000) < 7) == ("0.7% of the loans have a near-copy; they stay on one side of every split",)


def test_joining_goes_through_groups_and_pairs():
    assert join(np.array([3, 3, 5, 6, 9]), np.array([[1, 2], [3, 4]])).tolist() == [0, 0, 0, 1, 1]
    assert join(np.array([4, 4, 2]), np.empty((0, 2), np.int64)).tolist() == [1, 1, 0]


def table_of(codes, bad, **more):
    names = ["income", "amount", "instalment", "age", "dependants", "months", "savings", "work", "purpose", "town"]
    frame = pl.DataFrame(codes, schema=names).fill_nan(None)
    levels = [pl.format("level {}", pl.col(name).cast(pl.Int64)) for name in names[7:]]
    status = pl.Series("status", np.where(bad == 1, "bad", "good"))
    return frame.with_columns(*levels, status, **more)


def learned(table, **keys):
    lines = [f"{key} = {value!r}" for key, value in {"data": "x.csv", "target": "status", "bad": "bad", **keys}.items()]
    return Loans.learn(table, Book.parse("[risk]\n" + "\n".join(lines)).section("risk"), infer_table(table))


def test_loans_keep_near_copies_on_one_side_of_every_split():
    codes, bad = blurred(*applications(2_000), np.arange(500), 1)
    loans = learned(table_of(codes, bad))
    assert loans.copies.mean() == pytest.approx(0.4, abs=0.03)
    parts = split(loans.bad, groups=loans.groups)
    for train, test in [*folds(loans.bad, loans.groups), (parts.development, parts.test)]:
        assert not np.intersect1d(loans.groups[train], loans.groups[test]).size
    assert isinstance(loans.take(np.arange(10)), Loans)
    assert loans.take(np.arange(10)).copies.tolist() == loans.copies[:10].tolist()


def test_ids_and_near_copies_both_hold_rows_together():
    codes, bad = blurred(*applications(2_000), np.arange(500), 1)
    ids = np.arange(2_500)
    ids[1_999] = ids[0]
    loans = learned(table_of(codes, bad, id=pl.Series(ids)), id="id")
    pairs = np.flatnonzero(loans.copies[:500])
    assert (loans.groups[pairs] == loans.groups[2_000 + pairs]).mean() > 0.95
    assert loans.groups[0] == loans.groups[1_999]


def test_the_bundled_loans_have_no_near_copies(sample):
    """Businesses of one town, one bank and one size look alike; they fail independently."""
    book = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8"))
    section, table = book.section("risk"), pl.read_parquet(sample)
    assert not Loans.learn(table, section, infer_table(table, section.types)).copies.any()
