"""Tables of trees: the Shapley values of the tree game, the bits of the twin, the figures of the libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanbook.features.encodings import Feature, Numbers
from loanbook.features.groups import Group
from loanbook.features.plan import Plan
from loanbook.models.compiled.engine import Engine, engine
from loanbook.models.risk.boosting import Boosting
from loanbook.models.risk.cat import CatBoost
from loanbook.models.risk.gbm import LightGBM
from loanbook.models.scoring import Calibration, TreeEnsemble
from loanbook.models.scoring import pieces as cutting
from loanbook.models.scoring.curves import by_column
from loanbook.models.scoring.grouped import OfTrees, grouped
from loanbook.models.scoring.pieces import cut
from loanbook.models.scoring.polyline import Polyline
from loanbook.testing import example

WIDTH = 4
AS_IT_IS = Calibration("none", Polyline.straight(1.0, 0.0), np.empty(0), np.zeros(1), np.ones(1))


def a_plan(width: int, groups: int) -> Plan:
    """Numbers as they are, in a few groups."""
    names = tuple(f"f{at}" for at in range(width))
    features = tuple(Feature(name, f"g{at % groups}") for at, name in enumerate(names))
    made = tuple(Group(f"g{at}", f"G{at}", f"G {at}", "number", (names[at],), at, None) for at in range(groups))
    return Plan(names, ((),) * width, (Numbers(features, tuple(range(width)), ()),), made)


def compiled(trees: TreeEnsemble, groups: int) -> tuple[Engine, OfTrees]:
    plan = a_plan(trees.width, groups)
    how = grouped(trees, plan.group_of, groups)
    assert isinstance(how, OfTrees)
    made = engine(plan, trees, AS_IT_IS, how)
    assert made is not None
    return made, how


VALUES = (-np.inf, -2.5, -1.0, -0.0, 0.0, 1e-30, 0.5, 1.0, 7.0)
shares = st.sampled_from((0.0, 0.1, 0.3, 0.5, 1.0))


@st.composite
def trees_of(draw: st.DrawFn, depth: int = 5) -> TreeEnsemble:
    """Trees of any shape; few columns and thresholds, so that comparisons come again; branches nobody took."""
    nodes: list[tuple] = []

    def grow(level: int, cover: float) -> int:
        at = len(nodes)
        nodes.append(())
        if level == 0 or draw(st.integers(0, 4)) == 0:
            nodes[at] = (-1, 0.0, 0, 0, False, draw(st.floats(-2, 2)), cover)
            return at
        share = draw(shares)
        left, right = grow(level - 1, cover * share), grow(level - 1, cover * (1 - share))
        column, threshold = draw(st.integers(0, WIDTH - 1)), draw(st.sampled_from((*VALUES, np.inf)))
        nodes[at] = (column, threshold, left, right, draw(st.booleans()), 0.0, cover)
        return at

    roots = [grow(depth, 64.0) for _ in range(draw(st.integers(1, 3)))]
    feature, threshold, left, right, missing, value, cover = zip(*nodes, strict=True)
    return TreeEnsemble(
        base_margin=draw(st.sampled_from((0.0, -0.7))),
        feature=np.array(feature, np.int32),
        threshold=np.array(threshold, np.float32),
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        missing_left=np.array(missing),
        value=np.array(value, np.float64),
        cover=np.array(cover, np.float64),
        roots=np.array(roots, np.int32),
        width=WIDTH,
    )


rows_of = st.lists(st.lists(st.sampled_from((*VALUES, np.nan)), min_size=WIDTH, max_size=WIDTH), min_size=1, max_size=8)


@settings(max_examples=150)
@given(trees_of(), rows_of, st.integers(1, WIDTH), st.sampled_from((0, 400, 48 << 20)))
def test_any_trees_give_the_bits_of_numpy_and_the_values_of_the_game(trees, rows, groups, most):
    codes = np.array(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "MOST_BYTES", most)  # no tables, a few, all
        fast, how = compiled(trees, groups)
    x, margin = fast.score(codes)[:2]
    assert np.array_equal(margin, trees.margin(codes))
    moved = fast.moved(x, margin)
    assert np.array_equal(moved, how.contributions(codes))
    by_columns = by_column(trees.contributions(codes), np.arange(WIDTH) % groups, groups)
    assert moved == pytest.approx(by_columns, abs=1e-12)
    assert trees.base + moved.sum(axis=1) == pytest.approx(margin, abs=1e-12)


def a_stump() -> TreeEnsemble:
    left, right, missing = np.array([1, 0, 0]), np.array([2, 0, 0]), np.array([True, False, False])
    return TreeEnsemble(
        0.0, np.array([0, -1, -1]), np.array([1, 0, 0], np.float32), left, right, missing, np.array([0.0, -1.0, 1.0]),
        np.array([4.0, 3.0, 1.0]), np.array([0]), width=1,
    )  # fmt: skip


def test_more_than_every_number_goes_right():
    fast, how = compiled(a_stump(), 1)
    x, margin = fast.score(np.array([[np.inf], [-np.inf]]))[:2]
    assert margin.tolist() == [1.0, -1.0]
    assert fast.moved(x, margin).tolist() == how.contributions(x).tolist() == [[1.5], [-0.5]]


def test_one_question_a_level_is_one_piece():
    rows = example(600)
    trees = CatBoost(depth=4, most_trees=12).fit(rows.x, rows.y).scorer_
    pieces = cut(trees, np.arange(trees.width))
    assert (pieces.tests <= 4).all()
    assert len(pieces.tests) <= len(trees.roots)


def test_tables_stay_within_their_memory(monkeypatch):
    rows = example(600)
    trees = LightGBM(most_trees=30, leaves=31, least_leaf=2).fit(rows.x, rows.y).scorer_
    whole = cut(trees, np.arange(trees.width)).table_starts[-1] * 8
    monkeypatch.setattr(cutting, "MOST_BYTES", int(whole) // 2)
    some = cut(trees, np.arange(trees.width))
    assert some.table_starts[-1] * 8 <= whole // 2
    assert 0 < some.left_out.sum() < len(some.left_out)
    small = replace(trees, roots=trees.roots[:0])
    assert cut(small, np.arange(trees.width)).table_starts.tolist() == [0]


Probes = Callable[[TreeEnsemble], np.ndarray]


def theirs_and_ours(trees: TreeEnsemble, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fast, _ = compiled(trees, trees.width)
    x, margin = fast.score(rows)[:2]
    return margin, fast.moved(x, margin)


@pytest.mark.parametrize("depth", [3, 5])
def test_margin_and_contributions_are_xgboosts(depth, model_rows, probes: Probes):
    import xgboost

    x, bad = model_rows
    rung = Boosting(depth=depth)
    booster = rung._grow(x, bad, np.ones(len(bad)))
    trees = rung.fit(x, bad).scorer_
    assert len(trees.roots) == booster.num_boosted_rounds()
    margin, moved = theirs_and_ours(trees, x)
    rows = xgboost.DMatrix(x)
    leaves = trees.value[trees.roots + booster.predict(rows, pred_leaf=True).astype(np.intp)]
    assert np.array_equal(margin, trees.base_margin + leaves.cumsum(axis=1)[:, -1])  # the same leaf of every tree
    # They add up in single precision, the number that starts the sum included.
    assert np.abs(margin - booster.predict(rows, output_margin=True)).max() < 1e-7 * len(trees.roots)
    theirs = booster.predict(rows, pred_contribs=True)
    assert np.abs(moved - theirs[:, :-1]).max() < 2e-5
    assert np.abs(trees.base - theirs[:, -1]).max() < 2e-5


def test_margin_and_contributions_are_lightgbms(model_rows):
    x, bad = model_rows
    rung = LightGBM()
    booster = rung._grow(x, bad, np.ones(len(bad)))
    margin, moved = theirs_and_ours(rung.fit(x, bad).scorer_, x)
    rounded = x.astype(np.float32)
    assert np.abs(margin - booster.predict(rounded, raw_score=True)).max() < 1e-9
    assert np.abs(moved[:500] - booster.predict(rounded[:500], pred_contrib=True)[:, :-1]).max() < 1e-9


def test_margin_and_contributions_are_catboosts(model_rows, need):
    need("catboost")
    import catboost

    x, bad = model_rows
    rung = CatBoost()
    grown = rung._grow(x, bad, np.ones(len(bad)))
    margin, moved = theirs_and_ours(rung.fit(x, bad).scorer_, x)
    rounded = x.astype(np.float32)
    assert np.abs(margin - grown.predict(rounded)).max() < 1e-9
    theirs = grown.get_feature_importance(catboost.Pool(rounded[:500]), type="ShapValues")
    assert np.abs(moved[:500] - theirs[:, :-1]).max() < 1e-9
