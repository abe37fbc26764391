"""Stack and greedy blend: what they weigh, what they keep, and that they are what their members say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanbook.errors import TrainingError
from loanbook.evaluation.metrics import auc
from loanbook.models.ladder import Rung
from loanbook.models.risk import LADDER, MEMBERS
from loanbook.models.risk import stack as module
from loanbook.models.risk.folds import loss_of
from loanbook.models.risk.stack import EQUAL_BELOW, Blended, GreedyBlend, Stack, installed
from loanbook.models.scoring import Blend, sigmoid
from loanbook.testing import example

BOTH = pytest.mark.parametrize("kind", [Stack, GreedyBlend])
LIGHT = ("logistic", "tree", "one_rule")
ROWS = 4000


def views(seed: int, *noise: float, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes, and members that each see the true log-odds through noise of their own."""
    draw = np.random.default_rng(seed)
    truth = draw.normal(-1.0, 1.2, rows)
    bad = (draw.random(rows) < sigmoid(truth)).astype(np.float64)
    return np.stack([truth + draw.normal(0, 1, rows) * size for size in noise], axis=1), bad


def loss(margins: np.ndarray, bad: np.ndarray, found: tuple[float, np.ndarray]) -> float:
    return loss_of(found[0] + margins @ found[1], bad, np.ones(len(bad)))


@BOTH
def test_the_better_member_weighs_more(kind: type[Blended]) -> None:
    margins, bad = views(0, 0.3, 1.5)
    _, weights = kind.weigh(margins, bad)
    assert weights[0] > 2 * weights[1]


@BOTH
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_no_weight_is_negative_and_no_member_alone_is_better(kind: type[Blended], seed: int) -> None:
    margins, bad = views(seed, 0.5, 0.8, 1.2)
    found = kind.weigh(margins, bad)
    assert (found[1] >= 0).all()
    alone = min(loss_of(column, bad, np.ones(len(bad))) for column in margins.T)
    assert loss(margins, bad, found) <= alone + 1e-3


@BOTH
def test_a_member_that_is_upside_down_gets_nothing(kind: type[Blended]) -> None:
    margins, bad = views(1, 0.3, 0.5)
    _, weights = kind.weigh(np.column_stack([margins, -2 * margins[:, 0]]), bad)
    assert weights[2] == 0.0


@BOTH
def test_below_a_thousand_rows_all_weigh_the_same(kind: type[Blended]) -> None:
    margins, bad = views(2, 0.1, 5.0, rows=EQUAL_BELOW - 1)
    intercept, weights = kind.weigh(margins, bad)
    assert (intercept, weights.tolist()) == (0.0, [0.5, 0.5])
    margins, bad = views(2, 0.1, 5.0, rows=EQUAL_BELOW)
    assert kind.weigh(margins, bad)[1][0] > 0.5


@BOTH
def test_a_row_may_weigh_like_two(kind: type[Blended]) -> None:
    margins, bad = views(3, 0.4, 0.9)
    twice = np.arange(ROWS) % 2
    weighed = kind.weigh(margins, bad, 1.0 + twice)
    rows = np.repeat(np.arange(ROWS), 1 + twice)
    repeated = kind.weigh(margins[rows], bad[rows])
    np.testing.assert_allclose(weighed[1], repeated[1], atol=1e-4)


def test_members_who_say_the_same_share_the_weight() -> None:
    margins, bad = views(4, 0.5)
    _, weights = Stack.weigh(np.column_stack([margins, margins]), bad)
    assert abs(weights[0] - weights[1]) < 1e-6


def test_a_stack_undoes_margins_that_are_too_bold() -> None:
    margins, bad = views(5, 0.0)
    _, weights = Stack.weigh(3.0 * margins, bad)
    assert 0.3 < weights[0] < 0.4


def test_greedy_weights_are_shares() -> None:
    intercept, weights = GreedyBlend.weigh(*views(6, 0.7, 0.8, 3.0))
    assert intercept == 0.0
    assert weights.sum() == pytest.approx(1.0)
    assert (weights * module._ROUNDS > 0).sum() >= 2


@BOTH
def test_the_margin_is_the_members_weighed(kind: type[Blended]) -> None:
    rows, fresh = example(1200), example(300, seed=1)
    rung = kind(members=LIGHT, folds=3).fit(rows.x, rows.y)
    assert isinstance(rung.scorer_, Blend)
    expected = rung.scorer_.intercept + sum(
        weight * member.decision_function(fresh.x)
        for weight, member in zip(rung.weights_, rung.members_.values(), strict=True)
    )
    np.testing.assert_allclose(rung.decision_function(fresh.x), expected, atol=1e-12)


def test_weights_come_from_rows_that_members_had_not_seen() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(1500, 3))
    y = (draw.random(1500) < sigmoid(x[:, 0])).astype(np.float64)
    rung = Stack(members=("forest", "logistic"), folds=3).fit(x, y)
    weights = dict(zip(rung.members_, rung.weights_, strict=True))
    by_heart = {name: auc(y, member.decision_function(x)) for name, member in rung.members_.items()}
    assert by_heart["forest"] > by_heart["logistic"] + 0.05  # in sample the forest would win
    assert weights["logistic"] > weights["forest"]


def test_few_rows_are_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    tree = next(rung for rung in LADDER if rung.name == "tree")

    def counted(seed: int, jobs: int) -> object:
        fits.append(seed)
        return tree.make(seed, jobs)

    ladder = (Rung("tree", "Decision tree", 5, counted),)
    monkeypatch.setattr(module, "LADDER", ladder)
    rows = example(200)
    Stack(members=("tree",), seed=3).fit(rows.x, rows.y)
    assert fits == [3]


def test_each_member_describes_itself() -> None:
    rows = example(300)
    text = Stack(members=LIGHT).fit(rows.x, rows.y).describe(rows.names)
    assert "0.333 × Logistic regression (L2)" in text
    assert "    Decide by" in text


def test_members_that_are_not_installed_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Rung("ghost", "Ghost", 1, lambda seed, jobs: None, needs="no_such_module", extra="models")
    monkeypatch.setattr(module, "LADDER", (*LADDER, absent))
    assert [rung.name for rung in installed(["tree", "ghost"])] == ["tree"]
    with pytest.raises(TrainingError, match=r"loanbook\[models\]"):
        installed(["ghost"])


def test_the_members_of_the_ladder_stand_on_it_below_their_blends() -> None:
    at = {rung.name: place for place, rung in enumerate(LADDER)}
    for rung in LADDER:
        assert all(at[name] < at[rung.name] for name in rung.members if name in at)
    assert set(MEMBERS) <= set(at) | {"logistic_woe"}
