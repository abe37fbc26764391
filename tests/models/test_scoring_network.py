"""Averaged networks: the same bits for a row and a batch, and reasons that add up to the margin."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loanbook.models.scoring import Network, scorer_from_arrays
from loanbook.models.scoring.base import additivity_error

WIDTH, INPUTS, NETWORKS, FIRST, SECOND = 4, 6, 3, 8, 5


def a_network(seed: int = 0) -> Network:
    """Random networks; column 3 has no input, column 0 has two and column 1 a flag for what is missing."""
    draw = np.random.default_rng(seed)
    return Network(
        columns=np.array([0, 0, 1, 1, 2, 2]),
        knots=np.sort(draw.normal(size=(INPUTS, 7)), axis=1),
        values=draw.normal(size=(INPUTS, 7)),
        missing=draw.normal(size=INPUTS),
        reference=draw.normal(size=INPUTS),
        first=draw.normal(size=(INPUTS, NETWORKS, FIRST)),
        first_bias=draw.normal(size=(NETWORKS, FIRST)),
        second=draw.normal(size=(NETWORKS, FIRST, SECOND)),
        second_bias=draw.normal(size=(NETWORKS, SECOND)),
        last=draw.normal(size=(NETWORKS, SECOND)),
        last_bias=draw.normal(size=NETWORKS),
        width=WIDTH,
    )


def rows(count: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(count, WIDTH)) * 2
    x[draw.random(x.shape) < 0.2] = np.nan
    return x


def by_matrices(scorer: Network, x: np.ndarray) -> np.ndarray:
    """The same networks, written down independently: interpolation and matrix products."""
    inputs = np.empty((len(x), INPUTS))
    for at, column in enumerate(scorer.columns):
        known = np.interp(x[:, column], scorer.knots[at], scorer.values[at])
        inputs[:, at] = np.where(np.isnan(x[:, column]), scorer.missing[at], known)
    margins = []
    for one in range(NETWORKS):
        first = np.maximum(inputs @ scorer.first[:, one] + scorer.first_bias[one], 0)
        second = np.maximum(first @ scorer.second[one] + scorer.second_bias[one], 0)
        margins.append(second @ scorer.last[one] + scorer.last_bias[one])
    return np.mean(margins, axis=0)


def test_the_margin_is_the_mean_of_the_networks() -> None:
    x = rows(300)
    np.testing.assert_allclose(a_network().margin(x), by_matrices(a_network(), x), rtol=0, atol=1e-12)


def test_a_row_scores_as_in_a_batch_and_is_explained_alike() -> None:
    scorer, x = a_network(), rows(300, seed=1)  # more rows than go through at once
    assert np.array_equal(np.concatenate([scorer.margin(row[None]) for row in x]), scorer.margin(x))
    whole = scorer.contributions(x)
    assert np.array_equal(np.concatenate([scorer.contributions(row[None]) for row in x]), whole)
    assert np.array_equal(scorer.margin(np.asfortranarray(x)), scorer.margin(x))


@given(st.integers(0, 10_000))
def test_contributions_add_up(seed: int) -> None:
    assert additivity_error(a_network(seed), rows(30, seed=seed + 1)) < 1e-11


def test_at_the_reference_nothing_contributes() -> None:
    plain = a_network()
    straight = np.tile([-9.0, 9.0], (INPUTS, 1))
    scorer = Network(
        **{
            **plain.to_arrays(),
            "columns": np.array([0, 1, 2, 3, 3, 3]),
            "knots": straight,
            "values": straight,
            "reference": np.array([1.0, -2.0, 0.5, 3.0, 3.0, 3.0]),
            "width": WIDTH,
        }
    )
    found = scorer.contributions(np.array([[1.0, -2.0, 0.5, 3.0], [1.0, -2.0, 0.5, 4.0]]))
    assert not found[0].any()
    assert not found[1, :3].any()
    assert found[1, 3] != 0.0


def test_a_column_without_an_input_contributes_nothing() -> None:
    assert not a_network().contributions(rows(50))[:, 3].any()


def test_where_the_units_do_not_switch_contributions_are_those_of_a_linear_model() -> None:
    plain = a_network()
    high = {"first_bias": plain.first_bias + 500.0, "second_bias": plain.second_bias + 9e4}
    scorer = Network(**{**plain.to_arrays(), **high, "width": WIDTH})
    slope = np.einsum("isa,sab,sb->i", scorer.first, scorer.second, scorer.last) / NETWORKS
    x = rows(20, seed=4)
    moved = (scorer._curves(x) - scorer.reference) * slope
    expected = np.stack([moved[:, scorer.columns == column].sum(axis=1) for column in range(WIDTH)], axis=1)
    np.testing.assert_allclose(scorer.contributions(x), expected, rtol=1e-9, atol=1e-9)


def test_it_survives_as_plain_arrays() -> None:
    scorer, x, file = a_network(), rows(40, seed=5), io.BytesIO()
    np.savez(file, **scorer.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = scorer_from_arrays("network", dict(arrays))
    assert np.array_equal(again.margin(x), scorer.margin(x))
    assert np.array_equal(again.contributions(x), scorer.contributions(x))


def test_no_rows_give_no_margins() -> None:
    assert a_network().margin(rows(0)).shape == (0,)
    assert a_network().contributions(rows(0)).shape == (0, WIDTH)
