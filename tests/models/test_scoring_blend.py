"""A weighted sum of scorers keeps every promise of its members."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.models.scoring import Additive, Blend, TreeEnsemble, scorer_from_arrays

WIDTH = 3


def a_line(seed: int) -> Additive:
    draw = np.random.default_rng(seed)
    return Additive(
        intercept=draw.normal(),
        columns=np.arange(WIDTH),
        knots=np.sort(draw.normal(size=(WIDTH, 4)), axis=1),
        values=draw.normal(size=(WIDTH, 4)),
        missing=draw.normal(size=WIDTH),
        means=draw.normal(size=WIDTH),
        width=WIDTH,
    )


def a_stump(seed: int) -> TreeEnsemble:
    draw = np.random.default_rng(seed)
    return TreeEnsemble(
        base_margin=draw.normal(),
        feature=np.array([int(draw.integers(WIDTH)), -1, -1], np.int32),
        threshold=np.array([draw.normal(), 0, 0], np.float32),
        left=np.array([1, 0, 0], np.int32),
        right=np.array([2, 0, 0], np.int32),
        missing_left=np.array([True, False, False]),
        value=np.array([0.0, draw.normal(), draw.normal()]),
        cover=np.array([10.0, 4.0, 6.0]),
        roots=np.array([0], np.int32),
        width=WIDTH,
    )


def rows(count: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(count, WIDTH))
    x[draw.random(x.shape) < 0.2] = np.nan
    return x


def a_blend(weights: tuple[float, ...] = (0.5, 0.0, 1.25, 0.3)) -> Blend:
    inner = Blend.of(0.1, [0.7, 0.2], [a_stump(4), a_line(5)], WIDTH)
    return Blend.of(-0.4, weights, [a_line(1), a_stump(2), a_stump(3), inner], WIDTH)


def test_the_margin_is_the_weighted_sum() -> None:
    x, blend = rows(50), a_blend()
    inner = 0.1 + 0.7 * a_stump(4).margin(x) + 0.2 * a_line(5).margin(x)
    expected = -0.4 + 0.5 * a_line(1).margin(x) + 1.25 * a_stump(3).margin(x) + 0.3 * inner
    np.testing.assert_allclose(blend.margin(x), expected, rtol=0, atol=1e-14)


@given(st.lists(st.floats(0, 3), min_size=4, max_size=4))
def test_contributions_add_up_whatever_the_weights(weights: list[float]) -> None:
    x, blend = rows(20, seed=7), a_blend(tuple(weights))
    gap = blend.base + blend.contributions(x).sum(axis=1) - blend.margin(x)
    assert np.abs(gap).max() < 1e-12


def test_a_member_without_weight_is_not_kept() -> None:
    blend = a_blend()
    assert [type(member) for member in blend.members] == [Additive, TreeEnsemble, Blend]
    assert not any(name.startswith("3.") for name in blend.to_arrays())


def test_without_members_everybody_gets_the_intercept() -> None:
    empty = Blend.of(0.25, [0.0], [a_line(1)], WIDTH)
    assert empty.margin(rows(3)).tolist() == [0.25] * 3
    assert not empty.contributions(rows(3)).any()
    assert reread(empty).margin(rows(3)).tolist() == [0.25] * 3


def test_a_row_scores_as_in_a_batch() -> None:
    x, blend = rows(40, seed=3), a_blend()
    assert np.array_equal(np.concatenate([blend.margin(row[None]) for row in x]), blend.margin(x))


def test_it_survives_as_plain_arrays_members_of_members_included() -> None:
    x, blend = rows(40, seed=5), a_blend()
    again = reread(blend)
    assert np.array_equal(again.margin(x), blend.margin(x))
    assert np.array_equal(again.contributions(x), blend.contributions(x))


def test_twelve_members_are_told_apart() -> None:
    blend = Blend.of(0.0, [1.0] * 12, [a_line(seed) for seed in range(12)], WIDTH)
    x = rows(10)
    assert np.array_equal(reread(blend).margin(x), blend.margin(x))  # "1." is not the start of "11."


def test_a_weight_for_each_member() -> None:
    with pytest.raises(ValueError, match="longer"):
        Blend.of(0.0, [1.0], [a_line(1), a_line(2)], WIDTH)


def reread(blend: Blend) -> Blend:
    file = io.BytesIO()
    np.savez(file, **blend.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        found = scorer_from_arrays("blend", dict(arrays))
    assert isinstance(found, Blend)
    return found
