"""How a model behaves: figures worked out by hand on small models, and laws on real rungs."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
import pytest

from loanbook.evaluation import manners as module
from loanbook.evaluation.intervals import Estimate, means
from loanbook.evaluation.manners import Manners, decision_cost, manners
from loanbook.models.risk import LADDER
from loanbook.models.scoring import Additive
from loanbook.testing.examples import example


@dataclass(frozen=True)
class Weighed:
    """margin = the sum of weight × column: contributions are what a person would say they are."""

    weights: tuple[float, ...]
    base: float = 0.0
    slip: float = 0.0

    def margin(self, x: np.ndarray) -> np.ndarray:
        return self.base + (np.nan_to_num(x) * self.weights).sum(axis=1)

    def contributions(self, x: np.ndarray) -> np.ndarray:
        return np.nan_to_num(x) * self.weights + self.slip / x.shape[1]

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"weights": np.array(self.weights)}


def rows(count: int = 500, width: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width))


def watch(scorer: Any, other: Any = None, x: np.ndarray | None = None, **more: Any) -> Manners:
    x = rows() if x is None else x
    more = {"group_of": np.arange(x.shape[1]), "groups": x.shape[1], "resamples": 50, **more}
    return manners(scorer, other or scorer, x, more.pop("group_of"), more.pop("groups"), **more)


def test_a_sum_keeps_its_reasons_its_direction_and_its_sum() -> None:
    found = watch(Weighed((3.0, 2.0, 1.0), base=-1.0))
    assert found.rows == 100
    assert found.reason_stability == found.reason_overlap == found.monotonicity == Estimate(1.0, 1.0, 1.0)
    assert found.flip == Estimate(1.0, 1.0, 1.0)
    assert found.fall.value > found.fall_other.value > 0
    assert found.additivity_error < 1e-12


def test_stability_is_the_share_of_rows_with_the_same_first_reason() -> None:
    x = np.array([[4.0, 1.0], [4.0, 3.0], [1.0, 4.0], [1.0, 1.0]])
    mine, theirs = module._ranked(x), module._ranked(x * (1.0, 2.0))
    same, overlap = module._agreement(mine, theirs)
    assert same.tolist() == [1.0, 0.0, 1.0, 0.0]
    assert overlap.tolist() == [1.0, 0.75, 1.0, 0.75]


def test_overlap_counts_shared_names_depth_by_depth() -> None:
    mine = np.array([[0, 1, 2, 3], [0, 1, -1, -1], [0, -1, -1, -1], [-1, -1, -1, -1]])
    theirs = np.array([[1, 0, 2, 4], [0, -1, -1, -1], [-1, -1, -1, -1], [-1, -1, -1, -1]])
    same, overlap = module._agreement(mine, theirs)
    np.testing.assert_array_equal(same, [0.0, 1.0, 0.0, np.nan])
    np.testing.assert_allclose(overlap, [(0 + 1 + 1 + 3 / 4) / 4, (1 + 3 / 2) / 4, 0.0, np.nan])


def test_what_speaks_for_the_applicant_is_no_reason() -> None:
    assert module._ranked(np.array([[0.5, -1.0, 0.0, 2.0, 1.0, 0.1]])).tolist() == [[3, 4, 0, 5]]
    assert module._ranked(np.array([[-0.5, 0.2]])).tolist() == [[1, -1, -1, -1]]


def test_columns_of_one_group_are_one_reason_and_are_flipped_together() -> None:
    x = rows(width=4)
    scorer = Weighed((1.0, 1.0, 1.0, 0.0))
    apart, together = watch(scorer, x=x), watch(scorer, x=x, group_of=np.array([0, 0, 0, 1]), groups=2)
    assert together.fall.value > apart.fall.value
    # All that the score is made of stands in one group: once it is typical, nothing is left but the typical score.
    risky = np.sort(scorer.margin(x))[-100:]
    typical = scorer.margin(module._typical(x)[None])[0]
    assert together.fall.value == pytest.approx((risky - typical).mean())
    assert np.isnan(together.flip_other.value)


def test_the_other_model_may_have_columns_of_its_own() -> None:
    x = rows()
    turned = np.column_stack([x[:, 2], np.full(500, 9.0), x[:, 0], x[:, 1]])  # and one that the model does not know
    other = Weighed((1.0, 5.0, 3.0, 2.0))
    found = watch(Weighed((3.0, 2.0, 1.0)), other, x=x, other_x=turned, other_group_of=np.array([2, -1, 0, 1]))
    assert found.reason_overlap == Estimate(1.0, 1.0, 1.0)
    assert watch(Weighed((3.0, 2.0, 1.0)), Weighed((1.0, 3.0, 2.0)), x=x).reason_overlap.high < 1.0


def test_typical_is_the_reference_s_middle_value_and_nothing_where_most_have_none() -> None:
    x = np.array([[1.0, 0.0, np.nan], [2.0, 1.0, np.nan], [9.0, 1.0, 5.0]])
    np.testing.assert_array_equal(module._typical(x), [2.0, 1.0, np.nan])
    scorer, x = Weighed((1.0, 0.0, 0.0)), rows()
    near, far = watch(scorer, x=x), watch(scorer, x=x, reference=x - 3.0)
    assert far.fall.value == pytest.approx(near.fall.value + 3.0, abs=0.1)


def test_a_reason_that_does_not_move_the_score_is_found_out() -> None:
    @dataclass(frozen=True)
    class Pretender(Weighed):
        def contributions(self, x: np.ndarray) -> np.ndarray:
            return np.column_stack([np.zeros(len(x)), self.margin(x), np.zeros(len(x))])

    found = watch(Pretender((1.0, 0.0, 0.0)))
    assert found.flip.value == 0.0 == found.fall.value


def test_additivity_error_is_the_widest_miss() -> None:
    assert watch(Weighed((1.0, 1.0, 1.0), slip=0.25)).additivity_error == pytest.approx(0.25)


def test_monotonicity_counts_the_steps_that_go_the_column_s_way() -> None:
    knots = np.linspace(0.0, 9.0, 10)[None]
    up_down = np.array([[0.0, 1, 2, 1, 2, 3, 3, 4, 5, 4]])  # six steps up, two down, one still
    none = np.zeros(1)
    scorer = Additive(0.0, np.array([0]), knots, up_down, none, none, width=2)
    x = np.column_stack([np.repeat(np.arange(10.0), 20), np.zeros(200)])
    found = watch(scorer, x=x).monotonicity
    assert (found.value, found.low, found.high) == (0.75, 0.75, 0.75)


def test_monotonicity_weighs_columns_by_how_much_they_move_the_score() -> None:
    knots = np.tile(np.linspace(0.0, 9.0, 10), (2, 1))
    values = np.stack([np.arange(10.0), np.tile([0.0, 1.0], 5)])  # one rises throughout, one to and fro: 5 of 9
    scorer = Additive(0.0, np.array([0, 1]), knots, values, np.zeros(2), np.zeros(2), width=2)
    draw = np.random.default_rng(0)
    x = draw.integers(0, 10, size=(1000, 2)).astype(np.float64)
    found = watch(scorer, x=x).monotonicity.value
    assert 5 / 9 + 0.25 < found < 1.0  # the mean without weights would be 0.78


def test_a_model_without_reasons_has_nothing_to_say() -> None:
    found = watch(Weighed((0.0, 0.0, 0.0), base=-1.0))
    for name in ("reason_stability", "reason_overlap", "flip", "flip_other", "fall", "fall_other", "monotonicity"):
        assert np.isnan(getattr(found, name).value), name
    assert found.additivity_error == 0.0


def test_missing_values_and_empty_columns_are_no_obstacle() -> None:
    x = rows()
    x[::2, 0] = np.nan
    x[:, 2] = np.nan
    found = watch(Weighed((1.0, 1.0, 1.0)), x=x)
    assert found.flip.value == 1.0
    assert found.monotonicity.value == 1.0


def test_a_handful_of_rows_is_enough() -> None:
    assert watch(Weighed((1.0, 2.0, 3.0)), x=rows(1)).rows == 1
    assert watch(Weighed((1.0, 2.0, 3.0)), x=rows(11)).rows == 3


def test_the_floor_flips_another_group_that_is_in_use() -> None:
    first, used = np.array([2, 5, 9, -1]), np.array([2, 5, 9])
    for seed in range(20):
        other = module._another(first, used, np.random.default_rng(seed))
        assert other[3] == -1
        assert (other[:3] != first[:3]).all()
        assert np.isin(other[:3], used).all()
    assert module._another(first, np.array([2]), np.random.default_rng(0)).tolist() == [-1] * 4


@cache
def fitted(name: str, fold: int) -> Any:
    table = example(600)
    half = np.arange(600) % 2 == fold
    rung = next(rung for rung in LADDER if rung.name == name)
    return rung.make(0, 1).fit(table.x[half], table.y[half]).scorer_


REAL = ("one_rule", "logistic", "tree", "forest", "xgboost")


@pytest.mark.parametrize("name", REAL)
def test_figures_of_real_rungs_are_shares_add_up_and_come_out_again(name: str) -> None:
    x = example(400, seed=5).x
    group_of = np.array([0, 1, 1, 2, 3, 4, 5, 5, 6])
    found = manners(fitted(name, 0), fitted(name, 1), x, group_of, 7, resamples=50)
    again = manners(fitted(name, 0), fitted(name, 1), x, group_of, 7, resamples=50)
    assert json.dumps(found.to_json()) == json.dumps(again.to_json())  # as text, in which nan equals itself
    assert found.additivity_error < 1e-9
    for share in (found.reason_stability, found.reason_overlap, found.flip, found.monotonicity):
        assert 0.0 <= share.low <= share.value <= share.high <= 1.0
    assert found.flip.value > 0.8  # a first reason is not an empty word
    assert found.fall.value > 0.0


@pytest.mark.parametrize("name", ["logistic", "forest", "xgboost"])
def test_the_first_reason_moves_the_score_more_than_another_group(name: str) -> None:
    x = example(400, seed=5).x
    found = watch(fitted(name, 0), fitted(name, 1), x, group_of=np.array([0, 1, 1, 2, 3, 4, 5, 5, 6]), groups=7)
    assert found.fall.low > found.fall_other.high


def test_large_models_are_asked_about_fewer_rows() -> None:
    @dataclass(frozen=True)
    class Huge(Weighed):
        def to_arrays(self) -> dict[str, np.ndarray]:
            return {"weights": np.broadcast_to(np.zeros(1), 10**9)}

    assert watch(Huge((1.0, 1.0, 1.0)), x=rows(2000)).rows == 20
    assert watch(Weighed((1.0, 1.0, 1.0)), x=rows(2000)).rows == 200


def test_the_json_is_plain() -> None:
    found = watch(Weighed((1.0, 2.0, 3.0))).to_json()
    assert set(found) == {field.name for field in fields(Manners)}
    assert json.loads(json.dumps(found))["flip"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_cost_is_the_median_call_without_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.cumsum([0, 9_000_000, 0, 1000, 0, 4000, 0, 3000]).tolist())
    monkeypatch.setattr(module, "thread_time_ns", lambda: next(clock))
    assert decision_cost(Weighed((1.0, 1.0, 1.0)), rows(2), repeats=3) == 3.0


def test_a_slow_model_is_timed_by_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    ticks = iter(range(0, 10**13, 10**9))  # a second between any two looks at the clock
    monkeypatch.setattr(module, "thread_time_ns", lambda: calls.append(0) or next(ticks))
    assert decision_cost(Weighed((1.0, 1.0, 1.0)), rows(50)) == 1e6
    assert len(calls) == 2 * 6


def test_means_leave_out_what_has_no_number() -> None:
    values = np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan]])
    one, two, three = means(values, resamples=40)
    assert (one.value, one.low, one.high) == (2.0, 1.0, 3.0)
    assert (two.value, two.low, two.high) == (4.0, 4.0, 4.0)
    assert np.isnan(three.value)
