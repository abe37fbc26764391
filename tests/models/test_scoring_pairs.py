"""Tables of one and two columns: looked up exactly, added up exactly, split in halves."""

from __future__ import annotations

import io
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.models.scoring import Pairs, scorer_from_arrays

CUT = [(0, [0.0, 1.5]), (2, [-1.0]), (0, [1.0]), (1, [])]


def made(seed: int = 0) -> Pairs:
    """Two columns alone, one of them cut in two ways, and two pairs; the fourth column of x is in no term."""
    draw = np.random.default_rng(seed)
    terms = [
        ((0,), draw.normal(size=4)),
        ((1,), draw.normal(size=3)),
        ((2, 1), draw.normal(size=(3, 3))),
        ((1, 3), draw.normal(size=(3, 2))),
    ]
    return Pairs.of(-0.7, CUT, terms, means=draw.normal(size=4).tolist(), width=4)


def by_hand(score: Pairs, row: np.ndarray) -> tuple[float, list[float]]:
    """Margin, and what each term says, one `if` at a time."""
    bins = []
    for column, cuts in CUT:
        value, at = row[column], 0
        if not np.isnan(value):
            at = 1
            for cut in cuts:
                if value >= cut:
                    at += 1
        bins.append(at)
    tables, start = [], 0
    for shape in ((4,), (3,), (3, 3), (3, 2)):
        size = int(np.prod(shape))
        tables.append(score.values[start : start + size].reshape(shape))
        start += size
    said = [
        float(tables[0][bins[0]]),
        float(tables[1][bins[1]]),
        float(tables[2][bins[2], bins[1]]),
        float(tables[3][bins[1], bins[3]]),
    ]
    total = 0.0
    for term in said:
        total += term
    return score.intercept + total, said


VALUES = st.sampled_from(
    [np.nan, -np.inf, -1.0, np.nextafter(-1.0, -2), 0.0, -0.0, 5e-324, -5e-324, 1.0, 1.5, 2.0, 1e30]
)


@given(st.lists(st.lists(VALUES, min_size=4, max_size=4), min_size=1, max_size=9))
def test_each_row_is_looked_up_as_by_hand(rows: list[list[float]]) -> None:
    score, x = made(), np.array(rows)
    found = [by_hand(score, row) for row in x]
    assert score.margin(x).tolist() == [margin for margin, _ in found]
    moved = np.array([said for _, said in found]) - score.means
    shares = np.zeros((len(x), 4))
    shares[:, 0] = moved[:, 0] + moved[:, 2] / 2
    shares[:, 2] = moved[:, 1] + moved[:, 2] / 2 + moved[:, 3] / 2
    shares[:, 1] = moved[:, 3] / 2
    assert score.contributions(x) == pytest.approx(shares, abs=1e-12)


def test_contributions_add_up_and_a_column_without_a_term_has_none() -> None:
    score, x = made(), np.random.default_rng(1).normal(size=(500, 4))
    x[::5, 0] = np.nan
    found = score.contributions(x)
    assert score.base + found.sum(axis=1) == pytest.approx(score.margin(x), abs=1e-12)
    assert not found[:, 3].any()


def test_halves_are_the_shapley_value() -> None:
    score, row = made(), np.array([[2.0, 0.3, -3.0, 1.0]])
    _, said = by_hand(score, row[0])
    columns = [{0}, {2}, {0, 2}, {1, 2}]

    def worth(known: frozenset[int]) -> float:
        """Terms whose columns are all known say what they say, the others their mean."""
        pairs = zip(columns, said, score.means, strict=True)
        return sum(float(term if needs <= known else mean) for needs, term, mean in pairs)

    orders = list(permutations(range(4)))
    expected = np.zeros(4)
    for order in orders:
        for place, column in enumerate(order):
            before = frozenset(order[:place])
            expected[column] += (worth(before | {column}) - worth(before)) / len(orders)
    assert score.contributions(row)[0] == pytest.approx(expected, abs=1e-12)


def test_one_row_equals_a_batch_to_the_last_bit() -> None:
    score, x = made(), np.random.default_rng(2).normal(size=(9000, 4))
    whole = score.margin(x)
    assert np.array_equal(np.concatenate([score.margin(row[None]) for row in x[:300]]), whole[:300])
    assert np.array_equal(score.margin(x[5000:]), whole[5000:])
    assert np.array_equal(score.margin(np.asfortranarray(x)), whole)


def test_it_survives_as_plain_arrays() -> None:
    score, x = made(), np.random.default_rng(3).normal(size=(50, 4))
    file = io.BytesIO()
    np.savez(file, **score.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = scorer_from_arrays("pairs", dict(arrays))
    assert np.array_equal(again.margin(x), score.margin(x))
    assert np.array_equal(again.contributions(x), score.contributions(x))


def test_without_terms_everybody_gets_the_intercept() -> None:
    score = Pairs.of(0.3, [], [], means=[], width=2)
    assert score.margin(np.ones((3, 2))).tolist() == [0.3] * 3
    assert score.base == 0.3
    assert score.contributions(np.ones((3, 2))).tolist() == [[0.0, 0.0]] * 3


@pytest.mark.parametrize("table", [np.zeros(3), np.zeros((4, 1))])
def test_a_table_must_have_an_entry_for_each_bin(table: np.ndarray) -> None:
    with pytest.raises(ValueError, match="stands where the cuts make"):
        Pairs.of(0.0, CUT, [((0,), table)], means=[0.0], width=4)
